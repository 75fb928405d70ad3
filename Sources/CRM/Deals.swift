import Postgres
import Records

/// Something that may be sold, on its way through a pipeline.
package enum Deals {
    package static let dealName = Field.text("name", "What it is called.").required.title
    package static let pipeline = Field.reference("pipeline_id", to: "pipelines", "The pipeline it goes through.").required
    package static let stage = Field.reference("stage_id", to: "stages", "The stage it is in; a change is a move.").required
    package static let position = Field.integer(
        "position", in: 0...Int(Int32.max), "Its place in the stage, from 0; at the end unless said."
    )
    .filled.shifting
    package static let amount = Field.money("amount", "What it is worth.")
    package static let closeDate = Field.date("close_date", "When it is expected to close.")
    package static let probability = Field.integer("probability", in: 0...100, "Its chance in per cent; null takes the stage's.")
    package static let contact = Field.reference("contact_id", to: "contacts", "Who decides.")
    package static let company = Field.reference("company_id", to: "companies", "Who buys.")
    package static let lostReason = Field.text("lost_reason", "Why it was lost; needed in a lost stage.")
    package static let externalID = Field.text("external_id", "The record's name in another system.").unique
    package static let status = Field.choice("status", Stage.kinds, "Follows from the stage.").filled.readOnly
    package static let weighted = Field.money(
        "weighted_amount", currency: "amount_currency", "Amount times probability."
    )
    .derived(as: "amount * probability / 100")
    package static let stageEnteredAt = Field.time("stage_entered_at", "Since when it has been in the stage.").filled.readOnly
    package static let closedAt = Field.time("closed_at", "When it was won or lost; null while open.").readOnly

    package static let type = RecordType(
        "deals", singular: "deal",
        fields: [
            dealName, pipeline, stage, position, amount, closeDate, probability, contact, company, lostReason, externalID, status, weighted,
            stageEnteredAt, closedAt,
        ]
    ) { rules in
        rules.refusals = [
            "deals_amount_not_negative": .invalid([.init("/amount/amount", .range, "An amount is not negative.")]),
            "deals_lost_reason_required": .invalid([.init("/lost_reason", .required, "A lost deal says why it was lost.")]),
        ]
        rules.refusing = StageMove.problem
        rules.preparing = { draft, change throws(Problem) in StageMove(change)?.prepare(&draft) }
        rules.locking = { change in StageMove.locks(change) }
        rules.saving = { change throws(Problem) in StageMove.consequences(change) }
        rules.settlesLast = true
        rules.parts = [stage.definition.name: .init(in: "stages", of: pipeline.definition.name)]
        // Why a deal was lost says nothing of one that is not.
        rules.keptInMerges = [lostReason.definition.name]
        rules.remembers = true
        rules.story.milestone = .init("stage", of: "stage_id", namedIn: "stages")
    }
}

import Foundation
import Postgres
import Records
import Secrets

/// The way a kind of deal goes: stages in order, each with its chance of success.
package enum Pipelines {
    package static let pipelineName = Field.text("name", "What it is called.").required.title
    package static let currency = Field.currency("currency", "In which its figures are read (ISO 4217).").required
    package static let stages = Field.document(
        "stages", schema: Stage.listSchema, empty: [], "In order; a stage without an id is new, one left out is deleted."
    ).required

    package static let type = RecordType(
        "pipelines", singular: "pipeline", fields: [pipelineName, currency, stages], staysWhileUsed: true, standing: .furniture,
        isSearchable: false
    ) { rules in
        rules.refusals = [
            "deals_stage_id_reference": Problem(
                .conflict, "Deals are still in a stage that would be gone; move them first.",
                members: [.init("used_by", [["type": "deals", "field": "stage_id"]])]),
            "pipelines_stage_foreign": .invalid([.init("/stages", .reference, "A stage's id belongs to another pipeline.")]),
        ]
        rules.preparing = { draft, change throws(Problem) in
            guard let list = change[stages]?.elements else { return }
            let deals = change.catalog["deals"]
            let read = try Stage.read(list) { name in deals?.loggedFields.contains { $0.path == name } ?? false }
            draft.assign("stages", .text(JSON.array(read.map(\.json)).text))
        }
        // Deals that move meanwhile refer to the pipeline, so their turn comes before its lock.
        rules.locking = { change in change.action == .update && change[stages] != nil ? [StageMove.turn] : [] }
        rules.cascades = true
        rules.saving = { change throws(Problem) in
            guard change[stages] != nil else { return [] }
            return mirroring(change.id) + (change.action == .update ? following(change) : [])
        }
    }

    /// Stages as rows follow what the pipeline says. In the order in which nothing refers to what is not there.
    static func mirroring(_ pipeline: String) -> [SQL] {
        let listed: SQL = """
            SELECT (stage ->> 'id')::uuid AS id, place - 1 AS position, stage ->> 'name' AS name, stage ->> 'kind' AS kind,
                (stage ->> 'probability')::integer AS probability, stage ->> 'forecast_category' AS forecast_category,
                ARRAY(SELECT jsonb_array_elements_text(stage -> 'required_fields')) AS required_fields
            FROM pipelines, jsonb_array_elements(stages) WITH ORDINALITY AS listed (stage, place)
            WHERE pipelines.id = \(pipeline)
            """
        return [
            """
            SELECT cell.refuse('TN002', 'pipelines_stage_foreign')
            WHERE EXISTS (SELECT FROM stages JOIN (\(listed)) AS listed USING (id) WHERE stages.pipeline_id <> \(pipeline))
            """,
            """
            INSERT INTO stages (id, pipeline_id, position, name, kind, probability, forecast_category, required_fields)
            SELECT id, \(pipeline), position, name, kind, probability, forecast_category, required_fields FROM (\(listed)) AS listed
            ON CONFLICT (id) DO UPDATE
            SET position = excluded.position, name = excluded.name, kind = excluded.kind, probability = excluded.probability,
                forecast_category = excluded.forecast_category, required_fields = excluded.required_fields
            """,
            "DELETE FROM stages WHERE pipeline_id = \(pipeline) AND id NOT IN (SELECT id FROM (\(listed)) AS listed)",
        ]
    }

    /// Deals follow their stage where its kind or its chance has changed, each with a change of its own.
    private static func following(_ change: RecordType.Change) -> [SQL] {
        guard let deals = change.catalog["deals"] else { return [] }
        let state: SQL = """
            status = stages.kind, probability = coalesce(r.own_probability, stages.probability),
            closed_at = CASE WHEN stages.kind = 'open' THEN NULL WHEN stages.kind = r.status THEN r.closed_at ELSE now() END,
            lost_reason = CASE
                WHEN stages.kind = r.status THEN r.lost_reason
                WHEN stages.kind = 'lost' THEN coalesce(r.lost_reason, stages.name) END
            """
        let differs: SQL = """
            stages.id = r.stage_id AND stages.pipeline_id = \(change.id)
            AND (r.status, r.probability) IS DISTINCT FROM (stages.kind, coalesce(r.own_probability, stages.probability))
            """
        return (change.caller.purpose == .undo ? [forgettingOwn(change.id)] : [])
            + [change.cascade(deals, set: state, with: "stages", where: differs)]
    }

    /// Deals that the same undo has put back before its stages: a chance like that of its stage is not the deal's own.
    private static func forgettingOwn(_ pipeline: String) -> SQL {
        """
        UPDATE deals SET own_probability = NULL FROM stages
        WHERE stages.id = deals.stage_id AND stages.pipeline_id = \(pipeline) AND deals.own_probability = stages.probability
            AND deals.updated_at = now()::timestamptz(3)
        """
    }

    /// The pipeline of a new tenant, as the blueprint `general` has it.
    static func first(currency: String, owner: UUID) -> [SQL] {
        let stages = [
            Stage(name: "Qualification", probability: 10), Stage(name: "Proposal", probability: 40),
            Stage(name: "Negotiation", probability: 70, category: "commit"), Stage(name: "Won", kind: "won", probability: 100),
            Stage(name: "Lost", kind: "lost", probability: 0, category: "omitted"),
        ]
        let id = UUID.v7().text
        return [
            """
            INSERT INTO pipelines (id, name, currency, stages, owner_id)
            VALUES (\(id), 'Sales', \(currency), \(JSON.array(stages.map(\.json)).text)::jsonb, \(owner))
            """
        ] + mirroring(id)
    }
}

import Postgres
import Records

/// Someone who might buy, before it is known who that is: becomes a contact, a company and a deal when converted.
package enum Leads {
    package static let firstName = Field.text("first_name", "Given name.").namePart
    package static let lastName = Field.text("last_name", "Family name.").namePart
    package static let companyName = Field.text("company_name", "The firm, as it was given.").title
    package static let email = Field.email("email", "Kept as typed, compared in lower case.").title.matched
    package static let phone = Field.phone("phone", "Kept as typed, matched by its digits.").title
    package static let source = Field.text("source", "Where the lead came from.")
    package static let status = Field.choice(
        "status", ["new", "working", "qualified", "unqualified", "converted"], "How far it is; converted only by converting."
    ).filled
    package static let score = Field.integer("score", in: 0...100, "How promising it is.")
    package static let externalID = Field.text("external_id", "The record's name in another system.").unique
    package static let convertedContact = Field.reference("converted_contact_id", to: "contacts", "The contact it became.").readOnly
    package static let convertedCompany = Field.reference("converted_company_id", to: "companies", "The company it became.").readOnly
    package static let convertedDeal = Field.reference("converted_deal_id", to: "deals", "The deal it became.").readOnly
    package static let convertedAt = Field.time("converted_at", "When it was converted.").readOnly

    private static let isConverted = Problem(.conflict, "This lead has been converted; change what it became instead.")

    package static let type = RecordType(
        "leads", singular: "lead",
        fields: [
            firstName, lastName, companyName, email, phone, source, status, score, externalID, convertedContact, convertedCompany,
            convertedDeal, convertedAt,
        ]
    ) { rules in
        rules.refusals = [
            "leads_name_required": .invalid([
                .init("/last_name", .required, "A lead has a first name, a last name, a company's name or an e-mail address.")
            ]),
            "leads_converted": isConverted,
            // A patch of its status breaks this before the rule below can say so.
            "leads_converted_has_contact": isConverted,
        ]
        rules.preparing = { _, change throws(Problem) in
            guard change[status] == "converted" else { return }
            throw .invalid([.init("/status", .readOnly, "A lead becomes converted by POST /v1/leads/{id}/convert.")])
        }
        rules.merging = { winner, losers in
            [
                """
                SELECT cell.refuse('TN002', 'leads_converted')
                WHERE EXISTS (SELECT FROM leads WHERE id = ANY (\([winner] + losers)::uuid[]) AND converted_at IS NOT NULL)
                """
            ]
        }
        rules.saving = { change throws(Problem) in
            // Only the conversion itself says when it was, and only the service what a lead has become: that can be merged, and unmerged.
            let columns = change.draft.assignments.map(\.column)
            let isOurs = columns.contains("converted_at") || (!columns.isEmpty && columns.allSatisfy { $0.hasPrefix("converted_") })
            guard change.action == .update, !isOurs else { return [] }
            return [
                """
                SELECT cell.refuse('TN002', 'leads_converted')
                WHERE EXISTS (SELECT FROM leads WHERE id = \(change.id) AND converted_at IS NOT NULL)
                """
            ]
        }
    }
}

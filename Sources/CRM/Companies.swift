import Postgres
import Records

/// An organisation that the tenant does business with.
package enum Companies {
    package static let companyName = Field.text("name", "What it is called.").required.title
    package static let domain = Field.domain("domain", "Its internet domain, compared in lower case.").unique.title
    package static let industry = Field.text("industry", "What it does.")
    package static let employees = Field.integer("employees", in: 0...Int(Int32.max), "How many people work there.")
    package static let phone = Field.phone("phone", "Kept as typed, matched by its digits.")
    package static let website = Field.website("website", "Where it is on the web.")
    package static let address = Field.address("address", "Postal address.")
    package static let parent = Field.reference(
        "parent_id", to: "companies", "The company it belongs to; never itself, not even indirectly.")
    package static let externalID = Field.text("external_id", "The record's name in another system.").unique

    package static let type = RecordType(
        "companies", singular: "company",
        fields: [companyName, domain, industry, employees, phone, website, address, parent, externalID],
        refusals: [
            "companies_parent_id_no_cycle": .invalid([
                .init("/parent_id", .reference, "A company cannot belong to itself, not even indirectly.")
            ])
        ],
        saving: refuseCycle)

    /// Two people could each close one half of a circle at the same moment, so changes of parents wait for one another.
    private static func refuseCycle(_ change: RecordType.Change) throws(Problem) -> [SQL] {
        guard change.action == .update, change[parent] != nil else { return [] }
        return [
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.companies.parent_id', 0))",
            """
            WITH RECURSIVE above (id, parent_id) AS (
                SELECT id, parent_id FROM companies WHERE id = \(change.id)
                UNION
                SELECT companies.id, companies.parent_id FROM companies JOIN above ON companies.id = above.parent_id)
            SELECT cell.refuse('23514', 'companies_parent_id_no_cycle')
            WHERE EXISTS (SELECT FROM above WHERE parent_id = \(change.id))
            """,
        ]
    }
}

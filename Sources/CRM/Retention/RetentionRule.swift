import Postgres
import Records

/// How long records of one type are kept after they were last of use, if the tenant sets a number of days.
struct RetentionRule: Sendable {
    let type: String
    /// A sentence for OpenAPI and for the page.
    let help: String
    /// Which records `r` were of no use since `since.moment`.
    let condition: String

    /// The key under `retention`.
    var setting: String { "\(type)_days" }

    /// The key under `retention` that holds a list of the tenant's own types: `{"type", "days"}`.
    static let ownTypes = "own_types"

    /// For a type that the tenant has made: what nothing refers to and nobody has changed.
    static func own(_ type: RecordType, in catalog: Catalog) -> RetentionRule {
        let unreferred = catalog.references(to: type).map { source in
            let itself = source.type.name == type.name ? " AND other.id <> r.id" : ""
            return " AND NOT EXISTS (SELECT FROM \(source.type.table) AS other WHERE other.deleted_at IS NULL"
                + " AND \(source.refers("other", to: "r.id", of: type))\(itself))"
        }
        return RetentionRule(type: type.name, help: "", condition: "r.updated_at < since.moment" + unreferred.joined())
    }

    static let all: [RetentionRule] = [
        RetentionRule(
            type: "contacts",
            help: """
                After how many days without a change, an activity, an open deal or an open task a contact goes to the trash; from there it is \
                erased, with all that is held about it. Unset: never.
                """,
            condition: """
                r.updated_at < since.moment
                AND NOT EXISTS (SELECT FROM activities AS a
                    WHERE a.contact_ids @> ARRAY[r.id] AND a.deleted_at IS NULL AND greatest(a.at, a.updated_at) >= since.moment)
                AND NOT EXISTS (SELECT FROM deals AS d WHERE d.contact_id = r.id AND d.deleted_at IS NULL AND d.status = 'open')
                AND NOT EXISTS (SELECT FROM tasks AS t
                    WHERE t.about_id = r.id AND t.about_type = 'contacts' AND t.deleted_at IS NULL AND t.status = 'open')
                """),
        RetentionRule(
            type: "companies",
            help:
                "After how many days without a change a company that has no contacts, deals and companies goes to the trash. Unset: never.",
            condition: """
                r.updated_at < since.moment
                AND NOT EXISTS (SELECT FROM contacts AS c WHERE c.company_id = r.id AND c.deleted_at IS NULL)
                AND NOT EXISTS (SELECT FROM deals AS d WHERE d.company_id = r.id AND d.deleted_at IS NULL)
                AND NOT EXISTS (SELECT FROM companies AS c WHERE c.parent_id = r.id AND c.deleted_at IS NULL)
                """),
        RetentionRule(
            type: "leads", help: "After how many days without a change or an activity a lead goes to the trash. Unset: never.",
            condition: """
                r.updated_at < since.moment
                AND NOT EXISTS (SELECT FROM activities AS a
                    WHERE a.lead_id = r.id AND a.deleted_at IS NULL AND greatest(a.at, a.updated_at) >= since.moment)
                """),
        RetentionRule(
            type: "deals", help: "After how many days without a change a won or lost deal goes to the trash. Unset: never.",
            condition: "r.updated_at < since.moment AND r.status <> 'open'"),
        RetentionRule(
            type: "activities", help: "How many days after it took place and was last changed an activity goes to the trash. Unset: never.",
            condition: "r.updated_at < since.moment AND r.at < since.moment"),
        RetentionRule(
            type: "tasks", help: "After how many days without a change a task that is not open goes to the trash. Unset: never.",
            condition: "r.updated_at < since.moment AND r.status <> 'open'"),
    ]
}

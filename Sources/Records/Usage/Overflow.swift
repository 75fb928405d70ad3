import Postgres
import Tenancy

/// The records of a type that lie beyond a limit which has come down: the newest by (created_at, id). They can be read and deleted, not
/// changed.
///
/// Where no limit has come down there is none of this, and reads are what they always were.
struct Overflow: Sendable {
    private let limits: [Limit]
    private let plan: String

    fileprivate struct Limit: Sendable {
        let resource: String
        let most: Int
        /// What the limit counts.
        let tables: [String]
    }

    /// Nil when nothing of the type can be too much.
    init?(of type: RecordType, in catalog: Catalog, _ entitlements: Entitlements) {
        guard !entitlements.tightened.isEmpty, type.standing != .furniture, type.field(Self.member) == nil else { return nil }
        let all = [(Resource.records(of: type.name), [type.table]), (Resource.records, catalog.counted.map(\.table))]
        limits = all.compactMap { resource, tables in
            guard entitlements.tightened.contains(resource), let most = entitlements.limits[resource] else { return nil }
            return Limit(resource: resource, most: most, tables: tables)
        }
        guard !limits.isEmpty else { return nil }
        plan = entitlements.plan.name
    }

    /// The member that tells of it.
    static let member = "read_only"

    /// Whether the record `r` is one of them.
    func condition(_ r: String = "r") -> SQL {
        "(" + limits.map { $0.condition(r) }.joined(separator: " OR ") + ")"
    }

    /// Ends the unit that would change one of them; the narrowest limit speaks.
    func guarding(_ id: String, in table: String) -> [SQL] {
        limits.map { limit in
            "SELECT "
                + PlanLimit.refusal(
                    "\(limit.resource)::text", limit: "\(limit.most)::bigint",
                    used: Usage.total(of: "\(limit.resource)::text"), plan: plan)
                + SQL(code: " FROM \(table) AS r WHERE r.id = ") + "\(id) AND " + limit.condition("r")
        }
    }
}

extension Overflow.Limit {
    /// Whether `r` comes at or behind the first record beyond the limit; the search for that begins at the nearer end.
    fileprivate func condition(_ r: String) -> SQL {
        let before: SQL = "u.used - \(most)::bigint"
        let first: SQL = """
            SELECT beyond.created_at, beyond.id FROM \(Usage.rows) AS u CROSS JOIN LATERAL (
                (\(rows(where: before + " > \(most)::bigint")) ORDER BY created_at, id OFFSET \(most)::bigint LIMIT 1)
                UNION ALL
                (\(rows(where: before + " <= \(most)::bigint")) ORDER BY created_at DESC, id DESC OFFSET u.used - \(most)::bigint - 1 LIMIT 1)
            ) AS beyond WHERE u.resource = \(resource) AND u.used > \(most)::bigint
            """
        return SQL(code: "(\(r).deleted_at IS NULL AND (\(r).created_at, \(r).id) >= (") + first + ")) IS TRUE"
    }

    private func rows(where condition: SQL) -> SQL {
        let all = tables.map { SQL(code: "SELECT created_at, id FROM \($0) WHERE deleted_at IS NULL") }.joined(separator: " UNION ALL ")
        return "SELECT created_at, id FROM (" + all + ") AS counted WHERE " + condition
    }
}

extension RecordStore {
    var overflow: Overflow? { Overflow(of: type, in: catalog, scope.entitlements) }

    /// Before a record is changed: it does not lie beyond the plan's limits.
    func guardOfLimit(_ id: String) -> [SQL] { overflow?.guarding(id, in: type.table) ?? [] }
}

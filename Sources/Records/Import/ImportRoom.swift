import Foundation
import Postgres
import Tenancy

/// Room in a tenant's plan for all rows of an import, taken before the first: `usage` counts it as used, so that nobody else fills it, and
/// what the import then makes counts in its place. What is left is given back at the end.
struct ImportRoom: Sendable {
    private let state: ImportState
    private let plan: ImportPlan
    private let entitlements: Entitlements

    init(_ state: ImportState, _ plan: ImportPlan, _ entitlements: Entitlements) {
        self.state = state
        self.plan = plan
        self.entitlements = entitlements
    }

    /// Takes it, where the plan limits records, and answers for how many. Refuses with `.planLimit`, the narrowest limit first.
    func reserve(_ table: SQL, _ transaction: borrowing Transaction) throws -> Int {
        let name = entitlements.plan.name
        if let most = entitlements.limits["import_rows"], state.total > most {
            throw Problem(
                .planLimit, "The plan \(name) imports files of up to \(most) rows; this one has \(state.total).",
                members: PlanLimit(resource: "import_rows", limit: most, used: state.total, plan: name).problem.members)
        }
        guard !state.order.isRehearsal, state.order.mode != .update, plan.type.standing != .furniture else { return 0 }
        let resource = Resource.records(of: plan.type.name)
        guard entitlements.limits[resource] != nil || entitlements.limits[Resource.records] != nil else { return 0 }
        let most = try newcomers(table, transaction)
        guard most > 0 else { return 0 }
        let taken = Usage.records(moved: "SELECT \(resource)::text AS resource, \(most)::bigint AS moved", entitlements)
        guard let refusal = try transaction.attempt(taken).refusal else { return most }
        throw refusal.constraint.flatMap(PlanLimit.init)?.problem ?? PostgresError.refused(refusal)
    }

    /// How many records an import still has room for, of the row `imports`.
    static let outstanding = SQL(code: "greatest(0, reserved - created)")

    /// Statements that give back what an import that has ended did not need. Its row is locked; they lock what counts records.
    static func release(_ id: UUID, _ entitlements: Entitlements) -> [SQL] {
        Usage.records(
            moved: """
                SELECT \(Resource.records(of: ""))::text || type AS resource, -\(outstanding) AS moved FROM imports
                WHERE id = \(id) AND reserved > 0
                """, entitlements) + ["UPDATE imports SET reserved = 0 WHERE id = \(id) AND reserved > 0"]
    }

    /// How many records the file makes at most: rows that can be read, and whose key no record has.
    private func newcomers(_ table: SQL, _ transaction: borrowing Transaction) throws -> Int {
        guard let key = plan.key, let column = plan.columns.first(where: { $0.target.field == key }) else {
            return try transaction.rows("SELECT count(*) FROM \(table) WHERE flaw IS NULL")[0].int(0)
        }
        let cell = SQL(code: "btrim(s.c\(column.index))")
        let wanted = key.kind.columnType == "text" ? key.kind.equality(cell) : cell
        let column1 = SQL(code: "r.\(key.column)")
        let held = key.kind.columnType == "text" ? key.kind.equality(column1) : column1 + "::text"
        return try transaction.rows(
            "SELECT count(*) FROM (SELECT DISTINCT \(wanted) AS value FROM \(table) AS s WHERE s.flaw IS NULL AND \(cell) <> '') AS wanted "
                + SQL(code: "WHERE NOT EXISTS (SELECT FROM \(plan.type.table) AS r WHERE r.deleted_at IS NULL AND ") + held
                + " = wanted.value)"
        )[0].int(0)
    }
}

extension Imports {
    /// Selects `resource` and `found`: the room that imports have taken and not yet filled, for whoever counts what is used.
    package static let rooms: SQL = """
        SELECT \(Resource.records(of: ""))::text || type AS resource, sum(\(ImportRoom.outstanding))::bigint AS found FROM imports
        WHERE reserved > created GROUP BY type
        """
}

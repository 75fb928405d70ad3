import Postgres
import Tenancy

/// Whether a tenant's plan has room for all rows of an import, those of imports that have begun counted as if they were there.
struct ImportRoom: Sendable {
    private let state: ImportState
    private let plan: ImportPlan
    private let entitlements: Entitlements

    init(_ state: ImportState, _ plan: ImportPlan, _ entitlements: Entitlements) {
        self.state = state
        self.plan = plan
        self.entitlements = entitlements
    }

    /// Refuses with `.planLimit`, the narrowest limit first. The transaction has the turn of `imports.start`.
    func check(_ table: SQL, _ transaction: borrowing Transaction) throws {
        let name = entitlements.plan.name
        if let most = entitlements.limits["import_rows"], state.total > most {
            throw Problem(
                .planLimit, "The plan \(name) imports files of up to \(most) rows; this one has \(state.total).",
                members: PlanLimit(resource: "import_rows", limit: most, used: state.total, plan: name).problem.members)
        }
        guard !state.order.isRehearsal, state.order.mode != .update, plan.type.standing != .furniture else { return }
        let limits = [Resource.records(of: plan.type.name), Resource.records].compactMap { resource in
            entitlements.limits[resource].map { (resource, $0) }
        }
        guard !limits.isEmpty else { return }
        let mine = try newcomers(table, transaction)
        for (resource, most) in limits {
            let isOne = resource != Resource.records
            let row = try transaction.rows(
                """
                SELECT \(Usage.total(of: "\(resource)::text")) + coalesce((
                    SELECT sum(total - created - updated - unchanged - failed) FROM imports
                    WHERE state IN ('queued', 'validating', 'running') AND mode <> 'update' AND NOT dry_run
                        AND (NOT \(isOne) OR type = \(plan.type.name))), 0)
                """)[0]
            let used = try row.int(0)
            if mine > 0, used + mine > most { throw PlanLimit(resource: resource, limit: most, used: used, plan: name).problem }
        }
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

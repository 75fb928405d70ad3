import Postgres

/// The tenants as an operator leafs through them, deleted ones included; always what the control schema says now.
package struct TenantList: Sendable {
    let control: Control

    /// Those after a slug, in the order of slugs; with a text, those whose slug or name holds it.
    package func page(after slug: String? = nil, holding text: String? = nil, state: TenantState? = nil, limit: Int) async throws
        -> [Tenant]
    {
        let pattern = text.map { text in
            "%" + text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_") + "%"
        }
        return try await control.rows(
            """
            SELECT \(Tenant.columns) FROM tenants
            WHERE (\(slug)::text IS NULL OR slug > \(slug)::text)
                AND (\(pattern)::text IS NULL OR slug ILIKE \(pattern)::text OR name ILIKE \(pattern)::text)
                AND (\(state?.rawValue)::text IS NULL OR state = \(state?.rawValue)::text)
            ORDER BY slug LIMIT \(limit)
            """
        ).map(Tenant.init)
    }

    /// How many tenants each cell has.
    package func countByCell() async throws -> [String: Int] {
        let rows = try await control.rows("SELECT cell, count(*) FROM tenants WHERE dropped_at IS NULL GROUP BY cell")
        return try Dictionary(uniqueKeysWithValues: rows.map { (try $0.text(0), try $0.int(1)) })
    }

    /// How many tenants are in each state.
    package func countByState() async throws -> [TenantState: Int] {
        let rows = try await control.rows("SELECT state, count(*) FROM tenants GROUP BY state")
        return try rows.reduce(into: [:]) { counts, row in
            if let state = TenantState(rawValue: try row.text(0)) { counts[state] = try row.int(1) }
        }
    }
}

/// The plans as an operator sees them.
package struct PlanList: Sendable {
    let control: Control

    /// The newest version of each, by name.
    package func newest() async throws -> [Plan] {
        try await control.rows("SELECT DISTINCT ON (name) \(Plan.columns) FROM plans ORDER BY name, version DESC").map(Plan.init)
    }

    /// What a tenant gets whose order names no plan, in every process that is not configured otherwise. `free`, if this was never said.
    package func setDefault(_ name: String) async throws {
        _ = try await control.rows("UPDATE installation SET default_plan = \(name)", isRepeatable: true)
    }

    /// Every version of one plan, the newest first; empty when there is none of that name.
    package func versions(of name: String) async throws -> [Plan] {
        try await control.rows("SELECT \(Plan.columns) FROM plans WHERE name = \(name) ORDER BY version DESC").map(Plan.init)
    }
}

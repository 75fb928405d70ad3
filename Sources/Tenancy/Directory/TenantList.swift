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

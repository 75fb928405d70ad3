import Postgres

/// The owner's belonging to the roles of tenants, for the time of a migration: all begin and end at once, since each change of membership
/// makes every connection look them all up again.
struct OwnersMembership: Sendable {
    let tenants: [Tenant]
    let cells: Cells
    let locks: LockPatience

    func begin() async throws {
        try await inEachCell { roles in "GRANT \(roles) TO CURRENT_USER" }
    }

    func end() async throws {
        try await inEachCell { roles in "REVOKE \(roles) FROM CURRENT_USER" }
    }

    /// One changes the owner's memberships in a cell at a time: of two that grant the same role at once PostgreSQL 15 refuses one,
    /// with a duplicate key in its own catalogue. Held until the transaction ends.
    static let turn = SQL("SELECT pg_advisory_xact_lock(hashtextextended('tenantry membership of owner', 0))").prepared(.shared)

    /// For one tenant, should another migrator have ended it meanwhile. Belongs into a transaction before the tenant's role is taken on.
    static func renew(_ role: String, _ transaction: borrowing Transaction) throws {
        guard try !isMember(of: role, transaction) else { return }
        _ = try transaction.rows(turn)
        if try !isMember(of: role, transaction) { try transaction.script("GRANT \(SQL.quoted(identifier: role)) TO CURRENT_USER") }
    }

    private static func isMember(of role: String, _ transaction: borrowing Transaction) throws -> Bool {
        try transaction.rows("SELECT pg_has_role(\(role), 'MEMBER')").first?.bool(0) ?? false
    }

    private func inEachCell(_ statement: @escaping @Sendable (String) -> String) async throws {
        for (name, tenants) in Dictionary(grouping: tenants, by: \.cell) {
            let cell = try cells.named(name)
            let roles = tenants.map(\.role)
            try await locks.retrying {
                try await cell.owner.transaction(preamble: [TenantScript.asOwner], namespace: Cell.schema) { transaction in
                    _ = try transaction.rows(Self.turn)
                    // One that is missing is that tenant's own failure, and comes to light when it is migrated.
                    let existing = try transaction.rows("SELECT rolname FROM pg_roles WHERE rolname = ANY (\(roles)::text[])")
                    guard !existing.isEmpty else { return }
                    try transaction.script(statement(existing.map { SQL.quoted(identifier: try $0.text(0)) }.joined(separator: ", ")))
                }
            }
        }
    }
}

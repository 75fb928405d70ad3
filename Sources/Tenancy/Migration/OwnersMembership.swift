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

    /// For one tenant, should another migrator have ended it meanwhile. Belongs into a transaction before the tenant's role is taken on.
    static func renew(_ role: String, _ transaction: borrowing Transaction) throws {
        let isMember = try transaction.rows("SELECT pg_has_role(\(role), 'MEMBER')").first?.bool(0)
        if isMember == false { try transaction.script("GRANT \(SQL.quoted(identifier: role)) TO CURRENT_USER") }
    }

    private func inEachCell(_ statement: @escaping @Sendable (String) -> String) async throws {
        for (name, tenants) in Dictionary(grouping: tenants, by: \.cell) {
            let cell = try cells.named(name)
            let roles = tenants.map(\.role)
            try await locks.retrying {
                try await cell.owner.transaction(preamble: [TenantScript.asOwner], namespace: Cell.schema) { transaction in
                    // One that is missing is that tenant's own failure, and comes to light when it is migrated.
                    let existing = try transaction.rows("SELECT rolname FROM pg_roles WHERE rolname = ANY (\(roles)::text[])")
                    guard !existing.isEmpty else { return }
                    try transaction.script(statement(existing.map { SQL.quoted(identifier: try $0.text(0)) }.joined(separator: ", ")))
                }
            }
        }
    }
}

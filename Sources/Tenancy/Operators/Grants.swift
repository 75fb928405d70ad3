import Foundation
import Postgres
import Secrets
import Synchronization

/// An operator's way into one account, for a while: break the glass, help, leave. The account reads of it in its audit, and of everything
/// that is done under it.
package struct Grant: Sendable, Hashable {
    package let id: UUID
    package let tenantID: UUID
    /// Nil when it was given at a terminal of the installation.
    package let operatorID: UUID?
    /// Who has it, as the audit names them: `operator:grace`.
    package let actor: String
    package let reason: String
    package let createdAt: Date
    package let expiresAt: Date
    package let revokedAt: Date?

    static let columns: SQL = "g.id, g.tenant_id, g.operator_id, g.actor, g.reason, g.created_at, g.expires_at, g.revoked_at"

    init(_ row: Row) throws(PostgresError) {
        id = try row.uuid(0)
        tenantID = try row.uuid(1)
        operatorID = try row.optionalUUID(2)
        actor = try row.text(3)
        reason = try row.text(4)
        createdAt = try row.date(5)
        expiresAt = try row.date(6)
        revokedAt = try row.optionalDate(7)
    }
}

/// The grants of this installation; of their tokens only the SHA-256 is kept.
package final class Grants: Sendable {
    private let control: Control
    private let recent = Mutex<[[UInt8]: (grant: Grant?, until: ContinuousClock.Instant)]>([:])

    init(control: Control) {
        self.control = control
    }

    /// The longest time, in minutes.
    package static let longest = 24 * 60

    /// Lets whoever instructs into the tenant's account; the token is answered once. Throws `.unknownTenant` also for one that nobody can enter.
    package func give(to slug: String, minutes: Int, operatorID: UUID?, by instruction: Instruction) async throws -> (
        grant: Grant, token: Credential
    ) {
        guard Slug.isValid(slug) else { throw TenancyError.unknownTenant(slug) }
        let token = Credential.mint(.grant, slug: slug)
        let states = TenantState.allCases.filter(\.allowsReads).map(\.rawValue)
        let answers = try await control.run([
            """
            INSERT INTO grants AS g (id, tenant_id, operator_id, actor, reason, token_hash, expires_at)
            SELECT \(UUID.v7()), id, \(operatorID)::uuid, \(instruction.actor), \(instruction.reason ?? ""), \(SQLValue.bytes(token.hash)),
                now() + make_interval(mins => \(min(minutes, Self.longest)))
            FROM tenants WHERE slug = \(slug) AND state = ANY (\(states)::text[]) RETURNING \(Grant.columns)
            """,
            """
            SELECT append_audit(\(instruction.actor), 'grant', slug, \(instruction.reason), \(instruction.requestID))
            FROM tenants WHERE slug = \(slug) AND state = ANY (\(states)::text[])
            """,
        ])
        guard let grant = try answers[0].first.map(Grant.init) else { throw TenancyError.unknownTenant(slug) }
        return (grant, token)
    }

    /// Ends a grant within a second; one that has ended stays as it is. False when the tenant has no such grant.
    package func revoke(_ id: UUID, of slug: String, by instruction: Instruction) async throws -> Bool {
        let answers = try await control.run([
            "SELECT 1 FROM grants AS g JOIN tenants AS t ON t.id = g.tenant_id WHERE g.id = \(id) AND t.slug = \(slug)",
            """
            WITH ended AS (
                UPDATE grants AS g SET revoked_at = now() FROM tenants AS t
                WHERE g.id = \(id) AND t.id = g.tenant_id AND t.slug = \(slug) AND g.revoked_at IS NULL RETURNING t.slug
            )
            SELECT append_audit(\(instruction.actor), 'revoke_grant', slug, \(instruction.reason), \(instruction.requestID)) FROM ended
            """,
        ])
        recent.withLock { $0 = [:] }
        return !answers[0].isEmpty
    }

    /// All grants that a tenant has ever had, the newest first.
    package func all(of slug: String) async throws -> [Grant] {
        try await control.rows(
            """
            SELECT \(Grant.columns) FROM grants AS g JOIN tenants AS t ON t.id = g.tenant_id WHERE t.slug = \(slug)
            ORDER BY g.created_at DESC, g.id DESC LIMIT 1000
            """
        ).map(Grant.init)
    }

    /// What this token stands for now; nil for nobody's, for one that has ended, and for one whose operator has no access any more.
    /// Remembered for a second at most.
    package func holder(of token: Credential) async throws(PostgresError) -> Grant? {
        guard token.kind == .grant else { return nil }
        let (hash, now) = (token.hash, ContinuousClock.now)
        if let known = recent.withLock({ $0[hash] }), known.until > now {
            return known.grant.flatMap { $0.expiresAt > .now ? $0 : nil }
        }
        let found = try await control.rows(
            """
            SELECT \(Grant.columns) FROM grants AS g LEFT JOIN operators AS o ON o.id = g.operator_id
            WHERE g.token_hash = \(SQLValue.bytes(hash)) AND g.revoked_at IS NULL AND g.expires_at > now() AND o.revoked_at IS NULL
            """
        ).first.map(Grant.init)
        recent.withLock { recent in
            // As with operators: strangers do not fill the memory.
            if recent.count >= 1000 { recent = [:] }
            recent[hash] = (found, now + .seconds(1))
        }
        return found
    }
}

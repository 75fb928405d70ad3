import CRM
import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// Finds out what a credential stands for, in the tenant's own schema.
enum CredentialLookup {
    /// Nil when there is no such session or key, it has ended, or its user may not sign in.
    static func find(_ credential: Credential, in scope: TenantScope, _ catalogs: Catalogs) async throws -> Principal? {
        switch credential.kind {
        case .session:
            return try await scope.rows(session(credential.hash, isActive(scope))).first.map { try principal($0, catalogs, scope) }
        case .apiKey:
            // The second statement writes once a minute at most; "last used" need not be finer.
            let isUseKept = scope.tenant.writesPausedAt == nil
            let rows = try await scope.run([key(credential.hash, isActive(scope))] + (isUseKept ? [use(credential.hash)] : []))
            return try rows[0].first.map { try principal($0, catalogs, scope) }
        case .calendar:
            return try await scope.rows(calendar(credential.hash, isActive(scope))).first.map { try principal($0, catalogs, scope) }
        case .grant: return try await scope.rows(GrantedVisit.lookup).first.map { try GrantedVisit.principal($0, catalogs, scope) }
        case .operator: return nil
        }
    }

    private static let teamMembers = Teams.companions
    private static let role: SQL = "r.rights, r.hidden_fields, r.readonly_fields, r.admin"
    private static let isActive: SQL = "u.status = 'active' AND u.deleted_at IS NULL"

    /// The same, and the plan has a seat for the user.
    private static func isActive(_ scope: TenantScope) -> SQL {
        isActive + (Seats.isTaken(by: "u.id", scope.entitlements).map { " AND " + $0 } ?? "")
    }

    private static func session(_ hash: [UInt8], _ isActive: SQL) -> SQL {
        """
        SELECT u.id, NULL, extract(epoch FROM s.expires_at - now()), NULL, \(teamMembers), \(role), \(role), \(TenantPolicy.column), \(Shape.column)
        FROM sessions s JOIN users u ON u.id = s.user_id JOIN roles r ON r.id = u.role_id
        WHERE s.token_hash = \(SQLValue.bytes(hash)) AND s.expires_at > now() AND \(isActive)
        """
    }

    private static func calendar(_ hash: [UInt8], _ isActive: SQL) -> SQL {
        """
        SELECT u.id, NULL, NULL, NULL, \(teamMembers), \(role), \(role), \(TenantPolicy.column), \(Shape.column)
        FROM users u JOIN roles r ON r.id = u.role_id WHERE u.calendar_token_hash = \(SQLValue.bytes(hash)) AND \(isActive)
        """
    }

    private static func key(_ hash: [UInt8], _ isActive: SQL) -> SQL {
        """
        SELECT u.id, k.id, extract(epoch FROM k.expires_at - now()), k.allowed_ips, \(teamMembers), \(role),
            maker.rights, maker.hidden_fields, maker.readonly_fields, maker.admin, \(TenantPolicy.column), \(Shape.column)
        FROM api_keys k JOIN roles r ON r.id = k.role_id JOIN users u ON u.id = k.user_id JOIN roles maker ON maker.id = u.role_id
        WHERE k.token_hash = \(SQLValue.bytes(hash)) AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
            AND \(isActive)
        """
    }

    /// A user as the door would know them, were they signed in; nil when there is none.
    static func user(_ id: UUID, in scope: TenantScope) async throws -> KnownUser? {
        let rows = try await scope.rows(
            "SELECT u.name, r.name, \(isActive(scope)), \(teamMembers), \(role) FROM users u JOIN roles r ON r.id = u.role_id WHERE u.id = \(id)"
        )
        return try rows.first.map { row in
            KnownUser(
                id: id, name: try row.text(0), role: try row.text(1), isActive: try row.bool(2),
                teamMemberIDs: try row.texts(3).compactMap { UUID(text: $0) }, rights: try rights(row, from: 4))
        }
    }

    /// Someone who may not be signed in at all.
    struct KnownUser: Sendable {
        let id: UUID
        let name: String
        let role: String
        let isActive: Bool
        let teamMemberIDs: [UUID]
        let rights: Rights
    }

    private static func use(_ hash: [UInt8]) -> SQL {
        """
        UPDATE api_keys SET last_used_at = now()
        WHERE token_hash = \(SQLValue.bytes(hash)) AND revoked_at IS NULL AND coalesce(last_used_at, '-infinity') < now() - interval '1 minute'
        """
    }

    private static func principal(_ row: Row, _ catalogs: Catalogs, _ scope: TenantScope) throws -> Principal {
        let own = try rights(row, from: 5)
        return Principal(
            userID: try row.uuid(0), keyID: try row.optionalUUID(1),
            // A key may do what both its role and its maker's role of today allow.
            rights: row.isNull(1) ? own : own.intersection(try rights(row, from: 9)),
            teamMemberIDs: try row.texts(4).compactMap { UUID(text: $0) },
            allowedAddresses: try (row.optionalTexts(3) ?? []).compactMap { AddressRange($0) },
            expires: try row.optionalDouble(2).map { ContinuousClock.now + .seconds($0) },
            policy: TenantPolicy(try SettingsDocument(parsing: row.text(13))), catalog: try catalogs.catalog(shape: row.optionalText(14)),
            tenantChangedAt: scope.tenant.changedAt)
    }

    private static func rights(_ row: Row, from column: Int) throws -> Rights {
        Rights(
            rights: try JSON(parsing: row.text(column)), hiddenFields: try JSON(parsing: row.text(column + 1)),
            readOnlyFields: try JSON(parsing: row.text(column + 2)), admin: try JSON(parsing: row.text(column + 3)))
    }
}

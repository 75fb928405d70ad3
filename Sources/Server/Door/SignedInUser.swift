import Foundation
import Postgres
import Records
import Tenancy

/// A user as sign-in and `GET /v1/session` know them.
struct SignedInUser: Sendable {
    let id: UUID
    let email: String
    let name: String
    let roleID: UUID
    /// The role's key, or its name when it is the tenant's own.
    let role: String
    let timeZone: String?
    let locale: String?
    let isActive: Bool
    /// Nil for someone who was invited and has not chosen a password.
    let passwordHash: String?
    /// Digests of where the user has signed in from; see `SignInPlace`.
    let seenFrom: [String]

    static func find(email: String, in scope: TenantScope) async throws -> SignedInUser? {
        try await first("lower(u.email) = lower(\(email))", in: scope)
    }

    static func find(_ id: UUID, in scope: TenantScope) async throws -> SignedInUser? {
        try await first("u.id = \(id)", in: scope)
    }

    private static func first(_ condition: SQL, in scope: TenantScope) async throws -> SignedInUser? {
        let rows = try await scope.rows(
            """
            SELECT u.id, u.email, u.name, u.role_id, coalesce(r.key, r.name), u.time_zone, u.locale, u.status = 'active', u.password_hash,
                u.seen_from
            FROM users u JOIN roles r ON r.id = u.role_id WHERE u.deleted_at IS NULL AND \(condition)
            """)
        return try rows.first.map { row in
            SignedInUser(
                id: try row.uuid(0), email: try row.text(1), name: try row.text(2), roleID: try row.uuid(3), role: try row.text(4),
                timeZone: row.optionalText(5), locale: row.optionalText(6), isActive: try row.bool(7), passwordHash: row.optionalText(8),
                seenFrom: try row.texts(9))
        }
    }

    var document: JSON {
        [
            "id": .string(id.text), "email": .string(email), "name": .string(name),
            "role_id": .string(roleID.text), "role": .string(role), "time_zone": JSON(timeZone), "locale": JSON(locale),
        ]
    }
}

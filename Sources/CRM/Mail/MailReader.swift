import Foundation
import Mail
import Postgres
import Recurrence
import Tenancy

/// A user as we write to one: name, language and clock.
struct MailReader: Sendable {
    let email: String
    let name: String
    let status: String
    let language: MailLanguage
    let firm: String
    private let timeZone: String

    /// Nil for one who is not there any more.
    static func find(_ id: UUID, in scope: TenantScope) async throws -> MailReader? {
        let rows = try await scope.rows(
            """
            SELECT u.email, u.name, u.status, coalesce(u.locale, s.document->>'locale', 'en'),
                coalesce(u.time_zone, s.document->>'time_zone', 'UTC')
            FROM users AS u, settings AS s WHERE u.id = \(id) AND u.deleted_at IS NULL
            """)
        return try rows.first.map { row in
            MailReader(
                email: try row.text(0), name: try row.text(1), status: try row.text(2),
                language: MailLanguage(closestTo: try row.text(3)), firm: scope.tenant.name, timeZone: try row.text(4))
        }
    }

    /// Selects the ids of those who run the account: whoever is to know when something is wrong with it.
    static let administrators: SQL = """
        SELECT users.id FROM users JOIN roles ON roles.id = users.role_id
        WHERE roles.key = 'admin' AND users.status = 'active' AND users.deleted_at IS NULL
        """

    /// A time by the reader's clock: `2026-11-30 09:00 (Europe/Berlin)`.
    func text(of time: Date) -> String { Self.text(of: time, in: timeZone) }

    static func text(of time: Date, in zone: String) -> String {
        guard let local = LocalTime.text(of: time, in: zone) else { return text(of: time, in: "UTC") }
        return "\(local.replacing("T", with: " ")) (\(zone))"
    }
}

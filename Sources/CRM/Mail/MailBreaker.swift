import Foundation
import Postgres
import Tenancy

/// Stops a tenant's mail when too much of it comes back: servers that are offered many dead addresses refuse everybody's mail after a while.
package enum MailBreaker {
    /// Of so many mails sent last ...
    package static let window = 500
    /// ... at most so few may come back: 4 %.
    package static let tolerated = 20

    /// After a mail came back: pauses if it is one too many, and tells the administrators in the same transaction.
    static func check(_ scope: TenantScope) async throws {
        try await scope.transaction { transaction in
            let paused = try transaction.rows(
                """
                UPDATE settings SET mail_paused_at = now()
                WHERE mail_paused_at IS NULL AND (
                    SELECT count(*) = \(window) AND count(bounced_at) >= \(tolerated) FROM (
                        SELECT bounced_at FROM mails WHERE sent_at > coalesce(settings.mail_resumed_at, '-infinity')
                        ORDER BY sent_at DESC LIMIT \(window)) AS latest)
                RETURNING 1
                """)
            guard !paused.isEmpty else { return }
            let admins = try transaction.rows(MailReader.administrators).map { try $0.uuid(0) }
            _ = try transaction.rows("SELECT cell.mail_waits(true)")
            _ = try transaction.flush(admins.map { SendMail.promised(.mailPaused, to: $0) })
        }
    }

    /// How the tenant's mail stands.
    package struct Standing: Sendable, Hashable {
        package let pausedAt: Date?
        /// Of the mails that are looked at.
        package let sent: Int
        package let bounced: Int
    }

    package static func standing(_ scope: TenantScope) async throws -> Standing {
        let rows = try await scope.rows(
            """
            SELECT mail_paused_at, latest.sent, latest.bounced FROM settings CROSS JOIN LATERAL (
                SELECT count(*) AS sent, count(bounced_at) AS bounced FROM (
                    SELECT bounced_at FROM mails WHERE sent_at > coalesce(settings.mail_resumed_at, '-infinity')
                    ORDER BY sent_at DESC LIMIT \(window)) AS last) AS latest
            """)
        guard let row = rows.first else { throw PostgresError.unexpected("A tenant has no settings.") }
        return Standing(pausedAt: try row.optionalDate(0), sent: try row.int(1), bounced: try row.int(2))
    }

    /// Mail goes out again, and what came back before is forgotten.
    package static let resuming: [SQL] = [
        "UPDATE settings SET mail_paused_at = NULL, mail_resumed_at = now() WHERE mail_paused_at IS NOT NULL",
        "SELECT cell.mail_waits(false)",
    ]
}

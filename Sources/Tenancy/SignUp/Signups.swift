import Foundation
import Postgres
import Secrets

/// Firms that ask for an account by themselves: kept for a day until the link in the mail is followed. A name is not held for anyone; the first
/// to confirm has it.
package struct Signups: Sendable {
    let control: Control

    /// How many may be asked for.
    package struct Limits: Sendable, Hashable {
        /// In an hour, from one home or office.
        package var perAddress = 10
        /// In a day, for one e-mail address: further ones are answered alike and bring no mail.
        package var perEmail = 3
        /// In an hour.
        package var inAll = 200
        /// Neither confirmed nor expired.
        package var pending = 2000

        package init() {}
    }

    package struct Order: Sendable {
        package var slug: String
        package var name: String
        package var email: String
        /// As `PasswordHash.text`.
        package var passwordHash: String
        /// BCP 47.
        package var language: String

        package init(slug: String, name: String, email: String, passwordHash: String, language: String) {
            self.slug = slug
            self.name = name
            self.email = email
            self.passwordHash = passwordHash
            self.language = language
        }
    }

    /// One that was kept.
    package struct Pending: Sendable {
        package let id: UUID
        package let order: Order
        package let expires: Date
        /// How often its mail was tried, this time included.
        package let attempts: Int
    }

    /// Whether so many have asked that nobody more from this address may now.
    package func isFlooded(from address: String, _ limits: Limits) async throws -> Bool {
        try await control.rows("SELECT \(Self.isFlooded(address, limits))").first?.bool(0) ?? false
    }

    /// Keeps the order, so that its mail is sent. False, and nothing is kept, when there were too many.
    package func place(_ order: Order, from address: String, _ limits: Limits) async throws -> Bool {
        let answers = try await control.run([
            // One after another, so that the limits are not overshot.
            "SELECT pg_advisory_xact_lock(hashtext('tenantry signups'))",
            "DELETE FROM signups WHERE expires_at < now()",
            """
            WITH standing AS (
                SELECT \(Self.isFlooded(address, limits)) AS flooded, (
                    SELECT count(*) FROM signups WHERE lower(email) = lower(\(order.email)) AND created_at > now() - interval '1 day'
                ) >= \(limits.perEmail) AS often
            ), placed AS (
                INSERT INTO signups (id, slug, name, email, password_hash, address, language, expires_at, mail_at)
                SELECT \(UUID.v7())::uuid, \(order.slug)::text, \(order.name)::text, \(order.email)::text, \(order.passwordHash)::text,
                    \(address)::text, \(order.language)::text, now() + interval '1 day', CASE WHEN NOT often THEN clock_timestamp() END
                FROM standing WHERE NOT flooded
            )
            SELECT flooded FROM standing
            """,
        ])
        return try answers[2].first.map { try !$0.bool(0) } ?? false
    }

    private static func isFlooded(_ address: String, _ limits: Limits) -> SQL {
        """
        ((SELECT count(*) FROM signups WHERE address = \(address) AND created_at > now() - interval '1 hour') >= \(limits.perAddress)
            OR (SELECT count(*) FROM signups WHERE created_at > now() - interval '1 hour') >= \(limits.inAll)
            OR (SELECT count(*) FROM signups WHERE expires_at > now() AND confirmed_at IS NULL) >= \(limits.pending))
        """
    }

    /// One whose mail is due, with this secret in its link from now on; the others who look do not get it for three minutes.
    package func nextForMail(secret: String) async throws -> Pending? {
        try await control.rows(
            """
            UPDATE signups SET mail_at = clock_timestamp() + interval '3 minutes', attempts = attempts + 1,
                token_hash = \(SQLValue.bytes(Digest.sha256(secret)))
            WHERE id = (
                SELECT id FROM signups WHERE mail_at <= clock_timestamp() AND expires_at > now() ORDER BY mail_at LIMIT 1
                FOR UPDATE SKIP LOCKED)
            RETURNING \(Self.columns)
            """, isRepeatable: false
        ).first.map(Self.read)
    }

    /// Nil: no further mail.
    package func mail(of id: UUID, after delay: Duration?) async throws {
        let seconds = delay.map { Int($0.components.seconds) }
        _ = try await control.rows(
            "UPDATE signups SET mail_at = clock_timestamp() + make_interval(secs => \(seconds)::integer) WHERE id = \(id)",
            isRepeatable: true)
    }

    /// What the link with this secret was sent for; nil when it has expired or never was.
    package func find(secret: String) async throws -> Pending? {
        try await control.rows(
            "SELECT \(Self.columns) FROM signups WHERE token_hash = \(SQLValue.bytes(Digest.sha256(secret))) AND expires_at > now()"
        ).first.map(Self.read)
    }

    package func confirmed(_ id: UUID) async throws {
        _ = try await control.rows(
            "UPDATE signups SET confirmed_at = coalesce(confirmed_at, now()), mail_at = NULL WHERE id = \(id)", isRepeatable: true)
    }

    private static let columns: SQL = "id, slug, name, email, password_hash, language, expires_at, attempts"

    private static func read(_ row: Row) throws -> Pending {
        Pending(
            id: try row.uuid(0),
            order: Order(
                slug: try row.text(1), name: try row.text(2), email: try row.text(3), passwordHash: try row.text(4),
                language: try row.text(5)),
            expires: try row.date(6), attempts: try row.int(7))
    }
}

extension Installation {
    package var signups: Signups { Signups(control: control) }
}

import Foundation
import Postgres

/// A write that its sender may repeat without doing it twice (IETF draft Idempotency-Key): the first answer is kept in the same
/// transaction as the effect and given again for 24 hours.
package struct RepeatableRequest: Sendable, Hashable {
    /// Whose key it is: two credentials never share one.
    package let credential: UUID
    package let key: String
    /// SHA-256 of method, path, query and body: another request under the same key is refused.
    package let fingerprint: [UInt8]

    package init(credential: UUID, key: String, fingerprint: [UInt8]) {
        self.credential = credential
        self.key = key
        self.fingerprint = fingerprint
    }

    /// What was answered the first time.
    package struct Answer: Sendable, Hashable {
        package let status: Int
        package let version: Int?
        package let location: String?
        package let body: String?

        package init(status: Int, version: Int? = nil, location: String? = nil, body: String?) {
            self.status = status
            self.version = version
            self.location = location
            self.body = body
        }
    }

    private enum Constraint {
        static let running = "idempotent_requests_running"
        static let answered = "idempotent_requests_answered"
    }

    /// Goes before everything else in the unit: ends it when the same request is running or was answered already.
    ///
    /// The lock lasts until the transaction ends, when the answer becomes visible: there is no moment between the two.
    package var claim: [SQL] {
        [
            """
            SELECT cell.refuse('TN001', \(Constraint.running))
            WHERE NOT pg_try_advisory_xact_lock(hashtextextended(\(credential.uuidString + key), 0))
            """,
            """
            SELECT cell.refuse('TN001', \(Constraint.answered))
            WHERE EXISTS (
                SELECT FROM idempotent_requests
                WHERE credential = \(credential) AND key = \(key) AND created_at > now() - interval '24 hours')
            """,
        ] + (fingerprint[0] < 16 ? [Self.forgetExpired] : [])
    }

    /// Rides along with one request in sixteen, so that the table stays as large as a day's requests.
    private static let forgetExpired: SQL = """
        DELETE FROM idempotent_requests
        WHERE (credential, key) IN (
            SELECT credential, key FROM idempotent_requests
            WHERE created_at < now() - interval '24 hours' ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED)
        """

    /// An INSERT that keeps the answer; `source` selects status, version, location and body.
    package func remember(_ source: SQL) -> SQL {
        """
        INSERT INTO idempotent_requests (credential, key, fingerprint, status, version, location, body)
        SELECT \(credential)::uuid, \(key)::text, \(SQLValue.bytes(fingerprint))::bytea, source.* FROM (\(source)) AS source
        ON CONFLICT (credential, key) DO UPDATE
        SET fingerprint = excluded.fingerprint, created_at = excluded.created_at, status = excluded.status,
            version = excluded.version, location = excluded.location, body = excluded.body
        WHERE idempotent_requests.created_at < now() - interval '24 hours'
        """
    }

    package func remember(_ answer: Answer) -> SQL {
        remember(
            """
            SELECT \(answer.status)::smallint, \(answer.version.sqlValue)::integer, \(answer.location.sqlValue)::text,
                \(answer.body.sqlValue)::text
            """)
    }

    package var lookup: SQL {
        """
        SELECT fingerprint = \(SQLValue.bytes(fingerprint)), status, version, location, body
        FROM idempotent_requests
        WHERE credential = \(credential) AND key = \(key) AND created_at > now() - interval '24 hours'
        """
    }

    /// Whether the refusal says that the request is running (`nil` answer) or was answered before.
    package enum Outcome: Sendable { case running, answered }

    package static func outcome(of refusal: PostgresError.Refusal) -> Outcome? {
        switch refusal.constraint {
        case Constraint.running: .running
        case Constraint.answered: .answered
        default: nil
        }
    }

    /// Reads the row of `lookup`: the first answer, or a problem when the key stands for another request.
    package func answer(in rows: Rows) throws -> Answer {
        guard let row = rows.first else {
            throw Problem(.idempotencyRunning, "The same request is still running; ask again in a moment.", retryAfter: 1)
        }
        guard try row.bool(0) else {
            throw Problem(.idempotencyMismatch, "This Idempotency-Key was used for another request; take a new key for a new request.")
        }
        return Answer(
            status: try row.int(1), version: try row.optionalInt(2), location: row.optionalText(3), body: row.optionalText(4))
    }
}

import Foundation
import Postgres

/// What the payment provider has told us: kept byte for byte, each event once, and acted upon until that has succeeded.
package struct PaymentEvents: Sendable {
    let control: Control

    /// One that waits.
    package struct Waiting: Sendable {
        package let id: String
        package let body: [UInt8]
        /// How often it was tried, this time included.
        package let attempts: Int
    }

    /// How long whoever took an event has for it, until it is anyone's again.
    private static let turn: SQL = "interval '1 minute'"

    /// Keeps an event; false for one that came before. Whoever keeps a new one acts upon it: the others leave it alone for a minute.
    package func keep(_ id: String, type: String, _ body: [UInt8]) async throws -> Bool {
        let rows = try await control.rows(
            """
            WITH kept AS (
                INSERT INTO payment_events (id, type, body) VALUES (\(id), \(type), \(SQLValue.bytes(body))) ON CONFLICT DO NOTHING RETURNING id
            )
            INSERT INTO payment_work (event_id, due_at, attempts) SELECT id, clock_timestamp() + \(Self.turn), 1 FROM kept RETURNING event_id
            """, isRepeatable: false)
        return !rows.isEmpty
    }

    /// The next that is due; it is the caller's for a minute.
    package func next() async throws -> Waiting? {
        try await control.rows(
            """
            WITH taken AS (
                UPDATE payment_work SET due_at = clock_timestamp() + \(Self.turn), attempts = attempts + 1
                WHERE event_id = (
                    SELECT event_id FROM payment_work WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
                RETURNING event_id, attempts
            )
            SELECT id, body, attempts FROM taken JOIN payment_events ON id = event_id
            """, isRepeatable: false
        ).first.map { row throws(PostgresError) in Waiting(id: try row.text(0), body: try row.bytes(1), attempts: try row.int(2)) }
    }

    package func done(_ id: String) async throws {
        _ = try await control.rows("DELETE FROM payment_work WHERE event_id = \(id)", isRepeatable: true)
    }

    package func putOff(_ id: String, by delay: Duration, because reason: String) async throws {
        _ = try await control.rows(
            """
            UPDATE payment_work SET due_at = clock_timestamp() + make_interval(secs => \(Int(delay.components.seconds))),
                error = \(String(reason.prefix(500)))
            WHERE event_id = \(id)
            """, isRepeatable: true)
    }
}

extension Installation {
    package var paymentEvents: PaymentEvents { PaymentEvents(control: control) }
}

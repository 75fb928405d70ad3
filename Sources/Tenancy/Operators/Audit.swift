import Foundation
import Postgres

/// What was done to tenants and by whom, as a chain in which nothing can be changed unnoticed: `hash` is the SHA-256 of `prev_hash` and the
/// row's canonical JSON (RFC 8785) without `hash`. Each verb of this room appends its own row, in the transaction that does it.
package struct Audit: Sendable {
    let control: Control

    package struct Entry: Sendable, Hashable {
        package let seq: Int
        package let at: Date
        package let actor: String
        package let action: String
        package let target: String?
        package let reason: String?
        package let requestID: String?
        package let prevHash: String
        package let hash: String
        /// The row as it was hashed.
        package let canonical: String

        /// The row with its hash: what an operator gets, and can compute again.
        package var json: String { canonical.dropLast() + ",\"hash\":\"\(hash)\"}" }
    }

    /// For what is done elsewhere.
    package func append(_ action: String, target: String?, by instruction: Instruction) async throws {
        _ = try await control.run([
            "SELECT append_audit(\(instruction.actor), \(action), \(target), \(instruction.reason), \(instruction.requestID))"
        ])
    }

    /// The tenants that are suspended now and were so last for this reason, by slug.
    package func suspended(for reason: String) async throws -> [String] {
        try await control.rows(
            """
            SELECT t.slug FROM tenants AS t CROSS JOIN LATERAL (
                SELECT reason FROM audit WHERE target = t.slug AND action = 'suspend' ORDER BY seq DESC LIMIT 1) AS last
            WHERE t.state = 'suspended' AND last.reason = \(reason) ORDER BY t.slug
            """
        ).map { try $0.text(0) }
    }

    /// The newest first; those before `seq`, if given; about one target, if given.
    package func entries(before seq: Int? = nil, target: String? = nil, limit: Int) async throws -> [Entry] {
        try await control.rows(
            """
            SELECT seq, at, actor, action, target, reason, request_id, prev_hash, hash,
                canonical_audit(seq, at, actor, action, target, reason, prev_hash)
            FROM audit
            WHERE (\(seq)::bigint IS NULL OR seq < \(seq)::bigint) AND (\(target)::text IS NULL OR target = \(target)::text)
            ORDER BY seq DESC LIMIT \(limit)
            """
        ).map { row in
            Entry(
                seq: try row.int(0), at: try row.date(1), actor: try row.text(2), action: try row.text(3), target: row.optionalText(4),
                reason: row.optionalText(5), requestID: row.optionalText(6), prevHash: try row.text(7), hash: try row.text(8),
                canonical: try row.text(9))
        }
    }
}

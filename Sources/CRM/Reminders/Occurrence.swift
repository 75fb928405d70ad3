import Foundation
import Jobs
import Postgres
import Records
import Secrets

/// One time at which one recipient is told of one thing; a row of the ledger once it is due.
struct Occurrence: Sendable {
    /// Nil: one of a task's own.
    let reminder: UUID?
    let aboutType: String?
    let aboutID: UUID?
    /// The field that it counts from.
    var field: String?
    let recipient: String
    let due: ReminderSeries.Due

    /// Follows from what it is, so that whoever enters it, and however often, enters it once; its Message-ID follows from it too.
    var id: UUID {
        let parts = [reminder?.uuidString, aboutID?.uuidString, recipient, due.occasion].map { $0 ?? "" }
        var bytes = Array(Digest.sha256(parts.joined(separator: "\u{1F}").lowercased()).prefix(16))
        // RFC 9562, version 8: made as we like.
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return UUID(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], bytes[8], bytes[9], bytes[10], bytes[11],
                bytes[12], bytes[13], bytes[14], bytes[15]
            ))
    }

    enum Entry: Sendable {
        case toSend
        case skipped(String)
    }

    /// Enters them, each once, and promises the mails of those that are new, in one statement each.
    static func entering(_ occurrences: [(Occurrence, Entry)]) -> [SQL] {
        guard !occurrences.isEmpty else { return [] }
        let all = occurrences.map(\.0)
        let reasons = occurrences.map { entry -> String? in if case .skipped(let reason) = entry.1 { reason } else { nil } }
        let insert: SQL = """
            INSERT INTO occurrences (id, reminder_id, about_type, about_id, recipient, due_at, local, time_zone, status, reason, settled_at)
            SELECT id, reminder_id, about_type, about_id, recipient, due_at, local, time_zone,
                CASE WHEN reason IS NULL THEN 'planned' ELSE 'skipped' END, reason, CASE WHEN reason IS NOT NULL THEN cell.tenant_now() END
            FROM unnest(\(all.map(\.id))::uuid[], \(all.map(\.reminder))::uuid[], \(all.map(\.aboutType))::text[],
                \(all.map(\.aboutID))::uuid[], \(all.map(\.recipient))::text[], \(all.map { Optional($0.due.instant) })::timestamptz[],
                \(all.map(\.due.local))::text[], \(all.map(\.due.zone))::text[], \(reasons)::text[])
                AS new (id, reminder_id, about_type, about_id, recipient, due_at, local, time_zone, reason)
            ON CONFLICT (id) DO NOTHING
            """
        let mails = occurrences.filter { if case .toSend = $0.1 { true } else { false } }.map(\.0)
        guard !mails.isEmpty else { return [insert] }
        // A mail that was promised before and is done is looked at again and found settled.
        return [
            insert, .enqueue(mails.map { Promise(SendReminder(occurrence: $0.id, type: $0.aboutType, field: $0.field), key: "\($0.id)") }),
        ]
    }
}

import Foundation
import Secrets

/// How far someone has read a tenant's changes.
///
/// Transactions commit in another order than they begin, so neither a time nor a number says what has been seen. A snapshot does: it is
/// PostgreSQL's own record of which transactions were over at a moment. Between two moments exactly those changes came whose transaction
/// the later snapshot sees and the earlier does not; whatever is still running then is in neither and comes with a later one. So nothing is
/// skipped and nothing comes twice, whoever commits when, and no transaction that takes long keeps the others' changes back.
package struct EventCursor: Sendable, Hashable {
    /// Everything that this snapshot sees has been read ...
    let seen: Snapshot
    /// ... and of what came after it, up to another moment, everything up to this row.
    let partly: Part?

    struct Part: Sendable, Hashable {
        let until: Snapshot
        let transaction: UInt64
        let id: UUID
    }

    init(seen: Snapshot, partly: Part? = nil) {
        self.seen = seen
        self.partly = partly
    }

    /// Reads `text`. Refuses with `.cursor` what is none of ours.
    package init(parsing text: String) throws(Problem) {
        guard let bytes = Base64.url.decode(text), bytes.count <= 65_536 else { throw Self.unknown }
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: ";", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 4, let seen = Snapshot(parts[0]) else { throw Self.unknown }
        self.seen = seen
        guard parts.count == 4 else {
            partly = nil
            return
        }
        guard let until = Snapshot(parts[1]), let transaction = UInt64(parts[2]), let id = UUID(text: String(parts[3])) else {
            throw Self.unknown
        }
        partly = Part(until: until, transaction: transaction, id: id)
    }

    static let unknown = Problem(.cursor, "Last-Event-ID is not one that this address has given; leave it out to begin with now.")

    /// Opaque to clients; letters, digits, `-` and `_`.
    package var text: String {
        let rest = partly.map { ";\($0.until.text);\($0.transaction);\($0.id.text)" } ?? ""
        return Base64.url.encode(Array((seen.text + rest).utf8))
    }
}

/// `pg_snapshot` as text, `xmin:xmax:running,...`, checked as PostgreSQL would check it.
struct Snapshot: Sendable, Hashable {
    let text: String
    /// The first transaction that had not begun.
    let next: UInt64

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let oldest = UInt64(parts[0]), let next = UInt64(parts[1]), oldest > 0, oldest <= next else { return nil }
        var last = oldest - 1
        for part in parts[2].split(separator: ",", omittingEmptySubsequences: parts[2].isEmpty) {
            guard let running = UInt64(part), running > last, running < next else { return nil }
            last = running
        }
        self.text = String(text)
        self.next = next
    }
}

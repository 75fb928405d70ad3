import Foundation
import Postgres
import Secrets

/// The audit read from its first row to its end, every hash made anew here, outside the database that keeps it.
///
/// Found are: a row that was altered, a row that is missing in the middle, rows cut off the end (the head remembers where that was), and a
/// chain that was written anew as a whole, head included (the seals say what it was, and only the holder of the installation's key can make
/// one). Whoever keeps the head of an earlier look outside the installation also finds a chain whose newest seals were taken away with it.
package struct AuditChain: Sendable {
    let control: Control
    let identity: IdentityHolder

    /// A place in the chain.
    package struct Head: Sendable, Hashable {
        package let seq: Int
        package let hash: String

        package init(seq: Int, hash: String) { (self.seq, self.hash) = (seq, hash) }

        /// As `12:ab34...`; nil for anything else.
        package init?(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let seq = Int(parts[0]), seq >= 0, parts[1].count == 64 else { return nil }
            self.init(seq: seq, hash: String(parts[1]))
        }

        package var text: String { "\(seq):\(hash)" }

        /// Before the first row.
        static let beginning = Head(seq: 0, hash: String(repeating: "0", count: 64))
    }

    /// What is not as it was written.
    package struct Flaw: Sendable, Hashable {
        package let seq: Int
        package let what: String
    }

    package struct Report: Sendable {
        package fileprivate(set) var rows = 0
        package fileprivate(set) var seals = 0
        /// The last row that is there.
        package fileprivate(set) var head = Head.beginning
        package fileprivate(set) var flaws: [Flaw] = []
    }

    /// - Parameter known: a head that an earlier look answered and that was kept elsewhere.
    package func verify(against known: Head? = nil) async throws -> Report {
        var report = Report()
        var promised = try await seals(&report)
        if let known, known.seq > 0 { promised[known.seq, default: []].append((known.hash, "the head you know")) }
        // The head is read first: what is appended meanwhile stands behind it.
        let remembered = try await head()
        while true {
            let page = try await page(after: report.head.seq)
            for link in page { examine(link, &promised, &report) }
            if page.count < Self.pageSize { break }
        }
        for (seq, promises) in promised where seq > report.head.seq {
            for (_, whose) in promises { report.flaws.append(Flaw(seq: seq, what: "missing; \(whose) names it")) }
        }
        guard let remembered else {
            report.flaws.append(Flaw(seq: report.head.seq, what: "the audit's head is missing"))
            return report
        }
        if report.head.seq < remembered.seq {
            report.flaws.append(Flaw(seq: report.head.seq + 1, what: "missing, and all after it up to \(remembered.seq)"))
        }
        report.flaws.sort { ($0.seq, $0.what) < ($1.seq, $1.what) }
        return report
    }

    /// Seals the chain as it is now, if it has grown since the last seal.
    func seal() async throws {
        let identity = try await identity.identity()
        guard let head = try await head(), head.seq > 0 else { return }
        let mac = identity.keyed(Self.purpose, Array(head.text.utf8))
        _ = try await control.rows(
            "INSERT INTO audit_seals (seq, hash, mac) VALUES (\(head.seq), \(head.hash), \(SQLValue.bytes(mac))) ON CONFLICT DO NOTHING",
            isRepeatable: true)
    }

    private func head() async throws -> Head? {
        try await control.rows("SELECT seq, hash FROM audit_head").first.map { Head(seq: try $0.int(0), hash: try $0.text(1)) }
    }

    private func seals(_ report: inout Report) async throws -> [Int: [(hash: String, whose: String)]] {
        let identity = try await identity.identity()
        var promised: [Int: [(hash: String, whose: String)]] = [:]
        for row in try await control.rows("SELECT seq, hash, mac FROM audit_seals ORDER BY seq") {
            let head = Head(seq: try row.int(0), hash: try row.text(1))
            let (mac, message) = (try row.bytes(2), Array(head.text.utf8))
            let known = [identity.keyed(Self.purpose, message)] + identity.formerlyKeyed(Self.purpose, message)
            guard known.contains(where: { Digest.isEqual($0, mac) }) else {
                report.flaws.append(Flaw(seq: head.seq, what: "its seal was not made with this installation's key"))
                continue
            }
            report.seals += 1
            promised[head.seq, default: []].append((head.hash, "a seal"))
        }
        return promised
    }

    private func page(after seq: Int) async throws -> [Link] {
        try await control.rows(
            """
            SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), actor, action, target, reason, request_id,
                prev_hash, hash, request_hash
            FROM audit WHERE seq > \(seq) ORDER BY seq LIMIT \(Self.pageSize)
            """
        ).map(Link.init)
    }

    private func examine(_ link: Link, _ promised: inout [Int: [(hash: String, whose: String)]], _ report: inout Report) {
        let before = report.head
        report.rows += 1
        report.head = Head(seq: link.seq, hash: link.hash)
        if link.seq > before.seq + 1 {
            let last = link.seq - 1
            report.flaws.append(Flaw(seq: before.seq + 1, what: last == before.seq + 1 ? "missing" : "missing, and all up to \(last)"))
        } else if link.prevHash != before.hash {
            report.flaws.append(Flaw(seq: link.seq, what: "does not follow the row before it"))
        }
        if link.hash != link.computedHash || link.requestHash != link.computedRequestHash {
            report.flaws.append(Flaw(seq: link.seq, what: "altered"))
        }
        for (hash, whose) in promised.removeValue(forKey: link.seq) ?? [] where hash != link.hash {
            report.flaws.append(Flaw(seq: link.seq, what: "altered; \(whose) has another hash"))
        }
    }

    private static let pageSize = 2000
    private static let purpose = "audit seal"

    /// A row of the audit, and what its hashes must be.
    private struct Link {
        let seq: Int
        let hash: String
        let prevHash: String
        let requestHash: String
        let computedHash: String
        let computedRequestHash: String

        init(_ row: Row) throws {
            seq = try row.int(0)
            (prevHash, hash, requestHash) = (try row.text(7), try row.text(8), try row.text(9))
            // RFC 8785: members in alphabetical order, without spaces.
            let canonical =
                "{\"action\":\(Self.literal(try row.text(3))),\"actor\":\(Self.literal(try row.text(2))),\"at\":\"\(try row.text(1))\""
                + ",\"prev_hash\":\(Self.literal(prevHash)),\"reason\":\(Self.literal(row.optionalText(5))),\"seq\":\(seq)"
                + ",\"target\":\(Self.literal(row.optionalText(4)))}"
            computedHash = Digest.sha256(prevHash + canonical).hex
            computedRequestHash = Digest.sha256(hash + Self.literal(row.optionalText(6))).hex
        }

        /// As RFC 8785, 3.2.2.2 writes text.
        private static func literal(_ text: String?) -> String {
            guard let text else { return "null" }
            var literal = "\""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "\"": literal += "\\\""
                case "\\": literal += "\\\\"
                case "\u{8}": literal += "\\b"
                case "\u{9}": literal += "\\t"
                case "\u{A}": literal += "\\n"
                case "\u{C}": literal += "\\f"
                case "\u{D}": literal += "\\r"
                case _ where scalar.value < 0x20: literal += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
                default: literal.unicodeScalars.append(scalar)
                }
            }
            return literal + "\""
        }
    }
}

/// A server's answer (RFC 5321, 4.2): three digits, perhaps an enhanced code (RFC 3463), and words.
package struct SMTPReply: Sendable, Hashable, CustomStringConvertible {
    package let code: Int
    /// As in `5.1.1`: no such mailbox.
    package let status: String?
    package let text: String

    package init(code: Int, text: String) {
        self.code = code
        let first = text.prefix { $0 != " " }
        let isStatus = Self.isStatus(first)
        status = isStatus ? String(first) : nil
        self.text = isStatus ? String(text.dropFirst(first.count + 1)) : text
    }

    /// By hand: a pattern would be read anew for each answer, four times for each mail.
    private static func isStatus(_ word: Substring) -> Bool {
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, ["2", "4", "5"].contains(parts[0]) else { return false }
        return parts.dropFirst().allSatisfy { part in
            (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
    }

    package var isTemporary: Bool { (400..<500).contains(code) }
    package var isRefusal: Bool { (500..<600).contains(code) }

    package var description: String { [String(code), status, text].compactMap { $0 }.joined(separator: " ") }
}

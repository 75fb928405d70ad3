/// A server's answer (RFC 5321, 4.2): three digits, perhaps an enhanced code (RFC 3463), and words.
package struct SMTPReply: Sendable, Hashable, CustomStringConvertible {
    package let code: Int
    /// As in `5.1.1`: no such mailbox.
    package let status: String?
    package let text: String

    package init(code: Int, text: String) {
        self.code = code
        let first = text.prefix { $0 != " " }
        let isStatus = first.wholeMatch(of: /[245]\.\d{1,3}\.\d{1,3}/) != nil
        status = isStatus ? String(first) : nil
        self.text = isStatus ? String(text.dropFirst(first.count + 1)) : text
    }

    package var isTemporary: Bool { (400..<500).contains(code) }
    package var isRefusal: Bool { (500..<600).contains(code) }

    package var description: String { [String(code), status, text].compactMap { $0 }.joined(separator: " ") }
}

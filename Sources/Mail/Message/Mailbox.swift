import Foundation

/// Who a mail comes from or goes to (RFC 5322, 3.4): an address, and the name people know them by.
package struct Mailbox: Sendable, Hashable {
    /// One line; nil rather than empty.
    package let name: String?
    /// As it is written in headers and said to servers: ASCII, with the domain in its ASCII form and lower case.
    package let address: String

    /// The part after `@`: by it servers count who sends them how much.
    package var domain: String { String(address[address.index(after: address.lastIndex(of: "@") ?? address.startIndex)...]) }

    /// Refuses an address that is no `local@domain`, in words. A name may be anything: what cannot stand in a line becomes a space.
    package init(_ address: String, name: String? = nil) throws(MailRefusal) {
        self.address = try Self.checked(address)
        let line = name.map(OneLine.of) ?? ""
        self.name = line.isEmpty ? nil : line
    }

    /// Reads `Tenantry <crm@example.com>` or a bare address, as settings have it.
    package init(parsing text: String) throws(MailRefusal) {
        let text = text.trimmingCharacters(in: .whitespaces)
        guard text.hasSuffix(">"), let start = text.lastIndex(of: "<") else {
            try self.init(text)
            return
        }
        var name = text[..<start].trimmingCharacters(in: .whitespaces)
        if name.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") { name = String(name.dropFirst().dropLast()) }
        try self.init(String(text[text.index(after: start)...].dropLast()), name: name)
    }

    private static func checked(_ text: String) throws(MailRefusal) -> String {
        // By scalars: a combining mark behind `@` would make another character of it.
        guard let at = text.unicodeScalars.lastIndex(of: "@") else { throw MailRefusal("An e-mail address has an `@`.") }
        let local = text.unicodeScalars[..<at]
        guard !local.isEmpty, local.count <= 64 else { throw MailRefusal("What stands before the `@` has 1 to 64 characters.") }
        let parts = local.split(separator: ".", omittingEmptySubsequences: false)
        // Without quoted local parts ("a b"@example.com), which nobody has, and those beyond ASCII, which most servers refuse (RFC 6531).
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Characters.isAtom) }) else {
            throw MailRefusal("What stands before the `@` is letters, digits and signs of ASCII, with single dots between them.")
        }
        // Some programs decode encoded words (RFC 2047) wherever they look like ones: such an address could put a line break into a header.
        guard !local.contains("=") || !String(String.UnicodeScalarView(local)).contains("=?") else {
            throw MailRefusal("What stands before the `@` does not contain `=?`.")
        }
        let domain = try DomainName.ascii(String(text.unicodeScalars[text.unicodeScalars.index(after: at)...]))
        return String(String.UnicodeScalarView(local)) + "@" + domain
    }
}

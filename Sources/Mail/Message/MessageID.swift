import Foundation
import Secrets

/// The name of one mail among all mails (RFC 5322, 3.6.4). It is stored before the dialogue with a server begins, so that a mail whose fate
/// is unknown can be looked for.
package struct MessageID: Sendable, Hashable, CustomStringConvertible {
    /// With its angle brackets: `<0198...@example.com>`.
    package let description: String

    /// A new one.
    package static func make(domain: String) throws(MailRefusal) -> MessageID {
        MessageID(trusted: "<\(UUID.v7().uuidString.lowercased())@\(try DomainName.ascii(domain))>")
    }

    /// One that was stored; nil for text of another form.
    package init?(_ text: String) {
        let inner = text.utf8.dropFirst().dropLast()
        guard text.utf8.first == UInt8(ascii: "<"), text.utf8.last == UInt8(ascii: ">"), (3...250).contains(inner.count),
            inner.filter({ $0 == UInt8(ascii: "@") }).count == 1,
            inner.allSatisfy({ Characters.isAtom($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "@") })
        else { return nil }
        description = text
    }

    private init(trusted: String) {
        description = trusted
    }
}

import Foundation

/// Where a mail program unsubscribes its user with one click (RFC 8058): a POST to this address, without any question.
package struct UnsubscribeLink: Sendable, Hashable {
    package let address: String

    /// Refuses what is no web address, or one too long for a header. RFC 8058 asks for `https`; `http` is for a server on one's own machine.
    package init(_ address: String) throws(MailRefusal) {
        guard address.utf8.count <= 900, address.utf8.allSatisfy(Characters.isVisible), !address.contains(where: { "<>\"".contains($0) }),
            let url = URL(string: address), url.scheme == "https" || url.scheme == "http", url.host != nil
        else { throw MailRefusal("An address to unsubscribe begins with https:// and has at most 900 characters of ASCII.") }
        self.address = address
    }
}

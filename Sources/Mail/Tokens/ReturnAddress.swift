import Foundation

/// The address to which servers report failures, different for each mail and signed (VERP): a report to it says which mail came back, and
/// nobody can make one up.
package struct ReturnAddress: Sendable {
    /// A local part has at most 64 characters: the letter `b`, and 63 of base 32 for two identifiers and 56 bits of signature. To guess one
    /// takes 2^55 reports.
    private static let signatureLength = 7

    private let token: SignedToken
    private let domain: String

    /// - Parameters:
    ///   - domain: where all mail is brought to us, as in `bounces.example.com`. Refused when it is no domain.
    ///   - key: at least 32 bytes that nobody else has.
    package init(domain: String, key: [UInt8]) throws(MailRefusal) {
        self.domain = try DomainName.ascii(domain)
        token = SignedToken(purpose: "return address", key: key)
    }

    /// The return address of one mail of one owner.
    package func address(owner: UUID, mail: UUID) throws(MailRefusal) -> Mailbox {
        let bytes = token.signed(owner.bytes + mail.bytes, Self.signatureLength)
        return try Mailbox("b\(Base32.encode(bytes))@\(domain)")
    }

    /// Whose mail it was; nil for an address that is not ours. The domain is not looked at: forwarders rewrite it.
    package func parse(_ address: String) -> (owner: UUID, mail: UUID)? {
        let local = address.prefix { $0 != "@" }.lowercased()
        guard local.first == "b", let bytes = Base32.decode(local.dropFirst()), bytes.count == 32 + Self.signatureLength,
            let content = token.verified(bytes, Self.signatureLength)
        else { return nil }
        return (UUID(bytes: content[..<16]), UUID(bytes: content[16...]))
    }
}

extension UUID {
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: uuid) { Array($0) } }

    /// Of sixteen bytes.
    fileprivate init(bytes: ArraySlice<UInt8>) {
        var uuid = UUID().uuid
        withUnsafeMutableBytes(of: &uuid) { $0.copyBytes(from: bytes.prefix(16)) }
        self.init(uuid: uuid)
    }
}

import Secrets

/// A few bytes that only we can have written, as text for links: who has the link may do what it says, and nobody can guess one.
///
/// The bytes can be read by anyone; what they name must be no secret. A token of one purpose does not open as one of another.
package struct SignedToken: Sendable {
    private let key: [UInt8]
    private let purpose: String

    /// - Parameter key: at least 32 bytes that nobody else has.
    package init(purpose: String, key: [UInt8]) {
        precondition(key.count >= 32, "a key has at least 32 bytes")
        self.purpose = purpose
        self.key = key
    }

    /// base64url without padding: for addresses of pages.
    package func seal(_ bytes: [UInt8]) -> String { Base64.url.encode(bytes + signature(bytes, Self.linkSignature)) }

    /// The bytes, or nil when we did not write this.
    package func open(_ text: some StringProtocol) -> [UInt8]? {
        Base64.url.decode(text).flatMap { verified($0, Self.linkSignature) }
    }

    /// Bytes with the first `length` bytes of their signature.
    func signed(_ bytes: [UInt8], _ length: Int) -> [UInt8] { bytes + signature(bytes, length) }

    func verified(_ bytes: [UInt8], _ length: Int) -> [UInt8]? {
        guard bytes.count > length else { return nil }
        let content = Array(bytes.dropLast(length))
        return Digest.isEqual(signature(content, length), Array(bytes.suffix(length))) ? content : nil
    }

    private static let linkSignature = 16

    /// The purpose's length comes first, so that no purpose and bytes together read as another purpose.
    private func signature(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
        let head = Array("\(purpose.utf8.count):\(purpose):".utf8)
        return Array(Digest.hmac(key: key, head + bytes).prefix(length))
    }
}

/// A picture that travels within the mail and that the HTML shows as `<img src="cid:...">`.
package struct InlineImage: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable { case png, jpeg, gif }

    package let kind: Kind
    package let bytes: [UInt8]

    /// In bytes.
    package static let largest = 256 << 10

    /// The name by which the HTML speaks of it. One mail has one picture, so it needs no other.
    static let contentID = "logo@tenantry"

    /// Takes what begins as a PNG, JPEG or GIF does, up to 256 KiB; refuses anything else. SVG is not shown by most mail programs, and may
    /// hold scripts.
    package init(_ bytes: [UInt8]) throws(MailRefusal) {
        guard bytes.count <= Self.largest else { throw MailRefusal("A logo in a mail has at most 256 KiB.") }
        guard let kind = Kind.allCases.first(where: { bytes.starts(with: $0.signature) }) else {
            throw MailRefusal("A logo in a mail is a PNG, JPEG or GIF.")
        }
        self.kind = kind
        self.bytes = bytes
    }
}

extension InlineImage.Kind {
    fileprivate var signature: [UInt8] {
        switch self {
        case .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        case .jpeg: [0xFF, 0xD8, 0xFF]
        case .gif: Array("GIF8".utf8)
        }
    }
}

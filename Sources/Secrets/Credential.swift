/// What a program or a browser shows to be let in; it names its tenant itself, so that a look-up needs no other hint.
///
/// `tk_<slug>_<43 base64url><6 checksum>` is a tenant's API key, `ts_<slug>_...` a session, `tc_<slug>_...` reads
/// one user's calendar, `tg_<slug>_...` lets an operator into the account for a while, `to_<43><6>` is an operator's token. The random
/// part may hold `_`: split at the first two. Only `hash` is ever stored.
package struct Credential: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case apiKey = "tk"
        case session = "ts"
        case calendar = "tc"
        case grant = "tg"
        case `operator` = "to"

        /// An operator's token belongs to the installation, the others to one tenant.
        package var namesTenant: Bool { self != .operator }
    }

    package let kind: Kind
    /// The tenant it opens; nil for an operator's.
    package let slug: String?
    /// The whole secret: shown once to its holder, then forgotten.
    package let text: String

    /// SHA-256 of the whole text: enough for 256 random bits, which cannot be guessed from it.
    package var hash: [UInt8] { Digest.sha256(text) }

    /// The beginning by which people tell their keys apart; says nothing useful to a thief.
    package var visiblePrefix: String { String(text.dropLast(Self.secretLength - 4)) }

    /// A new one with 256 random bits. A slug goes with every kind but the operator's.
    package static func mint(_ kind: Kind, slug: String? = nil) -> Credential {
        precondition(kind.namesTenant == (slug != nil), "a slug belongs to every credential but an operator's")
        let head = [kind.rawValue, slug].compactMap { $0 }.joined(separator: "_") + "_"
        let unsigned = head + Base64.url.encode(RandomBytes.make(32))
        return Credential(kind: kind, slug: slug, text: unsigned + Checksum.of(unsigned))
    }

    /// Checks form and checksum, so that a slip of the pen is refused before anyone looks anything up; nil for anything else.
    package init?(parsing text: some StringProtocol) {
        var text = String(text)
        guard let parts = text.withUTF8(Self.parts) else { return nil }
        (kind, slug) = parts
        self.text = text
    }

    /// Each request begins with this, so it works on bytes.
    private static func parts(of text: UnsafeBufferPointer<UInt8>) -> (Kind, slug: String?)? {
        let separator = UInt8(ascii: "_")
        guard text.count >= secretLength + 3, text[2] == separator, let kind = Kind(rawValue: String(decoding: text[..<2], as: UTF8.self))
        else {
            return nil
        }
        let start = text.count - secretLength
        let signed = text.count - Checksum.length
        guard text[start - 1] == separator, text[start..<signed].allSatisfy(Base64.url.contains),
            Checksum.matches(text[signed...], of: text[..<signed])
        else { return nil }
        guard kind.namesTenant else { return start == 3 ? (kind, nil) : nil }
        guard start > 4, couldBeSlug(text[3..<(start - 1)]) else { return nil }
        return (kind, String(decoding: text[3..<(start - 1)], as: UTF8.self))
    }

    private init(kind: Kind, slug: String?, text: String) {
        self.kind = kind
        self.slug = slug
        self.text = text
    }

    private static let secretLength = 43 + Checksum.length

    private static func couldBeSlug(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        (3...40).contains(text.count)
            && text.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0) || (UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0) || $0 == UInt8(ascii: "-")
            }
    }
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without the secret: a credential that ends up in a log opens nothing.
    package var description: String { visiblePrefix + "..." }
    package var debugDescription: String { description }
}

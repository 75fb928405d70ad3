import Secrets

/// Proof that a write came from our own page and not from another one that made the browser send its cookie along.
///
/// Derived from the session's token, so nothing needs to be kept; another page can read neither.
enum CSRFToken {
    static func of(_ session: Credential) -> String {
        Base64.url.encode(Digest.hmac(key: Array(session.text.utf8), "csrf"))
    }

    static func isValid(_ given: String?, for session: Credential) -> Bool {
        guard let given, let plain = unmasked(given) else { return false }
        return Digest.isEqual(plain, Array(of(session).utf8))
    }

    /// The same proof under a mask that is new each time. It stands in pages that are compressed and that repeat what their reader's address
    /// says: without the mask their length would tell the proof bit by bit (BREACH).
    static func masked(of session: Credential) -> String {
        let plain = Array(of(session).utf8)
        let mask = RandomBytes.make(plain.count)
        return mark + Base64.url.encode(mask + zip(mask, plain).map { $0 ^ $1 })
    }

    private static let mark = "m."

    private static func unmasked(_ given: String) -> [UInt8]? {
        guard given.hasPrefix(mark) else { return Array(given.utf8) }
        guard let both = Base64.url.decode(String(given.dropFirst(mark.count))), both.count.isMultiple(of: 2) else { return nil }
        return zip(both.prefix(both.count / 2), both.suffix(both.count / 2)).map { $0 ^ $1 }
    }
}

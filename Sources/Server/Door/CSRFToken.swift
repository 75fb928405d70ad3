import Secrets

/// Proof that a write came from our own page and not from another one that made the browser send its cookie along.
///
/// Derived from the session's token, so nothing needs to be kept; another page can read neither.
enum CSRFToken {
    static func of(_ session: Credential) -> String {
        Base64.url.encode(Digest.hmac(key: Array(session.text.utf8), "csrf"))
    }

    static func isValid(_ given: String?, for session: Credential) -> Bool {
        guard let given else { return false }
        return Digest.isEqual(Array(given.utf8), Array(of(session).utf8))
    }
}

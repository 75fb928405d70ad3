import HTTPTypes
import Records

extension Call {
    /// Which versions of a record the caller is willing to change (`If-Match`, RFC 9110, 13.1.1); nil without the header. Tags that no
    /// record could have are left out, so the list may be empty: then none matches.
    ///
    /// Weak or unquoted tags are refused with `.malformed`: they cannot promise that nothing is overwritten.
    package var precondition: Precondition? {
        get throws(Problem) {
            guard let header = headers[.ifMatch] else { return nil }
            if header.trimmedOfSpaces == "*" { return .exists }
            guard let tags = EntityTag.list(header), !tags.contains(where: \.isWeak) else {
                throw Problem(.malformed, "If-Match holds the ETag of an answer, in its quotes (\"3\"), several with commas, or *.")
            }
            return .versions(
                tags.compactMap { tag in Int32(tag.opaque).flatMap { String($0) == tag.opaque ? Int($0) : nil } })
        }
    }

    /// Whether the caller already has this version (`If-None-Match`): then 304.
    func alreadyHas(_ version: Int) throws(Problem) -> Bool {
        try alreadyHas(tag: String(version))
    }

    /// The same for what has no version: `tag` is made of its content.
    func alreadyHas(tag: String) throws(Problem) -> Bool {
        guard let header = headers[.ifNoneMatch] else { return false }
        if header.trimmedOfSpaces == "*" { return true }
        guard let tags = EntityTag.list(header) else {
            throw Problem(.malformed, "If-None-Match holds the ETag of an answer, in its quotes (\"3\"), several with commas, or *.")
        }
        return tags.contains { $0.opaque == tag }
    }
}

/// `"3"` or `W/"3"` (RFC 9110, 8.8.3).
struct EntityTag: Sendable, Hashable {
    let opaque: String
    let isWeak: Bool

    /// Tags with commas between them; nil when anything else stands there, or nothing.
    static func list(_ header: String) -> [EntityTag]? {
        var tags: [EntityTag] = []
        var rest = header.utf8[...]
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            let isWeak = rest.starts(with: "W/".utf8)
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == UInt8(ascii: "\"") else { return nil }
            let opaque = rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") && $0 > 0x20 && $0 != 0x7F }
            rest = rest[opaque.endIndex...]
            guard rest.first == UInt8(ascii: "\""), let text = String(opaque) else { return nil }
            tags.append(EntityTag(opaque: text, isWeak: isWeak))
            rest = rest.dropFirst().drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard let next = rest.first else { return tags }
            guard next == UInt8(ascii: ",") else { return nil }
            rest = rest.dropFirst()
        }
    }
}

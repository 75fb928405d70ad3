import HTTPTypes
import Records
import Secrets

/// Where a list of ours goes on: the key of the last row shown, bound to its list, so that a cursor of another list or tenant is refused.
///
/// It gives no right, so it is not signed; it needs no memory here, so it lives as long as the row's key makes sense.
struct PageMark: Sendable {
    /// What the cursor belongs to: tenant, list and filter.
    let list: String

    func text(after last: String) -> String {
        Base64.url.encode(JSON.array([.string(fingerprint), .string(last)]).bytes)
    }

    /// The key of the last row the caller saw. Refuses with `.cursor` what no page of this list answered.
    func last(in cursor: String) throws(Problem) -> String {
        guard let bytes = Base64.url.decode(cursor), let parts = (try? JSON(parsing: bytes))?.elements,  // not JSON: not ours
            parts.count == 2, parts[0].string == fingerprint, let last = parts[1].string, !last.unicodeScalars.contains("\0")
        else {
            throw Problem(.cursor, "The cursor belongs to another list or is none; start from the first page.")
        }
        return last
    }

    private var fingerprint: String { Base64.url.encode(Array(Digest.sha256(list).prefix(9))) }
}

extension Reply {
    /// A page of a list: `data`, `page` and, when there is more, `Link: <...>; rel="next"` (RFC 8288).
    ///
    /// - Parameter next: the cursor of the page that follows; nil at the end.
    static func page(_ data: [JSON], next: String?, of call: Call) -> Reply {
        var reply = Reply.json(["data": .array(data), "page": ["next": JSON(next), "has_more": .bool(next != nil)]])
        if let next { reply.headers[.link] = "<\(call.address(after: next))>; rel=\"next\"" }
        return reply
    }
}

extension Call {
    /// This list's address with another cursor.
    package func address(after cursor: String) -> String {
        let kept = query.items.filter { $0.name != "after" } + [("after", cursor)]
        return path + "?" + kept.map { PercentEncoding.encode($0.name) + "=" + PercentEncoding.encode($0.value) }.joined(separator: "&")
    }
}

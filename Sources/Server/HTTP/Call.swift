import Foundation
import HTTPTypes
import HummingbirdCore
import Records

/// One request on its way to its endpoint, with what the front already found out.
package struct Call: Sendable {
    package let method: HTTPRequest.Method
    /// As it came, percent-encoded, without the query.
    package let path: String
    /// What stands in the path where its pattern has names in braces.
    package let parameters: Parameters
    package let query: Query
    package let headers: HTTPFields
    /// Path and query as they came.
    package let target: String
    /// The `Host` header with its port.
    package let host: String?
    package let requestID: String
    /// Whose computer asks, as far as trusted proxies tell.
    package let address: String
    let body: IncomingBody

    /// The record a path names. Anything that is no uuid names nothing: 404, as for an id that never existed.
    package func id(_ name: String = "id") throws(Problem) -> UUID {
        guard let id = UUID(text: parameters[name]) else { throw .notFound }
        return id
    }

    /// The body's bytes, at most as many as the settings allow. May be asked for more than once.
    package func bytes() async throws(Problem) -> [UInt8] {
        try await body.bytes()
    }

    /// The body as one JSON object. Refuses another content type (415), a body too large (413), and what is no JSON object (400, with the
    /// reason and the place).
    package func json() async throws(Problem) -> JSON {
        try requireJSON()
        return try Self.object(try await bytes())
    }

    /// As `json()`, but no body at all is an empty object.
    package func jsonIfAny() async throws(Problem) -> JSON {
        let bytes = try await bytes()
        guard !bytes.isEmpty else { return .object([]) }
        try requireJSON()
        return try Self.object(bytes)
    }

    private func requireJSON() throws(Problem) {
        let accepted = method == .patch ? ["application/json", "application/merge-patch+json"] : ["application/json"]
        guard let given = headers[.contentType].flatMap(MediaType.init) else {
            throw Problem(.unsupportedMediaType, "Send the body as \(accepted.joined(separator: " or ")) and say so in Content-Type.")
        }
        guard accepted.contains(given.name), given.charset.map({ $0 == "utf-8" }) ?? true else {
            throw Problem(.unsupportedMediaType, "The body is \(given.name); send \(accepted.joined(separator: " or ")) in UTF-8.")
        }
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw Problem(.unsupportedMediaType, "Send the body without a Content-Encoding.")
        }
    }

    private static func object(_ bytes: [UInt8]) throws(Problem) -> JSON {
        let value: JSON
        do throws(JSON.SyntaxError) {
            value = try JSON(parsing: bytes)
        } catch {
            throw Problem(
                .malformed, "The body is not the JSON expected here: \(error.reason) (at byte \(error.offset))",
                members: [.init("offset", JSON(error.offset))])
        }
        guard value.members != nil else { throw Problem(.malformed, "The body is a JSON object, not \(value.kind).") }
        return value
    }
}

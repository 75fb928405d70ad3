import HTTPTypes
import HummingbirdCore
import NIOCore
import Postgres
import Records
import Web

/// What a handler answers.
package struct Reply: Sendable {
    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: ResponseBody
    /// Version of the record in the body: its `ETag`.
    package var version: Int?
    /// What the body holds, where all of it is in memory from the start.
    private let content: ByteBuffer

    /// Bytes that are already what the client gets, as they come from a row.
    package init(
        status: HTTPResponse.Status = .ok, contentType: String = "application/json", _ buffer: ByteBuffer, version: Int? = nil,
        location: String? = nil
    ) {
        self.status = status
        headers = [.contentType: contentType]
        body = ResponseBody(byteBuffer: buffer)
        content = buffer
        self.version = version
        if let version { headers[.eTag] = "\"\(version)\"" }
        if let location { headers[.location] = location }
    }

    /// JSON that a row holds, copied once: from libpq's memory to the buffer that goes out.
    package init(_ row: Row, column: Int) {
        self.init(ByteBuffer(row, column: column))
    }

    package static func json(
        _ value: JSON, status: HTTPResponse.Status = .ok, version: Int? = nil, location: String? = nil
    ) -> Reply {
        Reply(status: status, ByteBuffer(bytes: value.bytes), version: version, location: location)
    }

    package static func text(_ text: String, contentType: String) -> Reply {
        Reply(contentType: contentType, ByteBuffer(string: text))
    }

    /// The same by gzip for a browser that takes it, where it is text of some length. What has an `ETag` stays as it is: the tag is strong, so
    /// other bytes would need another, and whoever sends it back in `If-Match` means the record.
    func zipped(for request: HTTPFields) -> Reply {
        // Programs that call the API are served as fast as can be; a browser's line is the narrower part.
        guard status == .ok, content.readableBytes > 1_400, request.contains(.fetchSite),
            request[.acceptEncoding]?.contains("gzip") == true, !headers.contains(.contentEncoding), !headers.contains(.eTag),
            let type = headers[.contentType], type.hasPrefix("text/html") || type == "application/json",
            let bytes = Gzip.compress(Array(content.readableBytesView), .quick)
        else { return self }
        var copy = self
        copy.body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        copy.headers[.contentEncoding] = "gzip"
        copy.headers[.vary] = "Accept-Encoding"
        return copy
    }

    /// 204 and nothing more.
    package static var noContent: Reply {
        var reply = Reply(status: .noContent, ByteBuffer())
        reply.headers[.contentType] = nil
        reply.body = ResponseBody()
        return reply
    }

    /// 308: ask there, in the same way and with the same body.
    static func moved(to address: String) -> Reply {
        var reply = Reply.noContent
        reply.status = .permanentRedirect
        reply.headers[.location] = address
        return reply
    }

    /// 303: what came of it stands there, to be read.
    static func seeOther(_ address: String) -> Reply {
        var reply = Reply.noContent
        reply.status = .seeOther
        reply.headers[.location] = address
        return reply
    }

    /// The answer of the first time, sent again (IETF draft Idempotency-Key).
    package var replayed: Reply {
        var copy = self
        copy.headers[.idempotentReplayed] = "true"
        return copy
    }

    /// The same with an `ETag` made of its content; 304 for who has it already.
    func tagged(_ tag: String, for call: Call) throws(Problem) -> Reply {
        var copy = self
        copy.headers[.eTag] = "\"\(tag)\""
        guard try call.alreadyHas(tag: tag) else { return copy }
        copy.status = .notModified
        copy.headers[.contentType] = nil
        copy.body = ResponseBody()
        return copy
    }

    /// A refusal as RFC 9457 writes it.
    static func problem(_ problem: Problem, instance: String, requestID: String) -> Reply {
        var reply = Reply.json(
            problem.document(instance: instance, requestID: requestID), status: .init(code: problem.code.status))
        reply.headers[.contentType] = "application/problem+json"
        if let seconds = problem.retryAfter { reply.headers[.retryAfter] = String(seconds) }
        if !problem.allow.isEmpty { reply.headers[.allow] = problem.allow.joined(separator: ", ") }
        if problem.code == .unauthenticated { reply.headers[.wwwAuthenticate] = "Bearer" }
        return reply
    }
}

extension ByteBuffer {
    /// One value of a row: copied once, from libpq's memory to the buffer that goes out.
    package init(_ row: Row, column: Int) {
        self = row.withBytes(column) { ByteBuffer(bytes: $0) }
    }
}

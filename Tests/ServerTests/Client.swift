import HTTPTypes
import HummingbirdCore
import NIOCore
import Records
import Secrets

@testable import Server

/// Speaks to a front as a program would speak to the server, without a socket between them.
struct Client: Sendable {
    private let front: Front
    private var headers = HTTPFields()
    private var host: String?
    private var peer = "192.0.2.1"

    init(_ front: Front) { self.front = front }

    /// What it shows, read back.
    var credential: Credential? { headers[.authorization].flatMap { Credential(parsing: $0.dropFirst("Bearer ".count)) } }

    func bearing(_ token: String) -> Client { with(.authorization, "Bearer \(token)") }

    func with(_ name: HTTPField.Name, _ value: String) -> Client {
        var copy = self
        copy.headers[name] = value
        return copy
    }

    func from(_ peer: String) -> Client {
        var copy = self
        copy.peer = peer
        return copy
    }

    func at(host: String) -> Client {
        var copy = self
        copy.host = host
        return copy
    }

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPFields
        let bytes: [UInt8]

        var text: String { String(decoding: bytes, as: UTF8.self) }
        var json: JSON { get throws { try JSON(parsing: bytes) } }
        /// The `code` of a problem document.
        var code: String? { (try? JSON(parsing: bytes))?["code"]?.string }
        /// The pointers of a problem's errors.
        var pointers: [String] { ((try? JSON(parsing: bytes))?["errors"]?.elements ?? []).compactMap { $0["pointer"]?.string } }
    }

    func get(_ path: String) async throws -> Answer { try await send(.get, path) }
    func delete(_ path: String) async throws -> Answer { try await send(.delete, path) }
    func post(_ path: String, _ body: JSON) async throws -> Answer { try await send(.post, path, body.text) }
    func put(_ path: String, _ body: JSON) async throws -> Answer { try await send(.put, path, body.text) }
    func patch(_ path: String, _ body: JSON) async throws -> Answer { try await send(.patch, path, body.text) }

    func send(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, type: String? = "application/json") async throws
        -> Answer
    {
        try await send(method, path, bytes: body.map { Array($0.utf8) }, type: type)
    }

    func send(_ method: HTTPRequest.Method, _ path: String, bytes: [UInt8]?, type: String? = "application/json") async throws -> Answer {
        var fields = headers
        if bytes != nil, let type { fields[.contentType] = type }
        let head = HTTPRequest(method: method, scheme: "http", authority: host, path: path, headerFields: fields)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: bytes ?? [])))
        let response = await front.respond(to: request, peer: peer)
        let collector = Collector()
        try await response.body.write(collector)
        return Answer(status: response.status.code, headers: response.headers, bytes: collector.bytes)
    }
}

extension Client {
    /// Sends a form as a browser does.
    func submit(_ path: String, _ fields: [String: String]) async throws -> Answer {
        let body = fields.map { "\(PercentEncoding.encode($0))=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        return try await send(.post, path, body, type: "application/x-www-form-urlencoded")
    }

    /// The answer's body as it comes, for one that does not end by itself.
    func stream(_ path: String, into writer: any ResponseBodyWriter) async throws {
        let head = HTTPRequest(method: .get, scheme: "http", authority: host, path: path, headerFields: headers)
        let response = await front.respond(to: Request(head: head, body: RequestBody(buffer: ByteBuffer())), peer: peer)
        guard response.status == .ok else { throw Unexpected("\(response.status)") }
        try await response.body.write(writer)
    }
}

/// Takes what a response writes. One task writes, and is done before anyone reads.
private final class Collector: ResponseBodyWriter {
    private(set) var bytes: [UInt8] = []

    func write(_ buffer: ByteBuffer) async throws { bytes += buffer.readableBytesView }
    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Someone who speaks HTTP with a server.
struct Client: Sendable {
    let origin: String
    var token: String?

    init(_ origin: String, token: String? = nil) {
        self.origin = origin
        self.token = token
    }

    struct Answer: Sendable, CustomStringConvertible {
        let status: Int
        let bytes: Data

        func json() throws -> [String: Any] { try #require(JSONSerialization.jsonObject(with: bytes) as? [String: Any], "\(self)") }
        func text(_ name: String) throws -> String? { try json()[name] as? String }
        var description: String { "\(status) \(String(decoding: bytes, as: UTF8.self))" }
    }

    func get(_ path: String) async throws -> Answer { try await call("GET", path) }

    /// Throws when no answer came; any status is an answer.
    func call(_ method: String, _ path: String, _ body: [String: Any]? = nil, headers: [String: String] = [:]) async throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: origin + path)))
        request.httpMethod = method
        request.timeoutInterval = 30
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if let body {
            request.httpBody = try JSONSerialization.data(withJSONObject: body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let (bytes, response) = try await URLSession.shared.data(for: request)
        return Answer(status: (response as? HTTPURLResponse)?.statusCode ?? 0, bytes: bytes)
    }
}

/// A request to another server.
package struct OutgoingRequest: Sendable {
    package enum Method: String, Sendable { case get = "GET", head = "HEAD", put = "PUT", post = "POST", delete = "DELETE" }

    package var method: Method
    package var url: String
    /// Names in lower case.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(_ method: Method, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// What another server answered.
package struct OutgoingResponse: Sendable {
    package internal(set) var status = 0
    /// Names in lower case.
    package internal(set) var headers: [String: String] = [:]
    package internal(set) var body: [UInt8] = []

    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Why there was no answer.
package enum OutgoingError: Error, Sendable, Equatable {
    /// The server cannot be reached, or does not speak HTTP; in libcurl's words.
    case unavailable(String)
    /// The task was cancelled.
    case cancelled
}

import HTTPTypes

/// Lets web pages of the configured origins call the API (Fetch standard, CORS). No origins: nothing is added, browsers refuse.
///
/// Credentials go in `Authorization`, so cookies are never allowed across origins.
struct CrossOrigin: Sendable {
    let origins: Set<String>

    init(_ origins: [String]) {
        self.origins = Set(origins)
    }

    private static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE"
    private static let requestHeaders =
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Allow-Duplicate, X-Request-Id, X-Tenant"
    private static let answerHeaders =
        "ETag, Location, Link, Retry-After, Idempotent-Replayed, RateLimit, RateLimit-Policy, X-Request-Id, Server-Timing"

    /// The browser's question before the call itself; nil when this is none, or none from an allowed page.
    func preflight(_ method: HTTPRequest.Method, _ headers: HTTPFields) -> Reply? {
        guard method == .options, headers[.accessControlRequestMethod] != nil, let origin = allowedOrigin(headers) else { return nil }
        var reply = Reply.noContent
        reply.headers[.accessControlAllowOrigin] = origin
        reply.headers[.allowedMethods] = Self.methods
        reply.headers[.allowedHeaders] = Self.requestHeaders
        reply.headers[.preflightMaxAge] = "600"
        reply.headers[.vary] = "Origin"
        return reply
    }

    func mark(_ answer: inout HTTPFields, for request: HTTPFields) {
        guard !origins.isEmpty else { return }
        answer[.vary] = "Origin"
        guard let origin = allowedOrigin(request) else { return }
        answer[.accessControlAllowOrigin] = origin
        answer[.exposedHeaders] = Self.answerHeaders
    }

    private func allowedOrigin(_ headers: HTTPFields) -> String? {
        headers[.origin].flatMap { origins.contains($0) ? $0 : nil }
    }
}

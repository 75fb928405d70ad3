import HTTPTypes

/// Headers that every answer bears, so that a browser takes no answer for something it is not.
struct StandingHeaders: Sendable {
    private let fields: [(HTTPField.Name, String)]

    init(isSecure: Bool) {
        var fields: [(HTTPField.Name, String)] = [
            (.xContentTypeOptions, "nosniff"),
            (.cacheControl, "no-store"),
            (.contentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'"),
            (.referrerPolicy, "no-referrer"),
            (.frameOptions, "DENY"),
        ]
        if isSecure { fields.append((.strictTransportSecurity, "max-age=31536000; includeSubDomains")) }
        self.fields = fields
    }

    /// A handler's own choice (a page's policy, a file that may be cached) stays.
    func add(to answer: inout HTTPFields) {
        for (name, value) in fields where !answer.contains(name) {
            answer.append(HTTPField(name: name, value: value))
        }
    }
}

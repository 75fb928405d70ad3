import HTTPTypes

extension HTTPField.Name {
    package static let allowDuplicate = ours("X-Allow-Duplicate")
    static let accelBuffering = ours("X-Accel-Buffering")
    static let allowedHeaders = ours("Access-Control-Allow-Headers")
    static let allowedMethods = ours("Access-Control-Allow-Methods")
    static let clearSiteData = ours("Clear-Site-Data")
    static let csrfToken = ours("X-CSRF-Token")
    static let exposedHeaders = ours("Access-Control-Expose-Headers")
    static let fetchSite = ours("Sec-Fetch-Site")
    static let forwardedFor = ours("X-Forwarded-For")
    static let frameOptions = ours("X-Frame-Options")
    static let host = ours("Host")
    package static let idempotencyKey = ours("Idempotency-Key")
    static let idempotentReplayed = ours("Idempotent-Replayed")
    static let lastEventID = ours("Last-Event-ID")
    package static let link = ours("Link")
    static let preflightMaxAge = ours("Access-Control-Max-Age")
    static let rateLimit = ours("RateLimit")
    static let rateLimitLimit = ours("X-RateLimit-Limit")
    static let rateLimitPolicy = ours("RateLimit-Policy")
    static let rateLimitRemaining = ours("X-RateLimit-Remaining")
    static let rateLimitReset = ours("X-RateLimit-Reset")
    static let referrerPolicy = ours("Referrer-Policy")
    static let requestID = ours("X-Request-Id")
    static let serverTiming = ours("Server-Timing")
    static let stripeSignature = ours("Stripe-Signature")
    static let tenant = ours("X-Tenant")

    /// A name written in this file, so one that HTTP allows; the tests touch every one.
    private static func ours(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no header name") }
        return name
    }
}

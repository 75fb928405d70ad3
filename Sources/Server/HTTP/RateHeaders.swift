import Foundation
import HTTPTypes
import Records
import Tenancy

/// What an answer says about rates: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), and the older
/// `X-RateLimit-*` for the limit of which least is left.
struct RateHeaders: Sendable {
    private let standings: [RateStanding]

    init(_ standings: [RateStanding]) {
        self.standings = standings
    }

    /// Nothing for a tenant without limits.
    func add(to fields: inout HTTPFields, now: Date = .now) {
        guard let narrowest = standings.min(by: { $0.remaining < $1.remaining }) else { return }
        fields[.rateLimitPolicy] =
            standings
            .map { "\"\($0.name)\";q=\($0.limit.quota);w=\($0.limit.window.components.seconds)" }.joined(separator: ", ")
        fields[.rateLimit] =
            standings
            .map { "\"\($0.name)\";r=\($0.remaining);t=\(Self.whole($0.untilFull))" }.joined(separator: ", ")
        fields[.rateLimitLimit] = String(narrowest.limit.quota)
        fields[.rateLimitRemaining] = String(narrowest.remaining)
        fields[.rateLimitReset] = String(Int((now.timeIntervalSince1970 + narrowest.untilFull.seconds).rounded(.up)))
    }

    /// What 429 says.
    static func refusal(after wait: Duration, _ standings: [RateStanding]) -> Problem {
        let seconds = max(1, whole(wait))
        let isDay = standings.contains { $0.remaining == 0 && $0.limit.window > .seconds(1) }
        let what =
            isDay ? "This account has used up its requests of the day; they come back one by one." : "These are too many requests at once."
        return Problem(.rateLimited, what + " Go on in \(seconds) second\(seconds == 1 ? "" : "s").", retryAfter: seconds)
    }

    private static func whole(_ duration: Duration) -> Int { Int(duration.seconds.rounded(.up)) }

    /// The names and what they say, for the OpenAPI document.
    static let descriptions: [(name: String, description: String)] = [
        ("RateLimit-Policy", "The plan's rates: quota `q` in a window of `w` seconds. Absent without rates."),
        ("RateLimit", "What is left (`r`), and in how many seconds all of it is there again (`t`)."),
        ("X-RateLimit-Limit", "The quota of which least is left."), ("X-RateLimit-Remaining", "What is left of it."),
        ("X-RateLimit-Reset", "When all of it is there again, in seconds since 1970."),
    ]
}

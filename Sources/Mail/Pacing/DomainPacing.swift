/// How fast mail goes to each domain: servers that receive more than they like answer with refusals, and remember.
package struct DomainPacing: Sendable {
    private let burst: Int
    private let interval: Duration
    private var buckets: [String: TokenBucket] = [:]
    private var tidyAt = 1000

    /// `burst` mails at once to a domain, then one every `interval`.
    package init(burst: Int, interval: Duration) {
        self.burst = burst
        self.interval = interval
    }

    /// Takes leave for one mail to this domain, or says how long to wait.
    package mutating func take(_ domain: String, at now: ContinuousClock.Instant) -> Duration? {
        if buckets.count >= tidyAt { tidy(at: now) }
        return buckets[domain, default: TokenBucket(burst: burst, interval: interval, now: now)].take(at: now)
    }

    /// Domains that are full again are as if they had never been seen.
    private mutating func tidy(at now: ContinuousClock.Instant) {
        buckets = buckets.filter { $0.value.left(at: now) < burst }
        tidyAt = max(1000, buckets.count * 2)
    }
}

/// How many requests a plan allows: each a number of tokens, of which a request costs as many as its endpoint says. Nil: no limit.
package struct Rates: Sendable, Hashable {
    /// One limit over one span of time.
    package struct Limit: Sendable, Hashable {
        package let quota: Int
        package let window: Duration

        var allowance: GCRA { GCRA(quota, per: window) }
    }

    /// What one subject, a tenant or a single credential, may use.
    package struct Pair: Sendable, Hashable {
        package let burst: Limit?
        package let day: Limit?

        init?(burst: Int?, day: Int?) {
            guard burst != nil || day != nil else { return nil }
            self.burst = burst.map { Limit(quota: $0, window: .seconds(1)) }
            self.day = day.map { Limit(quota: $0, window: .seconds(86_400)) }
        }

        /// What a request costs here: never more than could ever be there, so that no call is impossible under a small plan.
        func cost(_ cost: Int) -> Int64 {
            Int64(max(1, [cost, burst?.quota, day?.quota].compactMap(\.self).min() ?? cost))
        }
    }

    /// Of everybody in the tenant together.
    package let tenant: Pair?
    /// Of each session and each key, where a plan says so: a program that runs wild leaves something to the others.
    package let credential: Pair?

    /// From a plan's `rates`; other names are not of this kind.
    package init(_ rates: [String: Int]) {
        tenant = Pair(burst: rates["api_burst_per_second"], day: rates["api_per_day"])
        credential = Pair(burst: rates["credential_burst_per_second"], day: rates["credential_per_day"])
    }

    package var isUnlimited: Bool { tenant == nil && credential == nil }
}

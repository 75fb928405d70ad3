/// A rate with room for a burst: `burst` pieces at once, then one every `interval`. A value without a clock of its own; whoever shares it,
/// locks it.
package struct TokenBucket: Sendable, Hashable {
    package let burst: Int
    package let interval: Duration
    /// When the bucket will be full again (GCRA, the virtual scheduling algorithm of ATM Forum TM 4.0): one instant says it all.
    private var full: ContinuousClock.Instant

    package init(burst: Int, interval: Duration, now: ContinuousClock.Instant) {
        precondition(burst >= 1 && interval > .zero, "a rate lets something through")
        self.burst = burst
        self.interval = interval
        full = now
    }

    /// Takes one, or says how long to wait for it and takes nothing.
    package mutating func take(at now: ContinuousClock.Instant) -> Duration? {
        let from = max(full, now)
        let wait = from + interval - (now + interval * burst)
        guard wait <= .zero else { return wait }
        full = from + interval
        return nil
    }

    /// How many could be taken at once.
    package func left(at now: ContinuousClock.Instant) -> Int {
        guard full > now else { return burst }
        return Int(((interval * burst) - (full - now)) / interval)
    }
}

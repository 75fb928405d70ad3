/// An allowance that is used up by requests and comes back evenly: the generic cell rate algorithm (ITU-T I.371), which keeps a whole bucket
/// of tokens as one moment.
///
/// Times are nanoseconds of whatever clock the caller goes by: this value has none of its own. From a full bucket at most `size` tokens are
/// taken at once, and in a span of time `size` and one more for each period in it.
package struct GCRA: Sendable, Hashable {
    /// How many tokens it holds. With none it grants nothing.
    package private(set) var size: Int64
    /// The time in which one token comes back.
    package private(set) var period: Int64
    /// The moment at which it is full again; in the past once it is full.
    package private(set) var mark: Int64

    /// `size` tokens in each `window`; full.
    package init(_ size: Int, per window: Duration) {
        // One in a nanosecond is as good as no limit.
        self.size = min(Int64(max(0, size)), window.nanoseconds)
        period = window.nanoseconds / max(1, self.size)
        mark = .min
    }

    /// How many whole tokens are there.
    package func available(at now: Int64) -> Int64 {
        max(0, (size * period - ahead(at: now)) / period)
    }

    /// How long until so many tokens are there; zero when they are. More than it can ever hold count as all it can hold.
    package func wait(for tokens: Int64, at now: Int64) -> Int64 {
        max(0, ahead(at: now) + max(1, min(tokens, size)) * period - size * period)
    }

    /// How long until it is full.
    package func ahead(at now: Int64) -> Int64 {
        mark > now ? mark - now : 0
    }

    /// Takes the tokens if they are there.
    package mutating func take(_ tokens: Int64, at now: Int64) -> Bool {
        guard tokens <= available(at: now) else { return false }
        charge(tokens, at: now)
        return true
    }

    /// Takes the tokens whether they are there or not: later requests wait the longer.
    package mutating func charge(_ tokens: Int64, at now: Int64) {
        mark = max(mark, now) + tokens * period
    }

    /// Takes over what is known elsewhere: how far ahead of now it is full.
    mutating func set(ahead: Int64, at now: Int64) {
        mark = now + ahead
    }

    /// The same use of another allowance over the same window.
    mutating func resize(_ other: GCRA) {
        (size, period) = (other.size, other.period)
    }
}

extension Duration {
    /// Whole nanoseconds: good for 292 years.
    var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

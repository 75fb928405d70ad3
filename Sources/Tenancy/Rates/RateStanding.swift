/// How one limit stands for whoever asks.
package struct RateStanding: Sendable, Hashable {
    /// `burst`, `day`, `credential-burst`, `credential-day`.
    package let name: String
    package let limit: Rates.Limit
    /// Tokens that are there now.
    package let remaining: Int
    /// When all of them are there, if nothing is used meanwhile.
    package let untilFull: Duration
}

/// Whether a request may go on, and how its limits stand afterwards.
package struct RateDecision: Sendable {
    /// Nil when it may; otherwise how long until it could.
    package let wait: Duration?
    package let standings: [RateStanding]
}

/// How soon a mail that was not taken is worth another try.
package enum RetryClass: Sendable, Hashable, CaseIterable {
    /// The connection broke or timed out: probably a moment's trouble.
    case brief
    /// The server asked for patience, as one does that lets strangers wait at first (greylisting).
    case patient
    /// Server and settings do not fit together (a name that is not found, a certificate, a password): until somebody has mended it, each try
    /// ends the same.
    case misconfigured
    /// The recipient's server or mailbox is over a limit: the fewer tries the better.
    case crowded

    /// Nil when another try is not wanted: it was taken, was refused for good, or may have been taken.
    package init?(_ delivery: Delivery) {
        guard case .retry(let setback) = delivery else { return nil }
        self = Self.of(setback)
    }

    /// The longest wait before the first retry; each further one doubles it up to `longest`.
    package var first: Duration {
        switch self {
        case .brief: .seconds(15)
        case .patient: .seconds(300)
        case .misconfigured: .seconds(900)
        case .crowded: .seconds(1800)
        }
    }

    package var longest: Duration {
        switch self {
        case .brief: .seconds(900)
        case .patient: .seconds(7200)
        case .misconfigured, .crowded: .seconds(14_400)
        }
    }

    /// How long to wait after this many tries. Between half of the class's time and all of it, so that a thousand mails that failed
    /// together do not come back together; never at once, since the receiving side knows what it asked for.
    /// - Parameter chance: 0 to 1, from whoever has the randomness.
    package func wait(afterTries tries: Int, chance: Double) -> Duration {
        let doublings = Double(1 << min(max(0, tries - 1), 20))
        let ceiling = min(first * doublings, longest)
        return ceiling * (0.5 + 0.5 * min(max(chance, 0), 1))
    }

    private static func of(_ setback: Setback) -> RetryClass {
        guard let reply = setback.reply else { return setback.stage == .lookup || setback.stage == .encryption ? .misconfigured : .brief }
        if reply.code == 421 { return .brief }
        if setback.concernsServer { return reply.isRefusal ? .misconfigured : .patient }
        // 452 and X.2.2: no room; X.7.28: too many mails at once (RFC 7505's registry of enhanced codes).
        let isFull = reply.code == 452 || ["4.2.2", "4.7.28"].contains(reply.status)
        return isFull ? .crowded : .patient
    }
}

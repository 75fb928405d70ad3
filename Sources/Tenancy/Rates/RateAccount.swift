/// What one process knows and holds of one subject's allowance: tokens it has taken from the shared marks ahead of need, tokens it owes them,
/// and the marks as it last saw them.
///
/// While there is plenty a request takes a token that is already here, or one on credit that is paid for with the next exchange; only when
/// little is left does a request wait for the exchange itself. Every admitted request is charged, so processes together admit what one would.
struct RateAccount {
    /// What is to be done with a request.
    enum Step: Equatable {
        case admitted
        /// With the nanoseconds after which it would be.
        case refused(Int64)
        /// Only the shared marks can tell.
        case ask
    }

    private(set) var burst: GCRA?
    private(set) var day: GCRA?
    /// Tokens taken and not yet used.
    private(set) var held: Int64 = 0
    /// Tokens used and not yet taken; negative: tokens to give back.
    private(set) var owed: Int64 = 0
    /// Of those the part that is being paid at this moment.
    private var paying: Int64 = 0
    /// How many tokens the last exchange fetched ahead.
    private var batch: Int64 = 0
    private var lastUse: Int64 = .min / 2
    private var useBefore: Int64 = .min / 2
    private var isExchanging = false

    init(_ limits: Rates.Pair) {
        burst = limits.burst?.allowance
        day = limits.day?.allowance
    }

    /// Another plan counts from now on; what was used stays used.
    mutating func apply(_ limits: Rates.Pair) {
        burst = Self.resized(burst, limits.burst)
        day = Self.resized(day, limits.day)
    }

    private static func resized(_ known: GCRA?, _ limit: Rates.Limit?) -> GCRA? {
        guard let allowance = limit?.allowance else { return nil }
        guard var known else { return allowance }
        known.resize(allowance)
        return known
    }

    /// Decides about a request without asking anybody, if that can be done.
    mutating func step(_ cost: Int64, at now: Int64) -> Step {
        (useBefore, lastUse) = (lastUse, now)
        if held >= cost {
            held -= cost
            return .admitted
        }
        let missing = cost - held
        let wait = wait(for: missing, at: now)
        guard wait == 0 else { return .refused(wait) }
        guard isAmple(missing, at: now), owed + paying + missing <= max(credit, cost) else { return .ask }
        borrow(missing, at: now)
        return .admitted
    }

    /// Decides by what is known here, when the shared marks cannot be reached; they are not told later.
    mutating func stepAlone(_ cost: Int64, at now: Int64) -> Step {
        (useBefore, lastUse) = (lastUse, now)
        let missing = max(0, cost - held)
        let wait = missing == 0 ? 0 : wait(for: missing, at: now)
        guard wait == 0 else { return .refused(wait) }
        held = max(0, held - cost)
        burst?.charge(missing, at: now)
        day?.charge(missing, at: now)
        return .admitted
    }

    /// Takes back what a request was charged that another limit then refused.
    mutating func refund(_ cost: Int64) {
        held += cost
    }

    private mutating func borrow(_ missing: Int64, at now: Int64) {
        owed += missing
        held = 0
        burst?.charge(missing, at: now)
        day?.charge(missing, at: now)
    }

    /// What an exchange should bring: the debt it pays and the tokens it takes, beside those that waiting requests need. Nil: nothing to do.
    mutating func demand(for waiting: Int64, at now: Int64) -> (owed: Int64, wanted: Int64)? {
        guard !isExchanging else { return nil }
        giveBackUnused(at: now)
        let ahead = prefetch(beside: waiting, at: now)
        guard owed != 0 || waiting > 0 || ahead > 0 else { return nil }
        isExchanging = true
        (paying, owed) = (owed, 0)
        return (paying, max(0, waiting - held) + ahead)
    }

    /// Takes over what the shared marks answered.
    mutating func settle(granted: Int64, burstAhead: Int64, dayAhead: Int64, at now: Int64) {
        isExchanging = false
        paying = 0
        held += granted
        burst?.set(ahead: burstAhead, at: now)
        day?.set(ahead: dayAhead, at: now)
        // Used on credit since the exchange began.
        if owed > 0 {
            burst?.charge(owed, at: now)
            day?.charge(owed, at: now)
        }
    }

    /// Answers a request that waited for an exchange, by what that brought.
    mutating func useGranted(_ cost: Int64, at now: Int64) -> Step {
        guard held >= cost else { return .refused(wait(for: cost - held, at: now)) }
        held -= cost
        return .admitted
    }

    /// The exchange failed. What was sent counts as paid: it may well have arrived, and nobody is charged twice.
    mutating func exchangeFailed() {
        isExchanging = false
        paying = 0
    }

    /// Tokens in hand for which no request came within a second go back.
    private mutating func giveBackUnused(at now: Int64) {
        guard held > 0, now - lastUse >= Self.second else { return }
        owed -= held
        held = 0
    }

    /// While requests follow each other quickly twice as many as the last time, up to a twenty-fifth of the allowance; nothing when little is left.
    private mutating func prefetch(beside waiting: Int64, at now: Int64) -> Int64 {
        guard useBefore > now - Self.second / 4 else {
            batch = 0
            return 0
        }
        guard held * 2 <= batch else { return 0 }
        batch = min(credit, max(1, batch * 2))
        return isAmple(waiting + batch, at: now) ? batch : 0
    }

    /// Whether it is time to fetch more.
    func isLow(at now: Int64) -> Bool {
        !isExchanging && (owed != 0 || (held * 2 <= batch && batch > 0 && isAmple(batch, at: now)))
    }

    /// How much of the allowance one process may hold, or owe, beside the shared marks.
    private var credit: Int64 {
        max(1, [burst?.size, day?.size, 1250].compactMap { $0.map { $0 / 25 } }.min() ?? 1)
    }

    /// Whether so much would be left that other processes' use, unknown here, does not matter.
    private func isAmple(_ tokens: Int64, at now: Int64) -> Bool {
        [burst, day].compactMap(\.self).allSatisfy { $0.available(at: now) >= tokens + max(1, min($0.size / 10, 50)) }
    }

    func wait(for tokens: Int64, at now: Int64) -> Int64 {
        [burst, day].compactMap { $0?.wait(for: tokens, at: now) }.max() ?? 0
    }

    /// Whether forgetting it loses nothing worth knowing: nothing in hand, nothing owed, and plenty there.
    func isForgettable(at now: Int64) -> Bool {
        held == 0 && owed == 0 && !isExchanging && now - lastUse > 60 * Self.second
            && [burst, day].compactMap(\.self).allSatisfy { $0.available(at: now) * 2 >= $0.size }
    }

    /// Whether it holds tokens that may have to go back.
    var holdsTokens: Bool { held > 0 }

    private static let second: Int64 = 1_000_000_000
}

extension RateAccount {
    /// How its limits stand, as far as this process knows.
    func standings(of limits: Rates.Pair, _ prefix: String, at now: Int64) -> [RateStanding] {
        [("burst", limits.burst, burst), ("day", limits.day, day)].compactMap { name, limit, allowance in
            guard let limit, let allowance else { return nil }
            return RateStanding(
                name: prefix + name, limit: limit, remaining: Int(min(allowance.size, allowance.available(at: now) + held)),
                untilFull: .nanoseconds(allowance.ahead(at: now)))
        }
    }
}

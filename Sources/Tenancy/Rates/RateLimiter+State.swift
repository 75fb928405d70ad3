import Foundation

extension RateLimiter {
    /// The books of this process, kept under the limiter's lock.
    struct State {
        var entries: [UUID: Entry] = [:]
        /// Who has something to pay, to take or to give back.
        var needy: Set<UUID> = []
        var isRunning = false
        /// Until when the shared marks are not asked.
        var cutOffUntil = Int64.min
    }

    /// One subject's account, and who waits for it.
    struct Entry {
        var account: RateAccount
        let tenant: UUID
        /// Who waits for the next exchange, and who for the one under way.
        var arriving: [Waiter] = []
        var riding: [Waiter] = []
    }

    /// What a first look at an account gave.
    struct First: Sendable {
        var step: RateAccount.Step
        let asksItself: Bool
        var standings: [RateStanding] = []
        /// Where the answer comes, for who has to wait for it.
        var answers: AsyncStream<RateAccount.Step>?
        /// Whether the loop has something to do.
        var rings = false
    }

    /// A request that waits for an exchange.
    struct Waiter: Sendable {
        let cost: Int64
        let answer: AsyncStream<RateAccount.Step>.Continuation

        func tell(_ step: RateAccount.Step) {
            answer.yield(step)
            answer.finish()
        }
    }
}

extension RateLimiter.State {
    /// How many subjects go into one flush.
    private static let most = 500

    /// What everyone needs now; from here on it is under way.
    mutating func collect(at now: Int64) -> [RateMarks.Demand] {
        guard now >= cutOffUntil else { return [] }
        var demands: [RateMarks.Demand] = []
        for subject in needy.prefix(Self.most) {
            guard var entry = entries[subject] else {
                needy.remove(subject)
                continue
            }
            let waiting = entry.arriving.reduce(0) { $0 + $1.cost }
            guard let demand = entry.account.demand(for: waiting, at: now) else {
                // Under way already, then it comes again; or nothing is left to do.
                if waiting == 0 { needy.remove(subject) }
                continue
            }
            needy.remove(subject)
            (entry.riding, entry.arriving) = (entry.arriving, [])
            entries[subject] = entry
            demands.append(
                RateMarks.Demand(
                    subject: subject, tenant: entry.tenant, owed: demand.owed, wanted: demand.wanted, burst: entry.account.burst,
                    day: entry.account.day))
        }
        return demands
    }

    mutating func settle(_ demands: [RateMarks.Demand], _ grants: [RateMarks.Grant], at now: Int64) {
        for (demand, grant) in zip(demands, grants) {
            guard var entry = entries[demand.subject] else { continue }
            entry.account.settle(granted: grant.granted, burstAhead: grant.burstAhead, dayAhead: grant.dayAhead, at: now)
            for waiter in entry.riding { waiter.tell(entry.account.useGranted(waiter.cost, at: now)) }
            entry.riding = []
            if !entry.arriving.isEmpty || entry.account.isLow(at: now) { needy.insert(demand.subject) }
            entries[demand.subject] = entry
        }
    }

    mutating func fail(_ demands: [RateMarks.Demand], at now: Int64, cutsOff: Bool) {
        if cutsOff { cutOffUntil = now + 1_000_000_000 }
        for demand in demands {
            entries[demand.subject]?.account.exchangeFailed()
            entries[demand.subject]?.answerAlone(at: now)
        }
    }
}

extension RateLimiter.Entry {
    /// Stands in line for the next exchange.
    mutating func wait(_ cost: Int64) -> AsyncStream<RateAccount.Step> {
        let (answers, answer) = AsyncStream.makeStream(of: RateAccount.Step.self)
        arriving.append(RateLimiter.Waiter(cost: cost, answer: answer))
        return answers
    }

    /// Answers everyone who waits, by what this process knows.
    mutating func answerAlone(at now: Int64) {
        for waiter in riding + arriving { waiter.tell(account.stepAlone(waiter.cost, at: now)) }
        (riding, arriving) = ([], [])
    }
}

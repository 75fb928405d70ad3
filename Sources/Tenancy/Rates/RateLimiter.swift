import Foundation
import Logging
import Synchronization

/// Decides whether a tenant's request may go on, in this process for all of them.
///
/// Nearly always that costs no round trip: `RateAccount` says when. What accounts pay, take and give back leaves in one flush for all of them,
/// from one loop (`run`); without it each request that has to ask does so itself. When the shared marks cannot be reached within half a
/// second, every process goes by what it knows, for a second at a time: nobody is turned away for our failure, and processes together may
/// admit as many times the rate as there are processes.
package final class RateLimiter: Sendable {
    typealias Exchange = @Sendable ([RateMarks.Demand]) async throws -> [RateMarks.Grant]

    private let exchange: Exchange
    private let log: Logger
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())
    private let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation

    /// - Parameter now: nanoseconds of a clock that never goes back.
    init(log: Logger, now: @escaping @Sendable () -> Int64 = RateLimiter.monotonic, exchange: @escaping Exchange) {
        self.exchange = exchange
        self.log = log
        self.now = now
        (bell, ring) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    private static let origin = ContinuousClock.now
    private static let monotonic: @Sendable () -> Int64 = { origin.duration(to: .now).nanoseconds }

    /// Whether a request of this cost may go on. Each limit that lets it pass is charged; one that another then refuses is not.
    package func decide(tenant: UUID, credential: UUID, rates: Rates, cost: Int) async -> RateDecision {
        guard cost > 0, !rates.isUnlimited else { return RateDecision(wait: nil, standings: []) }
        var standings: [RateStanding] = []
        // The narrower one first: whom it refuses takes nothing from the others.
        if let limits = rates.credential {
            let (step, standing) = await take(credential, of: tenant, limits, limits.cost(cost), "credential-")
            standings = standing
            if case .refused(let wait) = step {
                return RateDecision(wait: .nanoseconds(wait), standings: self.standings(of: tenant, rates.tenant) + standings)
            }
        }
        guard let limits = rates.tenant else { return RateDecision(wait: nil, standings: standings) }
        let (step, standing) = await take(tenant, of: tenant, limits, limits.cost(cost), "")
        standings = standing + standings
        guard case .refused(let wait) = step else { return RateDecision(wait: nil, standings: standings) }
        if let own = rates.credential { refund(credential, own.cost(cost)) }
        return RateDecision(wait: .nanoseconds(wait), standings: standings)
    }

    private func take(
        _ subject: UUID, of tenant: UUID, _ limits: Rates.Pair, _ cost: Int64, _ prefix: String
    ) async -> (RateAccount.Step, [RateStanding]) {
        let first = state.withLock { state -> First in
            let now = now()
            var entry = state.entries.removeValue(forKey: subject) ?? Entry(account: RateAccount(limits), tenant: tenant)
            entry.account.apply(limits)
            var first = First(step: entry.account.step(cost, at: now), asksItself: !state.isRunning)
            if first.step == .ask {
                if now < state.cutOffUntil { first.step = entry.account.stepAlone(cost, at: now) } else { first.answers = entry.wait(cost) }
            }
            if first.step == .ask || entry.account.isLow(at: now) {
                first.rings = true
                state.needy.insert(subject)
            }
            first.standings = entry.account.standings(of: limits, prefix, at: now)
            state.entries[subject] = entry
            return first
        }
        if first.rings { ring.yield() }
        guard let answers = first.answers else { return (first.step, first.standings) }
        if first.asksItself { await exchangeAll() }
        // Nil when whoever asked has gone.
        let step = await answers.first { _ in true } ?? .refused(0)
        let standings = state.withLock { $0.entries[subject]?.account.standings(of: limits, prefix, at: now()) }
        return (step, standings ?? first.standings)
    }

    private func standings(of tenant: UUID, _ limits: Rates.Pair?) -> [RateStanding] {
        guard let limits else { return [] }
        return state.withLock { ($0.entries[tenant]?.account ?? RateAccount(limits)).standings(of: limits, "", at: now()) }
    }

    private func refund(_ subject: UUID, _ cost: Int64) {
        state.withLock { $0.entries[subject]?.account.refund(cost) }
    }

    /// Pays and fetches for everybody until the task is cancelled.
    package func run() async {
        state.withLock { $0.isRunning = true }
        await withTaskGroup { group in
            group.addTask { for await _ in self.bell { await self.exchangeAll() } }
            group.addTask {
                while !Task.isCancelled {
                    // Cancellation ends the sleep and, with the next look at the condition, the loop.
                    try? await Task.sleep(for: .milliseconds(500))
                    self.sweep()
                    self.ring.yield()
                }
            }
            await group.waitForAll()
        }
        let now = now()
        state.withLock { state in
            state.isRunning = false
            for subject in state.entries.keys { state.entries[subject]?.answerAlone(at: now) }
        }
    }

    /// Does what the loop does by itself.
    func catchUp() async {
        sweep()
        await exchangeAll()
    }

    /// Exchanges until nobody needs anything.
    private func exchangeAll() async {
        while true {
            let demands = state.withLock { $0.collect(at: now()) }
            guard !demands.isEmpty else { return }
            do {
                let grants = try await patiently(demands)
                state.withLock { $0.settle(demands, grants, at: now()) }
            } catch {
                // One caller who has gone says nothing about the database.
                let isOurs = !Task.isCancelled
                if isOurs {
                    log.warning(
                        "The shared rates cannot be reached; each process goes by its own.", metadata: ["error": "\(error.explained)"])
                }
                state.withLock { $0.fail(demands, at: now(), cutsOff: isOurs) }
            }
        }
    }

    private struct Late: Error {}

    /// How long an exchange may take.
    private static let patience = Duration.milliseconds(500)

    private func patiently(_ demands: [RateMarks.Demand]) async throws -> [RateMarks.Grant] {
        try await withThrowingTaskGroup(of: [RateMarks.Grant]?.self) { group in
            group.addTask { try await self.exchange(demands) }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                return nil
            }
            defer { group.cancelAll() }
            guard let grants = try await group.next() ?? nil else { throw Late() }
            return grants
        }
    }

    /// Marks accounts whose tokens nobody used, and forgets those about which there is nothing to know.
    func sweep() {
        state.withLock { state in
            let now = now()
            for (subject, entry) in state.entries {
                if entry.account.holdsTokens { state.needy.insert(subject) }
                if entry.account.isForgettable(at: now), entry.arriving.isEmpty, entry.riding.isEmpty { state.entries[subject] = nil }
            }
        }
    }
}

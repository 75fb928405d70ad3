import Postgres

/// How changes of a schema wait for locks: briefly, since everyone else waits behind a waiting lock, but often.
package struct LockPatience: Sendable {
    /// After this long a change gives up.
    package var deadline: Duration = .seconds(60)

    package init(deadline: Duration = .seconds(60)) {
        self.deadline = deadline
    }

    /// In the preamble of every change.
    static let timeout = SQL("SELECT set_config('lock_timeout', '500', true)").prepared(.shared)

    /// Does the work, and does it again after a random pause while someone holds a lock it needs, or when the answer was lost: the work asks
    /// its ledger first, so that nothing happens twice.
    func retrying<T>(_ work: () async throws -> T) async throws -> T {
        let clock = ContinuousClock()
        let end = clock.now + deadline
        var pause: Duration = .milliseconds(100)
        while true {
            do {
                return try await work()
            } catch let error as PostgresError where error.isPassing && clock.now < end {
                try await Task.sleep(for: pause * Double.random(in: 0.5...1.5))
                pause = min(pause * 2, .seconds(2))
            }
        }
    }
}

extension PostgresError {
    /// Whether the same may well succeed a moment later: a lock was taken, two changed the same row of the catalogue at once.
    fileprivate var isPassing: Bool {
        if case .outcomeUnknown = self { return true }
        guard let refusal else { return false }
        switch refusal.state {
        case .lockNotAvailable, .deadlockDetected, .serializationFailure: return true
        // The catalogue has no better code than "internal error" for this.
        case "XX000": return refusal.message.contains("concurrently")
        default: return false
        }
    }
}

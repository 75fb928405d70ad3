import DequeModule

/// Someone who waits for a connection of an `ExclusivePool`.
final class Waiter: Sendable {
    let caller = Caller<ExclusiveConnection>()
    let since = ContinuousClock.now
}

/// Who has which connection of an `ExclusivePool` and who waits: the pool's books, kept under its lock.
struct ExclusiveRoster {
    /// What becomes of a connection that came back.
    enum Return {
        case next(Waiter)
        case kept
        case closing
    }

    private let settings: PoolSettings
    /// The one used last goes first, so that few stay warm.
    private var idle: [ExclusiveConnection] = []
    private var all: [ExclusiveConnection] = []
    private var waiters: Deque<Waiter> = []
    private var closers: [CheckedContinuation<Void, Never>] = []
    private var isClosing = false
    private var hasFailedOver = false
    private var figures: PoolFigures

    init(_ settings: PoolSettings) {
        self.settings = settings
        figures = PoolFigures()
        figures.name = settings.name
    }

    /// A free connection, or one more than before; nil when the caller has to wait.
    mutating func borrow(_ make: () -> ExclusiveConnection) throws(PostgresError) -> ExclusiveConnection? {
        if isClosing { throw .unreachable("The pool is closed.") }
        return waiters.isEmpty ? free(make) : nil
    }

    /// The same for someone who then waits in line. Work accepted before the pool began to close is still served.
    mutating func borrowOrWait(_ waiter: Waiter, _ make: () -> ExclusiveConnection) -> ExclusiveConnection? {
        if waiters.isEmpty, let free = free(make) { return free }
        waiters.append(waiter)
        return nil
    }

    private mutating func free(_ make: () -> ExclusiveConnection) -> ExclusiveConnection? {
        if let free = idle.popLast() { return free }
        guard all.count < max(1, settings.connections) else { return nil }
        let new = make()
        all.append(new)
        return new
    }

    mutating func giveBack(_ connection: ExclusiveConnection) -> Return {
        take(connection)
        renewIdle()
        while let waiter = waiters.popFirst() {
            if waiter.caller.isGone { continue }
            figures.waited += ContinuousClock.now - waiter.since
            return .next(waiter)
        }
        if isClosing { return .closing }
        idle.append(connection)
        return .kept
    }

    /// Takes a cancelled waiter out of the queue.
    mutating func forget(_ waiter: Waiter) {
        waiters.removeAll { $0 === waiter }
    }

    /// A waiter's deadline has passed. False when it was served before.
    mutating func expire(_ waiter: Waiter) -> Bool {
        guard let index = waiters.firstIndex(where: { $0 === waiter }) else { return false }
        waiters.remove(at: index)
        figures.overloaded += 1
        return true
    }

    /// Refuses new work; answers the connections nobody uses, and whom to wake: everyone who closes, when the last connection is closed.
    ///
    /// They are woken outside the roster's lock: waking waits for whoever cancels the task, and a cancellation handler may need the lock.
    mutating func beginClosing(
        _ closer: CheckedContinuation<Void, Never>
    ) -> (idle: [ExclusiveConnection], released: [CheckedContinuation<Void, Never>]) {
        isClosing = true
        closers.append(closer)
        defer { idle = [] }
        return (idle, releasedClosers())
    }

    /// Whom to wake.
    mutating func closed(_ connection: ExclusiveConnection) -> [CheckedContinuation<Void, Never>] {
        take(connection)
        all.removeAll { $0 === connection }
        return releasedClosers()
    }

    private mutating func releasedClosers() -> [CheckedContinuation<Void, Never>] {
        guard isClosing && all.isEmpty else { return [] }
        defer { closers = [] }
        return closers
    }

    mutating func census() -> PoolFigures {
        let tallies = all.map { take($0) }.filter(\.isConnected)
        var census = figures
        census.connections = tallies.count
        census.encrypted = tallies.count { $0.isEncrypted }
        census.inUse = all.count - idle.count
        census.waiters = waiters.count
        return census
    }

    /// After a fail-over the connections that nobody uses lead to the old server too. Under the pool's lock, so that each renewal stands
    /// in its connection's queue before the next work does.
    private mutating func renewIdle() {
        guard hasFailedOver else { return }
        hasFailedOver = false
        for connection in idle { connection.renew() }
    }

    /// Adds what a connection has counted.
    @discardableResult
    private mutating func take(_ connection: ExclusiveConnection) -> ExclusiveConnection.Tally {
        let tally = connection.takeTally()
        figures.add(flushes: tally.flushes, waits: tally.flushes)
        figures.opened += tally.opened
        figures.refusedConnections += tally.refused
        if tally.retired.contains("fail-over") { hasFailedOver = true }
        for reason in tally.retired { figures.retired[reason, default: 0] += 1 }
        return tally
    }
}

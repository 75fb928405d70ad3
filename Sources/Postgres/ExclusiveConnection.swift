import Dispatch
import Synchronization

/// A connection that one piece of work has for itself, and the thread on which it may block.
final class ExclusiveConnection: Sendable {
    private let queue: DispatchQueue
    private let connection: ConnectionSettings
    private let settings: PoolSettings
    // Touched only by work on `queue`, which is serial.
    private nonisolated(unsafe) var current: Session?
    private let tally = Mutex(Tally())

    /// What happened since the pool last asked.
    struct Tally {
        var isConnected = false
        var isEncrypted = false
        var flushes = 0
        var opened = 0
        var refused = 0
        var retired: [String] = []
    }

    init(_ connection: ConnectionSettings, _ settings: PoolSettings) {
        self.connection = connection
        self.settings = settings
        queue = DispatchQueue(label: "postgres-\(settings.name)")
    }

    /// Runs blocking work on this connection's thread. The caller's cancellation interrupts the statement that runs, and makes
    /// `work` fail with `.cancelled`. The `last` work leaves the connection ready for others, or closes it, before the caller goes on:
    /// nothing is locked any more when an error arrives.
    func perform<T: Sendable>(
        last: Bool = false, _ work: @escaping @Sendable (ExclusiveConnection, Interruption) throws -> T
    ) async throws -> T {
        let interruption = Interruption()
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                queue.async { [self] in
                    let result = Result { try work(self, interruption) }
                    if !interruption.disarm() { current?.giveUp("cancelled") }
                    if last { settle() }
                    continuation.resume(with: result)
                }
            }
        } onCancel: {
            interruption.cancel()
        }
    }

    /// Makes the connection ready for others, or closes it. Cannot be cancelled.
    func finish() async {
        await withUnsafeContinuation { continuation in
            queue.async { [self] in
                settle()
                continuation.resume()
            }
        }
    }

    /// Closes the connection after a fail-over; the next work opens another.
    func renew() {
        queue.async { [self] in
            // A connection that has found out by itself is not the same any more.
            current?.giveUp("fail-over")
            drop()
        }
    }

    /// Closes the connection.
    func close(_ done: @escaping @Sendable () -> Void) {
        queue.async { [self] in
            current = nil
            tally.withLock { $0.isConnected = false }
            done()
        }
    }

    /// What happened since the last call.
    func takeTally() -> Tally {
        tally.withLock { tally in
            defer { tally = Tally(isConnected: tally.isConnected, isEncrypted: tally.isEncrypted) }
            return tally
        }
    }

    /// The open connection. Like all that follows only for work within `perform`, on the connection's own thread.
    func session() throws(PostgresError) -> Session {
        guard let current else { throw .unreachable("There is no connection.") }
        return current
    }

    /// Connects, or checks that the connection is still there, before work begins; tries until the pool's deadline.
    func open(_ interruption: Interruption) throws(PostgresError) {
        if let current {
            if current.isAlive, current.expires > .now { return try interruption.arm(current.canceller) }
            current.giveUp(current.isAlive ? "lifetime" : "broken")
            drop()
        }
        let deadline = ContinuousClock.now + settings.waitDeadline
        var failures = 0
        while true {
            if interruption.isCancelled { throw .cancelled }
            do throws(PostgresError) {
                let session = try Session(connection, settings)
                current = session
                tally.withLock { tally in
                    tally.opened += 1
                    tally.isConnected = true
                    tally.isEncrypted = session.isEncrypted
                }
                return try interruption.arm(session.canceller)
            } catch {
                if case .cancelled = error { throw error }
                tally.withLock { $0.refused += 1 }
                failures += 1
                let delay = Backoff.delay(after: failures)
                guard ContinuousClock.now + delay < deadline else { throw error }
                try interruption.pause(delay)
            }
        }
    }

    /// Goes on with work begun by an earlier `perform`. Throws `.cancelled` when that is why it failed.
    func resume<T>(_ interruption: Interruption, _ work: (Session) throws(PostgresError) -> T) throws(PostgresError) -> T {
        let session = try session()
        try interruption.arm(session.canceller)
        do throws(PostgresError) {
            return try work(session)
        } catch {
            throw interruption.isCancelled ? .cancelled : error
        }
    }

    /// A new connection in place of a broken one.
    func reopen(_ interruption: Interruption) throws(PostgresError) {
        guard interruption.disarm() else { throw .cancelled }
        current?.giveUp("broken")
        drop()
        try open(interruption)
    }

    private func settle() {
        guard let session = current else { return }
        let isFit = session.settle()
        count(session)
        if !isFit { drop() }
    }

    private func drop() {
        guard let session = current else { return }
        count(session)
        let reason = session.unfit ?? "broken"
        tally.withLock { tally in
            tally.retired.append(reason)
            tally.isConnected = false
        }
        current = nil
    }

    private func count(_ session: Session) {
        tally.withLock { $0.flushes += session.takeFlushes() }
    }
}

import Dispatch
import Synchronization

/// Connections that are lent to one piece of work at a time, each with a thread on which libpq may block.
///
/// For what may be slow, or takes several steps: transactions with a body, streams, COPY, DDL. Work that finds every connection lent
/// waits in line, first come first served, until the pool's deadline; then it is refused with `.overloaded`. The pool lives until
/// `close()`.
package final class ExclusivePool: Sendable {
    private let connection: ConnectionSettings
    private let settings: PoolSettings
    private let roster: Mutex<ExclusiveRoster>

    /// Connects when the first work comes.
    package init(_ connection: ConnectionSettings, _ settings: PoolSettings) {
        self.connection = connection
        self.settings = settings
        roster = Mutex(ExclusiveRoster(settings))
    }

    /// BEGIN, the preamble, the body, COMMIT. BEGIN and the preamble leave in one flush with the body's first statement.
    ///
    /// An error thrown by the body rolls back and is thrown on. `.unreachable` says that nothing has happened, `.outcomeUnknown` that
    /// the answer to COMMIT was lost. A cancelled task interrupts its statement, rolls back and gets `.cancelled`; once COMMIT is sent it
    /// is too late for that.
    package func transaction<T: Sendable>(
        preamble: [SQL] = [], namespace: String = "", _ body: @escaping @Sendable (borrowing Transaction) throws -> T
    ) async throws -> T {
        try await lend(forOneWork: true) { connection in
            try await connection.perform(last: true) { connection, interruption in
                try connection.open(interruption)
                let work = TransactionWork(connection, interruption, preamble: preamble, namespace: namespace)
                let value = try body(Transaction(work))
                try work.commit()
                return value
            }
        }
    }

    /// Sends statements one by one, each on its own, for what must not run inside a transaction block: CREATE INDEX CONCURRENTLY,
    /// CREATE DATABASE. Stops at the first refusal; `.outcomeUnknown` when the connection broke under one.
    package func outsideTransaction(_ statements: [SQL]) async throws(PostgresError) {
        do {
            try await lend(forOneWork: true) { connection in
                try await connection.perform(last: true) { connection, interruption in
                    try connection.open(interruption)
                    for (index, statement) in statements.enumerated() {
                        if interruption.isCancelled { throw PostgresError.cancelled }
                        do throws(PostgresError) {
                            try connection.session().execute(statement)
                        } catch {
                            if interruption.isCancelled { throw PostgresError.cancelled }
                            throw error.alone(index)
                        }
                    }
                }
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw .unexpected("\(error)")
        }
    }

    /// What the pool is doing and has done.
    package var figures: PoolFigures {
        roster.withLock { $0.census() }
    }

    /// Refuses new work, lets the accepted work finish, then closes all connections.
    package func close() async {
        await withCheckedContinuation { closer in
            let (idle, released) = roster.withLock { $0.beginClosing(closer) }
            for connection in idle { discard(connection) }
            for closer in released { closer.resume() }
        }
    }

    /// Lends a connection for the time of `body`; whatever it leaves open is ended before this returns. `forOneWork` when the body
    /// calls `perform(last: true)` and nothing after it.
    nonisolated(nonsending) func lend<T>(
        forOneWork: Bool = false, _ body: (ExclusiveConnection) async throws -> T
    ) async throws -> T {
        let connection = try await borrow()
        let result: Result<T, any Error>
        do {
            result = .success(try await body(connection))
        } catch {
            result = .failure(error)
        }
        if !forOneWork { await connection.finish() }
        giveBack(connection)
        return try result.get()
    }

    private func borrow() async throws(PostgresError) -> ExclusiveConnection {
        if let free = try roster.withLock({ roster throws(PostgresError) in try roster.borrow(make) }) { return free }
        let waiter = Waiter()
        let answer = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if waiter.caller.wait(continuation) { queue(waiter) }
            }
        } onCancel: {
            waiter.caller.finish(.failure(.cancelled))
            roster.withLock { $0.forget(waiter) }
        }
        return try answer.get()
    }

    private func queue(_ waiter: Waiter) {
        // A connection may have come back since the first look.
        let free = roster.withLock { $0.borrowOrWait(waiter, make) }
        if let free {
            hand(free, to: waiter)
        } else {
            let (seconds, attoseconds) = settings.waitDeadline.components
            let deadline = DispatchTime.now() + .nanoseconds(Int(seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
            DispatchQueue.global().asyncAfter(deadline: deadline) { [self] in
                guard roster.withLock({ $0.expire(waiter) }) else { return }
                waiter.caller.finish(.failure(.overloaded(waited: ContinuousClock.now - waiter.since)))
            }
        }
    }

    private func hand(_ connection: ExclusiveConnection, to waiter: Waiter) {
        if !waiter.caller.finish(.success(connection)) { giveBack(connection) }
    }

    private func giveBack(_ connection: ExclusiveConnection) {
        switch roster.withLock({ $0.giveBack(connection) }) {
        case .next(let waiter): hand(connection, to: waiter)
        case .kept: break
        case .closing: discard(connection)
        }
    }

    private func discard(_ connection: ExclusiveConnection) {
        connection.close { [self] in
            for closer in roster.withLock({ $0.closed(connection) }) { closer.resume() }
        }
    }

    private func make() -> ExclusiveConnection {
        ExclusiveConnection(connection, settings)
    }
}

extension PostgresError {
    /// The error of a statement sent alone, outside of a transaction.
    fileprivate func alone(_ index: Int) -> PostgresError {
        switch self {
        case .refused(var refusal):
            refusal.statement = index
            return .refused(refusal)
        case .unreachable(let reason): return .outcomeUnknown(reason)
        default: return self
        }
    }
}

import CLibPQ

/// The thread of a `PipelinePool` that reads every answer, wakes who waits for it, and keeps time.
struct PipelineReader: ~Copyable {
    typealias Instant = ContinuousClock.Instant

    private let pool: PipelinePool
    private var connections: [UInt64: PipelineConnection] = [:]
    private var finished: [(Flight, PipelineConnection.Outcome)] = []
    private var nextListening: Instant = .now

    init(_ pool: PipelinePool) {
        self.pool = pool
    }

    /// Returns when the pool is closed and empty.
    mutating func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        var happened: [UInt64] = []
        while true {
            let now = Instant.now
            let chores = pool.roster.withLock { $0.chores(now: now) }
            tend(chores, now: now)
            if chores.isDone { return }
            let longest = min(pool.settings.answerTimeout / 4, .seconds(5))
            let timeout = chores.nextDeadline.map { min(max($0 - Instant.now, .zero), longest) } ?? longest
            happened.removeAll(keepingCapacity: true)
            pool.epoll.wait(&events, timeout: timeout) { happened.append($0) }
            // A newcomer may have been seated, and sent on, since the chores were read; it is registered with the next ones.
            for id in happened {
                if let connection = connections[id] { read(connection) }
            }
            listen()
        }
    }

    private mutating func tend(_ chores: PipelineChores, now: Instant) {
        for connection in chores.newcomers {
            connections[connection.id] = connection
            connection.register(with: pool.epoll)
            read(connection)
        }
        for connection in chores.suspects where connections[connection.id] != nil { read(connection) }
        for connection in chores.emptied {
            connections[connection.id] = nil
            _ = connection.abandon("closed")
        }
        for seat in chores.seatsToDial { pool.dial(seat) }
        for connection in chores.hungry { feed(connection, now: now) }
        for flight in chores.expired {
            flight.finish(.failure(chores.failure.map(PostgresError.unreachable) ?? .overloaded(waited: now - flight.started)))
        }
    }

    /// Takes what a connection has to say, then gives its free room to those who wait.
    private mutating func read(_ connection: PipelineConnection) {
        let now = Instant.now
        let breakage = connection.receive(into: &finished, now: now)
        let count = finished.count
        pool.roster.withLock { $0.finish(count, on: connection, heard: now) }
        settle(connection, now: now)
        if let breakage {
            lose(connection, "broken", breakage, now: now)
        } else {
            feed(connection, now: now)
        }
    }

    private func feed(_ connection: PipelineConnection, now: Instant) {
        while let flight = pool.roster.withLock({ $0.next(for: connection, now: now) }) {
            pool.send(flight, on: connection)
        }
    }

    /// Wakes the callers of finished units.
    private mutating func settle(_ connection: PipelineConnection, now: Instant) {
        for (flight, outcome) in finished {
            switch outcome {
            case .answered(let rows):
                flight.finish(.success(rows))
            case .failed(let error):
                flight.finish(.failure(error))
            case .repeatable(let error):
                again(flight, error, now: now)
            case .roleDenied(let error):
                pool.roster.withLock { $0.remove(connection, "role") }
                again(flight, error, now: now)
            case .readOnly(let error):
                pool.roster.withLock { $0.removeAll("fail-over") }
                again(flight, error, now: now)
            }
        }
        finished.removeAll(keepingCapacity: true)
    }

    private func again(_ flight: Flight, _ error: PostgresError, now: Instant) {
        guard flight.mayRepeat() else { return flight.finish(.failure(error)) }
        pool.roster.withLock { roster in
            roster.line.appendAgain(flight, now: now)
            roster.figures.repeated += 1
        }
    }

    private mutating func lose(_ connection: PipelineConnection, _ kind: String, _ reason: String, now: Instant) {
        connections[connection.id] = nil
        pool.roster.withLock { $0.lose(connection, kind, now: now) }
        finished = connection.abandon(reason)
        pool.roster.withLock { $0.bury(connection) }
        settle(connection, now: now)
    }

    /// Gives up connections that owe an answer and have said nothing for too long.
    private mutating func listen() {
        let now = Instant.now
        guard now >= nextListening else { return }
        nextListening = now + min(pool.settings.answerTimeout / 4, .seconds(5))
        for connection in Array(connections.values) where connection.isSilent(since: now - pool.settings.answerTimeout) {
            lose(connection, "silent", "The server did not answer within \(pool.settings.answerTimeout).", now: now)
        }
    }
}

import CLibPQ
import DequeModule

/// The libpq side of a `PipelineConnection`; only touched under its lock.
struct PipelineLink: ~Copyable {
    typealias Instant = ContinuousClock.Instant
    typealias Outcome = PipelineConnection.Outcome

    /// One message to the server that has an answer of its own.
    enum Step {
        case deallocate(String)
        case prepare(StatementKey, name: String)
        case execute(StatementKey?, name: String)
    }

    /// A unit on its way, and how far its answer has come.
    struct Carried {
        let flight: Flight
        let steps: [Step]
        var step = 0
        var rows: [Rows] = []
        var failure: Outcome?
    }

    private var conn: OpaquePointer?
    private(set) var flights: Deque<Carried> = []
    private var cache: StatementCache
    private var parameters = Parameters()
    private var namespaces: Set<String> = []
    private var lastNamespace = ""
    private var epoll: Epoll?
    private var id: UInt64 = 0
    private var awaitsRoom = false
    /// Why the connection is of no more use.
    private(set) var breakage: String?
    /// The server has said goodbye (FATAL), after everything it had to say before: a unit whose last statement was not answered by
    /// then has not been committed.
    private var hasEnded = false
    private(set) var lastHeard: Instant
    private(set) var flushes = 0
    private(set) var waits = 0

    init(_ conn: OpaquePointer, maximumStatements: Int) {
        self.conn = conn
        cache = StatementCache(capacity: maximumStatements)
        lastHeard = .now
        if PQsetnonblocking(conn, 1) != 0 || PQenterPipelineMode(conn) != 1 { breakage = Dial.message(of: conn) }
    }

    deinit {
        if let conn { PQfinish(conn) }
    }

    var isBroken: Bool { breakage != nil }
    var isOpen: Bool { conn != nil && breakage == nil }

    /// Counts a namespace in; answers how many different ones there have been.
    mutating func meets(_ namespace: String) -> Int {
        if namespace != lastNamespace {
            lastNamespace = namespace
            namespaces.insert(namespace)
        }
        return namespaces.count
    }

    // MARK: Sending

    /// Writes a unit and its Sync. False when not everything was accepted: without its Sync the server rolls it back.
    mutating func write(_ flight: Flight, prepares: Bool, now: Instant) -> Bool {
        guard let conn else { return false }
        var steps: [Step] = []
        steps.reserveCapacity(flight.unit.statements.count + 1)
        var isWritten = true
        for name in cache.takeEvicted() where isWritten {
            isWritten = PQsendQueryParams(conn, "DEALLOCATE " + name, 0, nil, nil, nil, nil, 0) == 1
            steps.append(.deallocate(name))
        }
        for statement in flight.unit.statements where isWritten {
            isWritten = StatementWriter.write(
                statement, namespace: flight.unit.namespace, prepares: prepares, to: conn, &cache, &parameters, &steps)
        }
        guard isWritten else {
            fail(Dial.message(of: conn))
            return false
        }
        if flights.isEmpty { lastHeard = now }
        flights.append(Carried(flight: flight, steps: steps))
        flushes += 1
        if PQpipelineSync(conn) != 1 { fail(Dial.message(of: conn)) }
        flush()
        return true
    }

    /// Pushes out what is still to be sent; what does not fit goes when epoll sees room.
    private mutating func flush() {
        guard let conn, breakage == nil else { return }
        let left = PQflush(conn)
        if left < 0 || PQstatus(conn) == CONNECTION_BAD { return fail(Dial.message(of: conn)) }
        if (left == 1) != awaitsRoom {
            awaitsRoom = left == 1
            epoll?.watch(PQsocket(conn), id: id, forRoom: awaitsRoom)
        }
    }

    mutating func register(with epoll: Epoll, id: UInt64) {
        guard let conn, self.epoll == nil else { return }
        self.epoll = epoll
        self.id = id
        epoll.add(PQsocket(conn), id: id, forRoom: awaitsRoom)
    }

    // MARK: Receiving

    /// Reads what the socket has and finishes the units whose Sync was answered.
    mutating func receive(into finished: inout [(Flight, Outcome)], insistsOnWriting: Bool, now: Instant) {
        guard let conn else { return }
        let isReadable = PQconsumeInput(conn) == 1
        // Also after a failed read: libpq may hold answers that came before it.
        var ends = 0
        while !flights.isEmpty, !hasEnded, PQisBusy(conn) == 0 {
            lastHeard = now
            guard let result = PQgetResult(conn) else {
                // The end of one statement's answer. Two without an answer in between: libpq has nothing more to say.
                ends += 1
                if ends < 2 { continue }
                fail("The server's answers ended early.")
                break
            }
            ends = 0
            if PQresultStatus(result) == PGRES_PIPELINE_SYNC {
                PQclear(result)
                waits += 1
                let head = flights.removeFirst()
                finished.append((head.flight, head.failure ?? .answered(head.rows)))
            } else {
                take(result, insistsOnWriting: insistsOnWriting)
                if breakage != nil { break }
            }
        }
        if awaitsRoom { flush() }
        if !isReadable || PQstatus(conn) == CONNECTION_BAD { fail(Dial.message(of: conn)) }
        if flights.isEmpty && breakage == nil && PQtransactionStatus(conn) != PQTRANS_IDLE {
            fail("A unit left a transaction open.")
        }
    }

    /// Takes one statement's answer into the unit that is being answered.
    private mutating func take(_ result: OpaquePointer, insistsOnWriting: Bool) {
        let step = flights[0].step < flights[0].steps.count ? flights[0].steps[flights[0].step] : nil
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            flights[0].step += 1
            if case .execute = step {
                flights[0].rows.append(Rows(owning: result))
            } else {
                PQclear(result)
            }
        case PGRES_PIPELINE_ABORTED:
            flights[0].step += 1
            if case .prepare(let key, let name) = step { cache.forget(key, named: name) }
            PQclear(result)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            flights[0].failure = .failed(.unexpected("COPY needs a connection of its own."))
            fail("COPY in a pipeline.")
            PQclear(result)
        default:
            takeError(result, step, insistsOnWriting: insistsOnWriting)
            PQclear(result)
        }
    }

    private mutating func takeError(_ result: OpaquePointer, _ step: Step?, insistsOnWriting: Bool) {
        let statement = min(flights[0].rows.count, flights[0].flight.unit.statements.count - 1)
        guard let refusal = PostgresError.Refusal(result, statement: statement) else {
            return fail(conn.map(Dial.message(of:)) ?? "")
        }
        if PostgresError.Refusal.endsSession(result) {
            hasEnded = true
            return fail(refusal.message)
        }
        let isStale = refusal.isStalePlan
        switch step {
        case .prepare(let key, let name): cache.forget(key, named: name)
        case .execute(let key?, let name) where isStale:
            if refusal.state == .invalidStatementName { cache.forget(key, named: name) } else { cache.evict(key, named: name) }
        case .deallocate, .execute, nil: break
        }
        if isStale {
            flights[0].failure = .repeatable(.refused(refusal))
        } else if insistsOnWriting && refusal.state == .readOnlyTransaction {
            flights[0].failure = .readOnly(.refused(refusal))
        } else {
            flights[0].failure = .failed(.refused(refusal))
        }
        flights[0].step += 1
    }

    // MARK: Ending

    private mutating func fail(_ reason: String) {
        breakage = breakage ?? reason
    }

    mutating func close() {
        fail("closed")
        guard let conn else { return }
        epoll?.remove(PQsocket(conn))
        PQfinish(conn)
        self.conn = nil
    }

    /// What became of units whose connection is gone.
    mutating func abandonAll(_ reason: String) -> [(Flight, Outcome)] {
        let outcomes = flights.enumerated().map { index, carried in (carried.flight, outcome(of: carried, isHead: index == 0, reason)) }
        flights.removeAll()
        return outcomes
    }

    private func outcome(of carried: Carried, isHead: Bool, _ reason: String) -> Outcome {
        if let failure = carried.failure { return failure }
        let wasNotCommitted = hasEnded && (!isHead || carried.step < carried.steps.count)
        if wasNotCommitted || carried.flight.unit.isRepeatable { return .repeatable(.unreachable(reason)) }
        return .failed(.outcomeUnknown(reason))
    }
}

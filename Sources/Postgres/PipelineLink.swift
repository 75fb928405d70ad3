import CLibPQ
import DequeModule

/// The libpq side of a `PipelineConnection`: its state, and sending. Only touched under the connection's lock.
struct PipelineLink: ~Copyable {
    typealias Instant = ContinuousClock.Instant
    typealias Outcome = PipelineConnection.Outcome

    /// A unit on its way, and how far its answer has come.
    struct Carried {
        let flight: Flight
        let steps: [Step]
        var step = 0
        var rows: [Rows] = []
        var failure: Outcome?
    }

    private(set) var conn: OpaquePointer?
    var flights: Deque<Carried> = []
    var cache: StatementCache
    private var parameters = Parameters()
    private var namespaces: Set<String> = []
    private var lastNamespace = ""
    private var epoll: Epoll?
    private var id: UInt64 = 0
    /// Something is still to be sent, when the socket has room.
    private(set) var awaitsRoom = false
    /// Why the connection is of no more use.
    private(set) var breakage: String?
    /// The server has said goodbye (FATAL), after everything it had to say before: a unit whose last statement was not answered by
    /// then has not been committed.
    var hasEnded = false
    var lastHeard: Instant

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

    /// Writes a unit and its Sync. False when not everything was accepted: without its Sync the server rolls it back.
    mutating func write(_ flight: Flight, prepares: Bool, now: Instant) -> Bool {
        guard let conn else { return false }
        var writer = StatementWriter(
            conn, namespace: flight.unit.namespace, prepares: prepares && flight.usesPrepared, room: flight.unit.statements.count)
        guard writer.write(flight.unit.statements, &cache, &parameters) else {
            fail(Dial.message(of: conn))
            return false
        }
        if flights.isEmpty { lastHeard = now }
        flights.append(Carried(flight: flight, steps: writer.steps))
        if PQpipelineSync(conn) != 1 { fail(Dial.message(of: conn)) }
        flush()
        return true
    }

    /// Pushes out what is still to be sent; what does not fit goes when epoll sees room.
    mutating func flush() {
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

    /// The connection is of no more use. The first reason counts.
    mutating func fail(_ reason: String) {
        breakage = breakage ?? reason
    }

    mutating func close() {
        fail("closed")
        guard let conn else { return }
        epoll?.remove(PQsocket(conn))
        PQfinish(conn)
        self.conn = nil
    }
}

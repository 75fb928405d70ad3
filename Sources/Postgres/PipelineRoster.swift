/// Who has which connection of a `PipelinePool`, who waits, and what is to be done: the pool's books, kept under its lock.
///
/// Room is booked here before a unit is sent and given back here after its answer, so that nobody is left waiting while there is
/// room.
struct PipelineRoster {
    typealias Instant = ContinuousClock.Instant

    /// A place for a connection.
    struct Seat {
        var connection: PipelineConnection?
        /// Units in flight on it.
        var load = 0
        /// When it last answered, or began to have something to answer.
        var heard: Instant
        var isDialing = false
        /// Why its connection is being replaced by a new one, while it still serves.
        var retiring: String?
        /// Failures since the last answer, and when to try again.
        var failures = 0
        var retry: Instant?
    }

    let settings: PoolSettings
    /// Affinities whose reads have come together on the first seat's connection.
    private var gathered: Set<Int> = []
    var seats: [Seat]
    /// Connections out of their seat with units still on their way.
    var leaving: [(connection: PipelineConnection, load: Int)] = []
    /// Connections the reader does not know yet, and those that it has to look at.
    var newcomers: [PipelineConnection] = []
    var suspects: [PipelineConnection] = []
    var line: WaitingLine
    private var lastID: UInt64 = 0
    /// Why the last attempt at connecting failed; nil when it did not.
    private(set) var lastFailure: String?
    private(set) var isClosing = false
    var isClosed = false
    var figures = PoolFigures()

    init(_ settings: PoolSettings) {
        self.settings = settings
        seats = Array(repeating: Seat(heard: .now), count: max(1, settings.connections))
        line = WaitingLine(deadline: settings.waitDeadline)
        figures.name = settings.name
    }

    /// Books room for a new unit, on its preferred connection if that has some, else where there is most. Nil when there is none, or
    /// others wait already: the unit waits in line then.
    mutating func place(_ flight: Flight, preferring wish: Int, now: Instant) -> PipelineConnection? {
        if line.isEmpty, let seat = roomiest(preferring: wish, now: now), let connection = seats[seat].connection {
            book(seat, now: now)
            return connection
        }
        line.append(flight, now: now)
        return nil
    }

    private mutating func book(_ seat: Int, now: Instant) {
        if seats[seat].load == 0 { seats[seat].heard = now }
        seats[seat].load += 1
    }

    /// The seat a unit would like best.
    mutating func preferred(_ flight: Flight, now: Instant) -> Int {
        let number = UInt(bitPattern: flight.affinity)
        guard settings.gathersReads, seats.count > 1 else { return Int(number % UInt(seats.count)) }
        if flight.unit.isRepeatable, gathers(flight.affinity, now: now) { return 0 }
        return 1 + Int(number % UInt(seats.count - 1))
    }

    /// So many units are on their way where reads gather before others go elsewhere.
    private static let crowd = 16
    /// A connection that owes an answer for so long is busy with something slow; nobody else should stand behind that.
    private static let slowness: Duration = .milliseconds(10)

    /// Whether reads of this affinity go to the first seat: not too many of them at a time, since one backend is one processor, and not of
    /// too many tenants, since a backend's memory grows with each.
    private mutating func gathers(_ affinity: Int, now: Instant) -> Bool {
        guard seats[0].connection != nil else { return true }
        guard seats[0].load < Self.crowd, !isSlow(0, now: now) else { return false }
        if gathered.contains(affinity) { return true }
        // The rest is for those who come here because there is room nowhere else.
        guard gathered.count < settings.maximumNamespaces * 7 / 8 else { return false }
        gathered.insert(affinity)
        return true
    }

    private func isSlow(_ seat: Int, now: Instant) -> Bool {
        seats[seat].load > 0 && now - seats[seat].heard > Self.slowness
    }

    private mutating func roomiest(preferring wish: Int, now: Instant) -> Int? {
        if let connection = seats[wish].connection {
            if connection.expires <= now { retire(connection, "lifetime") }
            if seats[wish].load < settings.unitsInFlight { return wish }
        }
        return seats.indices.filter { hasRoom($0) }.min { seats[$0].load < seats[$1].load }
    }

    func hasRoom(_ seat: Int) -> Bool {
        seats[seat].connection != nil && seats[seat].load < settings.unitsInFlight
    }

    /// The next one in line, if `connection` has room for it; the room is booked.
    mutating func next(for connection: PipelineConnection, now: Instant) -> Flight? {
        guard !line.isEmpty, seats[connection.seat].connection === connection, hasRoom(connection.seat),
            let flight = line.popFirst(now: now)
        else { return nil }
        book(connection.seat, now: now)
        return flight
    }

    /// Gives room back; `heard` is when an answer came, nil when nothing was sent.
    mutating func finish(_ count: Int, on connection: PipelineConnection, heard: Instant?) {
        if seats[connection.seat].connection === connection {
            seats[connection.seat].load -= count
            if let heard { (seats[connection.seat].heard, seats[connection.seat].failures) = (heard, 0) }
        } else if let index = leaving.firstIndex(where: { $0.connection === connection }) {
            leaving[index].load -= count
        }
    }

    /// A number for a new connection.
    mutating func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    /// A new connection takes its seat; the one that sat there leaves when its units are answered. False when the pool is closed.
    mutating func seat(_ connection: PipelineConnection) -> Bool {
        seats[connection.seat].isDialing = false
        guard !isClosed else { return false }
        if let old = seats[connection.seat].connection { remove(old, seats[connection.seat].retiring ?? "replaced") }
        seats[connection.seat].connection = connection
        seats[connection.seat].retry = nil
        if connection.seat == 0 { gathered = [] }
        newcomers.append(connection)
        lastFailure = nil
        figures.opened += 1
        return true
    }

    mutating func dialFailed(_ seat: Int, _ reason: String, now: Instant) {
        seats[seat].isDialing = false
        figures.refusedConnections += 1
        lastFailure = reason
        backOff(seat, now: now)
    }

    /// A connection shall be replaced by a new one soon.
    mutating func retire(_ connection: PipelineConnection, _ reason: String) {
        guard seats[connection.seat].connection === connection, seats[connection.seat].retiring == nil else { return }
        seats[connection.seat].retiring = reason
    }

    /// Nothing more is sent on this connection. It stays until its units are answered.
    mutating func remove(_ connection: PipelineConnection, _ reason: String) {
        guard seats[connection.seat].connection === connection else { return }
        figures.retired[reason, default: 0] += 1
        leaving.append((connection, seats[connection.seat].load))
        seats[connection.seat].connection = nil
        seats[connection.seat].retiring = nil
        seats[connection.seat].load = 0
    }

    /// The server takes no more writes: the other connections lead to the same one.
    mutating func removeAll(_ reason: String) {
        for connection in seats.compactMap(\.connection) { remove(connection, reason) }
    }

    /// A connection broke: nothing more is sent on it. Its seat waits a little longer each time this happens without an answer in
    /// between.
    mutating func lose(_ connection: PipelineConnection, _ reason: String, now: Instant) {
        guard seats[connection.seat].connection === connection else { return }
        remove(connection, reason)
        if seats[connection.seat].failures > 0 { backOff(connection.seat, now: now) } else { seats[connection.seat].failures = 1 }
    }

    /// A connection is closed. What it counted in its life stays.
    mutating func bury(_ connection: PipelineConnection) {
        leaving.removeAll { $0.connection === connection }
        let counts = connection.takeCounts()
        figures.add(flushes: counts.flushes, waits: counts.waits)
    }

    private mutating func backOff(_ seat: Int, now: Instant) {
        seats[seat].failures += 1
        seats[seat].retry = now + Backoff.delay(after: seats[seat].failures)
    }

    /// From now on only accepted units are served.
    mutating func beginClosing() {
        isClosing = true
    }

    mutating func census() -> PoolFigures {
        let connections = seats.compactMap(\.connection) + leaving.map(\.connection)
        for counts in connections.map({ $0.takeCounts() }) { figures.add(flushes: counts.flushes, waits: counts.waits) }
        var census = figures
        census.connections = connections.count
        census.encrypted = connections.count { $0.isEncrypted }
        census.inUse = seats.reduce(0) { $0 + $1.load } + leaving.reduce(0) { $0 + $1.load }
        census.waiters = line.count
        census.waited = line.waited
        return census
    }
}

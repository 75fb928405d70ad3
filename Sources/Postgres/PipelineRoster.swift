import DequeModule

/// Who has which connection of a `PipelinePool`, who waits, and what is to be done: the pool's books, kept under its lock.
///
/// Room is booked here before a unit is sent and given back here after its answer, so that nobody can be left waiting while there
/// is room.
struct PipelineRoster {
    typealias Instant = ContinuousClock.Instant

    /// A place for a connection.
    private struct Seat {
        var connection: PipelineConnection?
        /// Units in flight on it.
        var load = 0
        var isDialing = false
        /// Why its connection is being replaced by a new one, while it still serves.
        var retiring: String?
        /// Failures since the last answer, and when to try again.
        var failures = 0
        var retry: Instant?
    }

    /// What the reader has to do before it waits again.
    struct Chores {
        var newcomers: [PipelineConnection] = []
        var suspects: [PipelineConnection] = []
        var emptied: [PipelineConnection] = []
        var expired: [Flight] = []
        var seatsToDial: [Int] = []
        var nextDeadline: Instant?
        var isDone = false
    }

    private let settings: PoolSettings
    private var seats: [Seat]
    /// Connections out of their seat with units still on their way.
    private var leaving: [(connection: PipelineConnection, load: Int)] = []
    private var newcomers: [PipelineConnection] = []
    private var suspects: [PipelineConnection] = []
    /// Units that have been sent once and go first, and those that never were. Both in order of arrival.
    private var again: Deque<(flight: Flight, since: Instant)> = []
    private var waiters: Deque<(flight: Flight, since: Instant)> = []
    private var lastID: UInt64 = 0
    private(set) var lastFailure: String?
    private(set) var isClosing = false
    private(set) var isClosed = false
    var figures: PoolFigures

    init(_ settings: PoolSettings) {
        self.settings = settings
        seats = Array(repeating: Seat(), count: max(1, settings.connections))
        figures = PoolFigures()
        figures.name = settings.name
    }

    // MARK: Units

    enum Placement {
        case send(PipelineConnection)
        case wait
    }

    /// Books room for a new unit, on its preferred connection if that has some, else where there is most; or puts it in the queue.
    mutating func place(_ flight: Flight, now: Instant) -> Placement {
        if again.isEmpty, waiters.isEmpty, let seat = roomiest(preferring: flight.affinity, now: now), let connection = book(seat) {
            return .send(connection)
        }
        waiters.append((flight, now))
        return .wait
    }

    /// The preferred seat of a unit.
    private func preferred(_ affinity: Int) -> Int {
        Int(UInt(bitPattern: affinity) % UInt(seats.count))
    }

    private mutating func roomiest(preferring affinity: Int, now: Instant) -> Int? {
        let wish = preferred(affinity)
        if let connection = seats[wish].connection {
            if connection.expires <= now && seats[wish].retiring == nil { seats[wish].retiring = "lifetime" }
            if seats[wish].load < settings.unitsInFlight { return wish }
        }
        let open = seats.indices.filter { seats[$0].connection != nil && seats[$0].load < settings.unitsInFlight }
        return open.min { seats[$0].load < seats[$1].load }
    }

    private mutating func book(_ seat: Int) -> PipelineConnection? {
        guard let connection = seats[seat].connection else { return nil }
        seats[seat].load += 1
        return connection
    }

    /// Gives room back; `isHealthy` when an answer came.
    mutating func finish(_ count: Int, on connection: PipelineConnection, isHealthy: Bool) {
        if seats[connection.seat].connection === connection {
            seats[connection.seat].load -= count
            if isHealthy { seats[connection.seat].failures = 0 }
        } else if let index = leaving.firstIndex(where: { $0.connection === connection }) {
            leaving[index].load -= count
        }
    }

    /// The next one in the queue, if `connection` has room for it; the room is booked.
    mutating func next(for connection: PipelineConnection, now: Instant) -> Flight? {
        guard seats[connection.seat].connection === connection, seats[connection.seat].load < settings.unitsInFlight else { return nil }
        while let (flight, since) = again.popFirst() ?? waiters.popFirst() {
            if flight.caller.isGone { continue }
            figures.waited += now - since
            seats[connection.seat].load += 1
            return flight
        }
        return nil
    }

    /// Puts a unit that was sent in vain at the head of the queue.
    mutating func repeatLater(_ flight: Flight, now: Instant) {
        again.append((flight, now))
    }

    /// Takes a cancelled unit out of the queue.
    mutating func forget(_ flight: Flight) {
        again.removeAll { $0.flight === flight }
        waiters.removeAll { $0.flight === flight }
    }

    // MARK: Connections

    /// Which seats should be dialled now: the one a unit would have preferred, and as many as the queue needs.
    mutating func seatsToDial(preferring affinity: Int? = nil, now: Instant) -> [Int] {
        guard !isClosed else { return [] }
        var wanted: [Int] = []
        if let affinity, seats[preferred(affinity)].connection == nil { wanted.append(preferred(affinity)) }
        wanted += seats.indices.filter { seats[$0].retiring != nil }
        let queue = again.count + waiters.count
        if queue > 0 {
            let dialing = seats.count { $0.isDialing && $0.connection == nil } + wanted.count
            let needed = 1 + queue / settings.unitsInFlight - dialing
            if needed > 0 {
                wanted += seats.indices.filter { seats[$0].connection == nil && !wanted.contains($0) }.prefix(needed)
            }
        }
        wanted = wanted.filter { !seats[$0].isDialing && seats[$0].retry.map { $0 <= now } ?? true }
        for seat in wanted { seats[seat].isDialing = true }
        return wanted
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
        seats[connection.seat].load = 0
        seats[connection.seat].retry = nil
        seats[connection.seat].retiring = nil
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

    /// A connection broke: it goes at once, and its seat waits a little longer each time this happens without an answer in between.
    mutating func lose(_ connection: PipelineConnection, _ reason: String, now: Instant) {
        if seats[connection.seat].connection === connection {
            remove(connection, reason)
            if seats[connection.seat].failures > 0 { backOff(connection.seat, now: now) }
            seats[connection.seat].failures += 1
        }
        bury(connection)
    }

    /// A connection is closed; its counts stay.
    private mutating func bury(_ connection: PipelineConnection) {
        leaving.removeAll { $0.connection === connection }
        let counts = connection.counts
        figures.add(flushes: counts.flushes, waits: counts.waits)
    }

    /// The reader has to look at this connection.
    mutating func suspect(_ connection: PipelineConnection) {
        suspects.append(connection)
    }

    private mutating func backOff(_ seat: Int, now: Instant) {
        seats[seat].failures += 1
        seats[seat].retry = now + Backoff.delay(after: seats[seat].failures)
    }

    // MARK: The reader

    mutating func chores(now: Instant) -> Chores {
        var chores = Chores()
        swap(&chores.newcomers, &newcomers)
        swap(&chores.suspects, &suspects)
        for (connection, load) in leaving where load == 0 { chores.emptied.append(connection) }
        for connection in chores.emptied { bury(connection) }
        chores.expired = expire(&again, now: now) + expire(&waiters, now: now)
        figures.overloaded += chores.expired.count
        chores.seatsToDial = seatsToDial(now: now)
        var deadlines = [again.first, waiters.first].compactMap { $0.map { $0.since + settings.waitDeadline } }
        if !deadlines.isEmpty || seats.contains(where: { $0.retiring != nil }) {
            deadlines += seats.compactMap { $0.isDialing ? nil : $0.retry }
        }
        chores.nextDeadline = deadlines.min()
        let isIdle = again.isEmpty && waiters.isEmpty && leaving.isEmpty && seats.allSatisfy { $0.load == 0 }
        if isClosing && isIdle && chores.suspects.isEmpty {
            isClosed = true
            chores.isDone = true
            chores.emptied += seats.compactMap(\.connection)
            for index in seats.indices {
                if let connection = seats[index].connection { bury(connection) }
                seats[index].connection = nil
            }
        }
        return chores
    }

    private func expire(_ queue: inout Deque<(flight: Flight, since: Instant)>, now: Instant) -> [Flight] {
        var expired: [Flight] = []
        while let first = queue.first, first.since + settings.waitDeadline <= now {
            queue.removeFirst()
            if !first.flight.caller.isGone { expired.append(first.flight) }
        }
        return expired
    }

    /// Whether any connection could take units, so that a wait that was too long means load and not absence.
    var isReachable: Bool { seats.contains { $0.connection != nil } }

    mutating func beginClosing() {
        isClosing = true
    }

    /// Everything counted so far. The pool adds what its open connections have counted.
    func census() -> (figures: PoolFigures, connections: [PipelineConnection]) {
        var census = figures
        let connections = seats.compactMap(\.connection) + leaving.map(\.connection)
        census.connections = connections.count
        census.inUse = seats.reduce(0) { $0 + $1.load } + leaving.reduce(0) { $0 + $1.load }
        census.waiters = again.count + waiters.count
        return (census, connections)
    }
}

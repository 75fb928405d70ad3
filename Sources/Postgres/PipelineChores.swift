/// What the reader of a `PipelinePool` has to do before it waits again.
struct PipelineChores {
    var newcomers: [PipelineConnection] = []
    var suspects: [PipelineConnection] = []
    /// Connections with room while somebody waits.
    var hungry: [PipelineConnection] = []
    /// Connections that nobody uses any more.
    var emptied: [PipelineConnection] = []
    /// Units that have waited too long, and why there was no room: a server that cannot be reached, or nil for too much work.
    var expired: [Flight] = []
    var failure: String?
    var seatsToDial: [Int] = []
    var nextDeadline: ContinuousClock.Instant?
    /// The pool is closed and empty.
    var isDone = false
}

extension PipelineRoster {
    /// Takes what is to be done out of the books.
    mutating func chores(now: Instant) -> PipelineChores {
        var chores = PipelineChores()
        swap(&chores.newcomers, &newcomers)
        swap(&chores.suspects, &suspects)
        chores.emptied = leaving.filter { $0.load == 0 }.map(\.connection)
        for connection in chores.emptied { bury(connection) }
        chores.expired = line.expire(now: now)
        figures.overloaded += chores.expired.count
        if seats.allSatisfy({ $0.connection == nil }) { chores.failure = lastFailure ?? "The server did not accept a connection in time." }
        if !line.isEmpty { chores.hungry = seats.indices.filter { hasRoom($0) }.compactMap { seats[$0].connection } }
        chores.seatsToDial = seatsToDial(now: now)
        chores.nextDeadline = nextDeadline(now: now)
        chores.isDone = isClosing && suspects.isEmpty && line.isEmpty && leaving.isEmpty && seats.allSatisfy { $0.load == 0 }
        if chores.isDone { chores.emptied += leave() }
        return chores
    }

    /// Which seats to dial for a new unit: the one it would have preferred, and what the line needs. They count as being dialled.
    mutating func seatsToDial(preferring wish: Int, now: Instant) -> [Int] {
        // Nearly always.
        if line.isEmpty && seats[wish].connection != nil && seats[wish].retiring == nil { return [] }
        let others = seatsToDial(now: now)
        return seats[wish].connection == nil && dial(wish, now: now) ? others + [wish] : others
    }

    /// Which seats to dial for those in line and in place of retiring connections. They count as being dialled.
    private mutating func seatsToDial(now: Instant) -> [Int] {
        var dialled = seats.indices.filter { seats[$0].retiring != nil && dial($0, now: now) }
        guard !line.isEmpty else { return dialled }
        var needed = 1 + line.count / settings.unitsInFlight - seats.count { $0.isDialing && $0.connection == nil }
        for seat in seats.indices where needed > 0 && seats[seat].connection == nil && dial(seat, now: now) {
            dialled.append(seat)
            needed -= 1
        }
        return dialled
    }

    private mutating func dial(_ seat: Int, now: Instant) -> Bool {
        guard !isClosed, !seats[seat].isDialing, seats[seat].retry.map({ $0 <= now }) ?? true else { return false }
        seats[seat].isDialing = true
        return true
    }

    /// When there is something to do although nothing has come: somebody has waited too long, or a seat may be dialled again.
    private func nextDeadline(now: Instant) -> Instant? {
        var deadlines = line.nextDeadline.map { [$0] } ?? []
        for seat in seats where !line.isEmpty || seat.retiring != nil {
            if let retry = seat.retry, retry > now { deadlines.append(retry) }
        }
        return deadlines.min()
    }

    /// Clears all seats for good.
    private mutating func leave() -> [PipelineConnection] {
        isClosed = true
        let connections = seats.compactMap(\.connection)
        for connection in connections { bury(connection) }
        for seat in seats.indices { seats[seat].connection = nil }
        return connections
    }
}

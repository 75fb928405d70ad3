import DequeModule

/// Units that wait for room, first come first served; one that was sent in vain goes before those that never were.
struct WaitingLine {
    typealias Instant = ContinuousClock.Instant
    private typealias Waiting = (flight: Flight, since: Instant)

    let deadline: Duration
    // Each in order of arrival, and so of its deadline.
    private var again: Deque<Waiting> = []
    private var new: Deque<Waiting> = []
    /// How long all that were served have waited together.
    private(set) var waited: Duration = .zero

    init(deadline: Duration) {
        self.deadline = deadline
    }

    var count: Int { again.count + new.count }
    var isEmpty: Bool { again.isEmpty && new.isEmpty }

    /// When the first of them has waited long enough.
    var nextDeadline: Instant? {
        [again.first, new.first].compactMap { $0.map { $0.since + deadline } }.min()
    }

    mutating func append(_ flight: Flight, now: Instant) {
        new.append((flight, now))
    }

    /// Takes in a unit that was sent in vain; its deadline counts from now.
    mutating func appendAgain(_ flight: Flight, now: Instant) {
        again.append((flight, now))
    }

    /// The next one that somebody still waits for.
    mutating func popFirst(now: Instant) -> Flight? {
        while let next = again.popFirst() ?? new.popFirst() {
            if next.flight.caller.isGone { continue }
            waited += now - next.since
            return next.flight
        }
        return nil
    }

    /// Takes a cancelled unit out.
    mutating func remove(_ flight: Flight) {
        again.removeAll { $0.flight === flight }
        new.removeAll { $0.flight === flight }
    }

    /// Takes out those whose deadline has passed.
    mutating func expire(now: Instant) -> [Flight] {
        var expired: [Flight] = []
        while let first = again.first, first.since + deadline <= now { expired.append(again.removeFirst().flight) }
        while let first = new.first, first.since + deadline <= now { expired.append(new.removeFirst().flight) }
        return expired.filter { !$0.caller.isGone }
    }
}

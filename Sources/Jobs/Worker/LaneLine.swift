import DequeModule

/// The lanes that one process knows to have work, in the order of their turns: who has just been served goes to the end.
///
/// It is a memory, not the truth: what it has forgotten or never heard comes back with the next sweep.
struct LaneLine: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Lane: Sendable {
        let slug: String
        let kind: JobKind
        /// Where its ready jobs begin.
        var since: Int
        /// Jobs of the lane that this process has.
        var held = 0
        /// Looks that found nothing, one after another.
        var quiet = 0
        /// Something was enqueued while a claim was on its way, which may not have seen it.
        var hasNews = false
        var place = Place.resting

        enum Place: Equatable {
            /// It has work and stands in the line.
            case inLine
            /// It is looked at again then.
            case waiting(Instant)
            /// A claim is on its way.
            case served
            case resting
        }
    }

    private var lanes: [Int: Lane] = [:]
    private var line = Deque<Int>()
    private var waiting: Set<Int> = []
    /// One tenant's jobs of one kind leave a quarter of the places to others.
    private let mostOfOne: Int

    init(concurrency: Int) {
        mostOfOne = max(1, concurrency - concurrency / 4)
    }

    /// When the next lane is due; nil when only news can bring work.
    private(set) var nextDue: Instant?

    /// Somebody enqueued something in this lane.
    mutating func heard(of id: Int, slug: String, kind: JobKind) {
        if lanes[id] == nil { lanes[id] = Lane(slug: slug, kind: kind, since: 0) }
        lanes[id]?.quiet = 0
        lanes[id]?.hasNews = true
        stand(id)
    }

    /// The sweep found a lane that is due after `next`.
    mutating func found(_ id: Int, slug: String, kind: JobKind, next: Duration, since: Int, now: Instant) {
        if lanes[id] == nil { lanes[id] = Lane(slug: slug, kind: kind, since: since) }
        // Who committed long after enqueueing may be behind where the last claim ended.
        let known = lanes[id]?.since ?? since
        lanes[id]?.since = min(known, since)
        guard next > .zero else { return stand(id) }
        wait(id, until: now + next)
    }

    /// The lanes whose turn it is, and how many jobs each may have of `free` places. They are out of the line until `served` is told.
    mutating func next(free: Int, now: Instant, isOpen: (String, JobKind) -> Bool) -> [Queue.Order] {
        wake(now)
        var free = free
        var orders: [Queue.Order] = []
        let share = max(1, free / max(1, line.count))
        while free > 0, orders.count < Self.mostOrders, let id = line.popFirst() {
            guard let lane = lanes[id], lane.place == .inLine else { continue }
            guard isOpen(lane.slug, lane.kind) else {
                forget(id)
                continue
            }
            let wanted = min(share, lane.kind.batch, mostOfOne - lane.held, free)
            guard wanted > 0 else {
                // It comes back when one of its jobs ends.
                lanes[id]?.place = .resting
                continue
            }
            lanes[id]?.place = .served
            lanes[id]?.hasNews = false
            orders.append(Queue.Order(lane: id, since: lane.since, wanted: wanted, kind: lane.kind))
            free -= wanted
        }
        return orders
    }

    /// What came of an order; `count` jobs were claimed. `luck` from 0 to 1 keeps processes from meeting at a lane again and again.
    mutating func served(_ service: Queue.Service, count: Int, now: Instant, luck: Double) {
        guard var lane = lanes[service.lane] else { return }
        lane.since = service.since
        lane.held += count
        lane.quiet = count > 0 ? 0 : lane.quiet + 1
        lane.place = .resting
        lanes[service.lane] = lane
        switch service.outcome {
        case .served:
            // Another transaction may have been about to commit: another look soon, then at growing distances.
            let pause = Self.look * Double(1 << min(lane.quiet, 8))
            if lane.hasNews || (service.next.map { $0 <= .zero } ?? false) {
                stand(service.lane)
            } else if pause < .seconds(1) {
                wait(service.lane, until: now + min(pause, service.next ?? pause))
            } else if let next = service.next, next < .seconds(10) {
                wait(service.lane, until: now + next)
            } else {
                forget(service.lane)
            }
        case .busy: wait(service.lane, until: now + .milliseconds(2) + .milliseconds(6) * luck)
        case .full: wait(service.lane, until: now + .milliseconds(20) * Double(1 << min(lane.quiet, 4)) * (0.5 + luck))
        case .slow: wait(service.lane, until: now + max(.milliseconds(1), service.next ?? .zero))
        case .paused, .gone: forget(service.lane)
        }
    }

    /// The claim came to nothing; its lanes are asked again after a moment.
    mutating func failed(_ orders: [Queue.Order], until moment: Instant) {
        for order in orders {
            lanes[order.lane]?.place = .resting
            wait(order.lane, until: moment)
        }
    }

    /// A job of the lane has ended and its place is free.
    mutating func ended(in id: Int) {
        guard let lane = lanes[id] else { return }
        lanes[id]?.held = max(0, lane.held - 1)
        let isLimited = lane.kind.tenantLimit != nil || lane.kind.cellLimit != nil
        if lane.place == .resting || isLimited { stand(id) }
    }

    func slug(of id: Int) -> String? { lanes[id]?.slug }
    func kind(of id: Int) -> JobKind? { lanes[id]?.kind }

    private mutating func wake(_ now: Instant) {
        guard let due = nextDue, due <= now else { return }
        nextDue = nil
        for id in waiting {
            guard case .waiting(let moment) = lanes[id]?.place else {
                waiting.remove(id)
                continue
            }
            if moment <= now { stand(id) } else { nextDue = min(nextDue ?? moment, moment) }
        }
    }

    private mutating func stand(_ id: Int) {
        guard let lane = lanes[id], lane.place != .inLine, lane.place != .served else { return }
        waiting.remove(id)
        lanes[id]?.place = .inLine
        line.append(id)
    }

    private mutating func wait(_ id: Int, until moment: Instant) {
        guard let lane = lanes[id], lane.place != .inLine else { return }
        if case .waiting(let earlier) = lane.place, earlier <= moment { return }
        lanes[id]?.place = .waiting(moment)
        waiting.insert(id)
        nextDue = min(nextDue ?? moment, moment)
    }

    /// Out of the line; what this process still has of it is remembered.
    private mutating func forget(_ id: Int) {
        waiting.remove(id)
        if lanes[id]?.held == 0 { lanes[id] = nil } else { lanes[id]?.place = .resting }
    }

    private static let look = Duration.milliseconds(10)
    private static let mostOrders = 32
}

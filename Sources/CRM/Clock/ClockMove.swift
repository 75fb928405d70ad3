import Foundation
import Jobs
import Postgres
import Records
import Tenancy

/// A test tenant's clock being set or moved on: whatever falls due on the way happens when its moment has come, one after another, and the
/// next moment does not come before all of it has ended.
///
/// Workers do the work, as ever; this only waits for them. When it is interrupted the clock stands where it has come to.
package struct ClockMove: Sendable {
    private let scope: TenantScope
    private let installation: Installation
    private let schedules: [Schedule]

    package init(in scope: TenantScope, _ installation: Installation) {
        self.scope = scope
        self.installation = installation
        schedules = StandingWork.schedules.filter(\.followsClock)
    }

    /// Where the clock stands, and how many reminders fell due while it was moved.
    package struct Answer: Sendable, Hashable {
        package let now: Date
        package let fired: Int
    }

    /// Where the clock stands; nil while it was never set.
    package func clock() async throws -> Date? {
        try await scope.rows("SELECT \(TenantClock.setting)").first?.optionalDate(0)
    }

    /// Sets it for the first time, to any time: what fell due before that is past. Later it moves on.
    ///
    /// Refuses with `.invalid` a time that lies before what the clock shows, and with `.overloaded` when no worker does the tenant's work.
    package func set(to time: Date) async throws -> Answer {
        guard let before = try await clock() else { return try await begin(at: Self.exact(time)) }
        return try await move(from: before, to: Self.exact(time), named: "/now")
    }

    /// Moves it on from where it stands, or from now when it was never set.
    package func advance(named pointer: String, to time: (Date) -> Date) async throws -> Answer {
        var before = try await clock()
        if before == nil { before = try await begin(at: Self.exact(.now)).now }
        let start = before ?? .now
        return try await move(from: start, to: Self.exact(time(start)), named: pointer)
    }

    /// To the millisecond, as the clock shows it.
    private static func exact(_ time: Date) -> Date { Date(timeIntervalSince1970: (time.timeIntervalSince1970 * 1000).rounded() / 1000) }

    private func begin(at time: Date) async throws -> Answer {
        let armed: SQL = "extract(epoch FROM \(time)::timestamptz)"
        _ = try await scope.run([Self.setting(time)] + PlanReminders.everything(armed: armed))
        try await settle()
        return Answer(now: time, fired: 0)
    }

    private func move(from before: Date, to end: Date, named pointer: String) async throws -> Answer {
        guard end >= before else {
            throw Problem.invalid([.init(pointer, .range, "The clock stands at \(before.apiText) and goes forwards only.")])
        }
        do {
            try await walk(from: before, to: end)
        } catch let error as PostgresError where error.refusal?.constraint == "clock_backwards" {
            throw Problem(.conflict, "Someone else is moving the clock at this moment; ask again when it has arrived.")
        }
        let fired = try await scope.rows("SELECT count(*) FROM occurrences WHERE due_at > \(before) AND due_at <= \(end)")
        return Answer(now: end, fired: try fired.first?.int(0) ?? 0)
    }

    /// From moment to moment at which something is due.
    private func walk(from start: Date, to end: Date) async throws {
        let deadline = ContinuousClock.now + Self.longest
        var tenant = try await installation.directory.find(slug: scope.tenant.slug) ?? scope.tenant
        var now = start
        while now < end {
            // Whoever is closed has their work wait, and nothing falls due any more.
            guard tenant.state.allowsWrites else { return try await set(end) }
            let due = try await settle()
            guard ContinuousClock.now < deadline else {
                throw Problem(.overloaded, "The clock has come to \(now.apiText) and stands there; move it on from there.", retryAfter: 1)
            }
            // What was over before the clock came here ends at once.
            let next = max(now, [due, tenant.endsNext, end].compactMap(\.self).min() ?? end)
            let firings = firings(after: now, until: next)
            now = firings.first?.time ?? next
            try await set(now, firings.filter { $0.time == now }.map { .enqueue($0.schedule) })
            tenant = try await installation.lifecycle.keepDates(of: tenant, asOf: now)
        }
        if tenant.state.allowsWrites { try await settle() }
    }

    /// What schedules do before the next moment, in order. Of all the nights until then only the last counts, as if workers had been away:
    /// nothing has happened in between.
    private func firings(after now: Date, until next: Date) -> [(schedule: Schedule, time: Date)] {
        schedules.compactMap { schedule in
            var time: Date?
            var instant = max(now, next - 2 * 86_400)
            while let following = schedule.next(after: instant), following <= next { (time, instant) = (following, following) }
            return time.map { (schedule, $0) }
        }.sorted { $0.time < $1.time }
    }

    private func set(_ now: Date, _ more: [SQL] = []) async throws {
        _ = try await scope.run([Self.setting(now)] + more)
    }

    private static func setting(_ time: Date) -> SQL {
        "SELECT cell.set_tenant_clock(\(time), \(StandingWork.clocked.map(\.name))::text[])"
    }

    /// Waits until nothing is at work or due, and answers when the next is due by the clock.
    @discardableResult private func settle() async throws -> Date? {
        let kinds = StandingWork.clocked.map(\.name) + [PlanReminders.kind.name]
        let work: SQL = "SELECT running, due, next_at FROM cell.clock_work(\(kinds)::text[])"
        var pause = Duration.milliseconds(1)
        var (fewest, since) = (Int.max, ContinuousClock.now)
        while true {
            guard let row = try await scope.rows(work).first else { throw PostgresError.unexpected("An answer is missing.") }
            let (running, due) = (try row.int(0), try row.int(1))
            if running + due == 0 { return try row.optionalDate(2) }
            if running > 0 || due < fewest { (fewest, since) = (due, .now) }
            guard ContinuousClock.now - since < Self.patience else {
                throw Problem(
                    .overloaded, "Work that is due is not done: no worker runs, or its kind is paused. The clock stands still.",
                    retryAfter: 5)
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(20))
        }
    }

    /// How long nothing may get done, and how long one call may take.
    private static let patience = Duration.seconds(10)
    private static let longest = Duration.seconds(300)
}

extension Tenant {
    /// When its trial or its grace ends.
    fileprivate var endsNext: Date? {
        switch state {
        case .trial: trialEndsAt
        case .pastDue: graceEndsAt
        default: nil
        }
    }
}

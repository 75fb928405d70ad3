import Foundation
import Recurrence

/// A job that comes again and again for every tenant, by a rule that tells from an instant the next one.
///
/// It fires once for an instant, with any number of workers, and spreads its jobs over a while so that a thousand tenants do not come at
/// once. While a job of an earlier instant still waits for a tenant, that tenant gets no second one.
package struct Schedule: Sendable {
    /// What becomes of instants that passed while no worker ran.
    package enum CatchUp: Sendable, Hashable {
        /// However many they were, the schedule fires once, at once.
        case once
        /// They are gone; it fires at the next.
        case skip
    }

    /// Never changes: the queue remembers by it what has fired.
    let name: String
    /// The rule in words; when a release brings other words, the next instant is worked out anew.
    let rule: String
    let next: @Sendable (Date) -> Date?
    let catchUp: CatchUp
    let spread: Duration
    let job: ScheduledJob
    package var kindName: String { job.kind.name }
    /// Whether a test tenant's clock fires it, see `JobKind.followsClock`.
    package var followsClock: Bool { job.kind.followsClock }

    package func next(after instant: Date) -> Date? { next(instant) }

    package init<J: Job>(
        _ name: String, _ job: J, rule: String, catchUp: CatchUp = .once, spread: Duration = .seconds(1800),
        next: @escaping @Sendable (Date) -> Date?
    ) {
        self.name = name
        self.rule = rule
        self.next = next
        self.catchUp = catchUp
        self.spread = spread
        self.job = ScheduledJob(kind: J.kind, payload: Promise(job).payload)
    }

    /// By a cron expression in a zone.
    package init<J: Job>(
        _ name: String, _ job: J, cron text: String, zone: TimeZone = .gmt, catchUp: CatchUp = .once, spread: Duration = .seconds(1800)
    ) throws(Unreadable) {
        let cron = try CronExpression(text)
        self.init(name, job, rule: "\(text) \(zone.identifier)", catchUp: catchUp, spread: spread) { cron.next(after: $0, in: zone) }
    }
}

/// What a schedule enqueues.
struct ScheduledJob: Sendable {
    let kind: JobKind
    /// Nil when the job cannot be written as JSON; then it never fires, and the log says so.
    let payload: String?
}

import Foundation
import Logging
import Postgres
import Tenancy

/// Fires the schedules of one cell. Every worker runs one: whoever is first at an instant moves the schedule on in the transaction that
/// enqueues, so the others find it moved.
struct Scheduler: Sendable {
    let cell: CellScope
    let schedules: [Schedule]
    let log: Logger

    /// A schedule as the queue has it.
    private struct Known {
        let rule: String
        let next: Date
        /// To the microsecond, as the server wrote it.
        let exact: String
    }

    /// Until the task is cancelled.
    func run() async {
        guard !schedules.isEmpty else { return }
        while !Task.isCancelled {
            var pause = Duration.seconds(15)
            do {
                pause = min(pause, try await fireDue())
            } catch PostgresError.cancelled {
                return
            } catch {
                log.warning("Schedules could not be fired yet.", metadata: ["error": "\(error)"])
                pause = .seconds(2)
            }
            // Cancellation ends the sleep and the loop.
            try? await Task.sleep(for: pause)
        }
    }

    /// Fires what is due by the database's clock; answers how long until the next.
    func fireDue() async throws -> Duration {
        let answers = try await cell.run(
            ["SELECT clock_timestamp()", "SELECT name, rule, next_at, next_at::text FROM job_schedules"], isRepeatable: true, affinity: 2)
        guard let now = try answers[0].first?.date(0) else { return .seconds(1) }
        var known: [String: Known] = [:]
        for row in answers[1] { known[try row.text(0)] = Known(rule: try row.text(1), next: try row.date(2), exact: try row.text(3)) }
        var pause = Duration.seconds(15)
        for schedule in schedules {
            guard let following = schedule.next(now) else { continue }
            guard let row = known[schedule.name], row.rule == schedule.rule else {
                try await establish(schedule, following)
                continue
            }
            if row.next <= now {
                try await fire(schedule, row, following: following, now: now)
                pause = min(pause, .seconds(following.timeIntervalSince(now)))
            } else {
                pause = min(pause, .seconds(row.next.timeIntervalSince(now)))
            }
        }
        return max(.milliseconds(1), pause)
    }

    /// A new schedule, or a new rule, begins at its next instant.
    private func establish(_ schedule: Schedule, _ first: Date) async throws {
        _ = try await cell.rows(
            """
            INSERT INTO job_schedules AS s (name, rule, next_at) VALUES (\(schedule.name), \(schedule.rule), \(first))
            ON CONFLICT (name) DO UPDATE SET rule = excluded.rule, next_at = excluded.next_at WHERE s.rule <> excluded.rule
            """, isRepeatable: true, affinity: 2)
    }

    private func fire(_ schedule: Schedule, _ known: Known, following: Date, now: Date) async throws {
        let isMissed = schedule.catchUp == .skip && now.timeIntervalSince(known.next) > 60
        guard !isMissed, let payload = schedule.job.payload else {
            _ = try await cell.rows(
                "UPDATE job_schedules SET next_at = \(following) WHERE name = \(schedule.name) AND next_at = \(known.exact)::timestamptz",
                affinity: 2)
            return log.notice("A schedule passed over an instant.", metadata: ["schedule": "\(schedule.name)", "due": "\(known.exact)"])
        }
        let kind = schedule.job.kind
        _ = try await cell.rows(
            """
            SELECT fire_job_schedule(\(schedule.name), \(known.exact)::timestamptz, \(following), \(kind.name), \(kind.version), \(payload)::jsonb,
                \(kind.priority.rawValue), \(kind.maximumAttempts), \(schedule.spread.milliseconds)::integer / 1000.0::double precision)
            """, within: .seconds(60), affinity: 2)
    }
}

import Foundation
import Postgres

/// How many jobs of a kind will be due within an hour.
package struct JobForecast: Sendable, Hashable {
    /// When the hour begins.
    package let hour: Date
    package let kind: String
    package let jobs: Int
}

extension JobDesk {
    /// The coming hours by what is enqueued already and by when schedules fire. What is overdue counts for the first hour; hours and kinds
    /// without jobs are left out.
    package func forecast(hours: Int, schedules: [Schedule], now: Date = .now) async throws -> [JobForecast] {
        let start = Date(timeIntervalSince1970: (now.timeIntervalSince1970 / 3600).rounded(.down) * 3600)
        let end = start.addingTimeInterval(Double(hours) * 3600)
        var counts: [Date: [String: Int]] = [:]
        for cell in try cells(nil) {
            let rows = try await cell.run(
                [
                    """
                    SELECT date_trunc('hour', greatest(j.run_at, \(start)), 'UTC') AS hour, l.kind, count(*)
                    FROM jobs AS j JOIN job_lanes AS l ON l.id = j.lane_id WHERE j.state = 'ready' AND j.run_at < \(end) AND l.clock IS NULL GROUP BY 1, 2
                    """,
                    "SELECT count(*) FROM tenants",
                ], within: .seconds(10), isRepeatable: true)
            for row in rows[0] { counts[try row.date(0), default: [:]][try row.text(1), default: 0] += try row.int(2) }
            let tenants = try rows[1].first?.int(0) ?? 0
            for schedule in schedules where tenants > 0 {
                var instant = now
                while let next = schedule.next(instant), next < end {
                    let hour = Date(timeIntervalSince1970: (next.timeIntervalSince1970 / 3600).rounded(.down) * 3600)
                    counts[hour, default: [:]][schedule.job.kind.name, default: 0] += tenants
                    instant = next
                }
            }
        }
        return counts.flatMap { hour, kinds in kinds.map { JobForecast(hour: hour, kind: $0.key, jobs: $0.value) } }
            .sorted { ($0.hour, $0.kind) < ($1.hour, $1.kind) }
    }
}

import Postgres

/// What a cell's queue holds of one kind, and what became of that kind's jobs since the cell began.
package struct JobCensus: Sendable {
    package let cell: String
    package let kind: String
    /// Due and waiting for a place.
    package var ready = 0
    /// How long the first of them has waited.
    package var oldest = 0.0
    package var running = 0
    package var dead = 0
    /// How many ended how, by what `finished_total` calls it.
    package var finished: [String: Int] = [:]
    package var rescued = 0
    /// How many starts came within each bound of `bounds`, and beyond the last.
    package var starts: [Int] = []
    package var startSeconds = 0.0

    /// In seconds.
    package static var bounds: [Double] { WorkFigures.bounds }
}

extension JobDesk {
    /// Every kind in every cell, by cell and kind. What waits for a test tenant's clock is nobody's delay and not counted. Counting stops after three seconds, with an error.
    package func census() async throws -> [JobCensus] {
        var all: [JobCensus] = []
        for cell in try cells(nil) {
            let rows = try await cell.run(
                [
                    """
                    SELECT l.kind, coalesce(sum(ready) FILTER (WHERE l.clock IS NULL), 0),
                        coalesce(extract(epoch FROM clock_timestamp() - min(first) FILTER (WHERE l.clock IS NULL)), 0), sum(running), sum(dead)
                    FROM (
                        SELECT lane_id, count(*) AS ready, min(run_at) AS first, 0 AS running, 0 AS dead FROM jobs
                        WHERE state = 'ready' AND run_at <= clock_timestamp() GROUP BY lane_id
                        UNION ALL SELECT lane_id, 0, NULL, count(*), 0 FROM jobs WHERE state = 'running' GROUP BY lane_id
                        UNION ALL SELECT lane_id, 0, NULL, 0, count(*) FROM jobs WHERE state = 'dead' GROUP BY lane_id
                    ) AS j JOIN job_lanes AS l ON l.id = j.lane_id GROUP BY l.kind
                    """,
                    "SELECT kind, done, again, failed, dead, rescued, starts, start_seconds FROM job_figures",
                    "SELECT kind FROM job_kinds",
                ], within: .seconds(3), isRepeatable: true)
            var kinds: [String: JobCensus] = [:]
            for row in rows[2] { kinds[try row.text(0)] = JobCensus(cell: cell.name, kind: try row.text(0)) }
            for row in rows[0] {
                var census = JobCensus(cell: cell.name, kind: try row.text(0))
                census.ready = try row.int(1)
                census.oldest = max(0, try row.double(2))
                census.running = try row.int(3)
                census.dead = try row.int(4)
                kinds[census.kind] = census
            }
            for row in rows[1] {
                let kind = try row.text(0)
                var census = kinds[kind] ?? JobCensus(cell: cell.name, kind: kind)
                census.finished = ["done": try row.int(1), "again": try row.int(2), "failed": try row.int(3), "dead": try row.int(4)]
                census.rescued = try row.int(5)
                census.starts = try row.texts(6).map { Int($0) ?? 0 }
                census.startSeconds = try row.double(7)
                kinds[kind] = census
            }
            all += kinds.values.sorted { $0.kind < $1.kind }
        }
        return all
    }
}

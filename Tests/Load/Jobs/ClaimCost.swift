import Foundation
import Jobs
import Postgres

/// What a claim of ten costs with a thousand jobs waiting and with a million.
enum ClaimCost {
    static func measure() async throws {
        var medians: [Double] = []
        for count in [1000, 1_000_000] {
            let yard = try await Yard(tenants: 1)
            try await yard.enqueue(count, for: yard.scopes[0])
            let took = try await claims(in: yard, 80)
            medians.append(percentile(took, 0.5))
            say("\(count) waiting: p50 \(shown(percentile(took, 0.5))) ms, p99 \(shown(percentile(took, 0.99))) ms a claim of ten")
            await yard.installation.close()
        }
        say("a million against a thousand: \(shown(medians[1] / medians[0]))")
    }

    /// Claims as a worker does, each from where the one before ended, and ends them.
    static func claims(in yard: Yard, _ count: Int) async throws -> [Double] {
        let cell = try yard.cell()
        let worker = UUID()
        _ = try await cell.rows(
            "INSERT INTO job_workers (id, name, concurrency, leased_until) VALUES (\(worker), 'load', 1, clock_timestamp() + interval '1 hour')"
        )
        let lane = try await cell.rows("SELECT id FROM job_lanes LIMIT 1")[0].int(0)
        var since = 0
        var took: [Double] = []
        for _ in 0..<count {
            let began = ContinuousClock.now
            let rows = try await cell.rows(
                SQL(
                    """
                    SELECT outcome, next_since, id, attempt FROM claim_jobs(\(worker), ARRAY[\(lane)::bigint], ARRAY[\(since)::bigint], '{10}',
                        '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}')
                    """
                ).prepared(.shared))
            took.append(milliseconds(ContinuousClock.now - began))
            var ids: [UUID] = []
            for row in rows {
                if try row.text(0) == "job" { ids.append(try row.uuid(2)) } else { since = try row.int(1) }
            }
            _ = try await cell.rows(
                "SELECT end_jobs(\(worker), \(ids), \(ids.map { _ in 1 }), \(ids.map { _ in "done" }), \(ids.map { _ in 0 }), \(ids.map { _ in String?.none }))"
            )
        }
        return took
    }
}

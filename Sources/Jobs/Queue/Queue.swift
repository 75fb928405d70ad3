import Foundation
import Postgres
import Tenancy

/// The queue of one cell, as workers use it: a statement each, every one with a time limit. What they do stands in SQL/cell/0005-jobs.sql.
struct Queue: Sendable {
    let cell: CellScope

    /// Which connection: claims, completions and chores do not wait for each other.
    private enum Lane { static let claims = 0, ends = 1, chores = 2 }

    /// A lane to be served, with what its kind allows.
    struct Order: Sendable {
        let lane: Int
        let since: Int
        let wanted: Int
        let kind: JobKind
    }

    /// What became of an order.
    struct Service: Sendable {
        enum Outcome: String, Sendable { case served, busy, full, slow, paused, gone }

        let lane: Int
        let outcome: Outcome
        /// Until its next job, or until its rate allows one.
        let next: Duration?
        let since: Int
    }

    struct Claim: Sendable {
        var jobs: [ClaimedJob] = []
        var services: [Service] = []
        /// The worker has lost its lease and must begin anew.
        var isExpired = false
    }

    func claim(_ orders: [Order], as worker: UUID) async throws(PostgresError) -> Claim {
        let rows = try await cell.rows(
            SQL(
                """
                SELECT outcome, lane, next_in, next_since, id, version, attempt, maximum_attempts, payload, late, clock FROM claim_jobs(
                    \(worker), \(orders.map(\.lane)), \(orders.map(\.since)), \(orders.map(\.wanted)),
                    \(orders.map(\.kind.tenantLimit)), \(orders.map(\.kind.cellLimit)),
                    \(orders.map(\.kind.tenantRate?.count)), \(orders.map { Self.seconds($0.kind.tenantRate) }),
                    \(orders.map(\.kind.cellRate?.count)), \(orders.map { Self.seconds($0.kind.cellRate) }))
                """
            ).prepared(.shared), affinity: Lane.claims)
        var claim = Claim()
        for row in rows {
            switch try row.text(0) {
            case "job": claim.jobs.append(try ClaimedJob(row))
            case "expired": claim.isExpired = true
            case let word:
                guard let outcome = Service.Outcome(rawValue: word) else { throw .unexpected("A lane was \"\(word)\".") }
                claim.services.append(
                    Service(
                        lane: try row.int(1), outcome: outcome, next: try row.optionalDouble(2).map { .seconds($0) }, since: try row.int(3))
                )
            }
        }
        return claim
    }

    /// Writes down what became of jobs; answers those for which this worker still counted.
    func end(_ ends: [JobEnd], as worker: UUID) async throws(PostgresError) -> Set<UUID> {
        let rows = try await cell.rows(
            SQL(
                """
                SELECT * FROM end_jobs(\(worker), \(ends.map(\.job.id)), \(ends.map(\.job.attempt)), \(ends.map(\.word.rawValue)),
                    \(ends.map(\.delay.milliseconds)), \(ends.map(\.error)))
                """
            ).prepared(.shared), isRepeatable: true, affinity: Lane.ends)
        var held: Set<UUID> = []
        for row in rows { held.insert(try row.uuid(0)) }
        return held
    }

    /// Announces the worker and the kinds it knows.
    func join(_ worker: UUID, name: String, concurrency: Int, _ handlers: JobHandlers, lease: Duration) async throws(PostgresError) {
        let follows = handlers.names.map { handlers[$0]?.kind.followsClock ?? false }
        _ = try await cell.run(
            [
                """
                INSERT INTO job_kinds (kind, follows_clock) SELECT * FROM unnest(\(handlers.names)::text[], \(follows)::boolean[])
                ON CONFLICT (kind) DO UPDATE SET follows_clock = excluded.follows_clock
                WHERE job_kinds.follows_clock <> excluded.follows_clock
                """,
                """
                INSERT INTO job_workers (id, name, concurrency, leased_until)
                VALUES (\(worker), \(name), \(concurrency), clock_timestamp() + make_interval(secs => \(lease.milliseconds)::integer / 1000.0))
                ON CONFLICT (id) DO UPDATE SET leased_until = excluded.leased_until
                """,
            ], isRepeatable: true, affinity: Lane.chores)
    }

    /// Says that the worker lives. False when it was declared dead before.
    func beat(_ worker: UUID, lease: Duration, _ figures: [WorkFigures]) async throws(PostgresError) -> Bool {
        let beat: SQL = """
            UPDATE job_workers SET leased_until = clock_timestamp() + make_interval(secs => \(lease.milliseconds)::integer / 1000.0)
            WHERE id = \(worker) AND leased_until > clock_timestamp() RETURNING 1
            """
        let rows = try await cell.run([beat] + figures.map(\.statement), within: .seconds(3), affinity: Lane.chores)
        return !rows[0].isEmpty
    }

    /// Hands back whatever the worker has.
    func leave(_ worker: UUID, _ figures: [WorkFigures]) async throws(PostgresError) -> Int {
        let rows = try await cell.run(
            [SQL("SELECT leave_jobs(\(worker))")] + figures.map(\.statement), within: .seconds(3), affinity: Lane.chores)
        return try rows[0].first?.int(0) ?? 0
    }

    /// Frees the jobs of workers that fell silent; answers how many per kind.
    func rescue() async throws(PostgresError) -> [WorkFigures] {
        let rows = try await cell.rows("SELECT kind, rescued, dead FROM rescue_jobs()", affinity: Lane.chores)
        var figures: [WorkFigures] = []
        for row in rows {
            var figure = WorkFigures(kind: try row.text(0))
            figure.rescued = try row.int(1) + row.int(2)
            figure.dead = try row.int(2)
            figures.append(figure)
        }
        return figures
    }

    /// Lanes with something due within the horizon.
    func due(within horizon: Duration) async throws(PostgresError) -> [DueLane] {
        let rows = try await cell.rows(
            "SELECT lane, slug, kind, next_in, since FROM due_job_lanes(\(horizon.milliseconds)::integer / 1000.0)", isRepeatable: true,
            affinity: Lane.chores)
        var lanes: [DueLane] = []
        for row in rows {
            lanes.append(
                DueLane(
                    id: try row.int(0), slug: try row.text(1), kind: try row.text(2), next: .seconds(try row.double(3)),
                    since: try row.int(4)))
        }
        return lanes
    }

    /// Remembers that these lanes' tenant is closed, so that they come back gently.
    func hold(_ lanes: [Int]) async throws(PostgresError) {
        _ = try await cell.rows(
            "UPDATE job_lanes SET held_at = clock_timestamp() WHERE id = ANY (\(lanes)::bigint[]) AND held_at IS NULL",
            isRepeatable: true, affinity: Lane.chores)
    }

    /// Empties what finished the day before yesterday, once a day. Someone who reads it just now only delays that.
    func rotate() async throws(PostgresError) {
        _ = try await cell.rows("SELECT rotate_finished_jobs()", within: .milliseconds(500), affinity: Lane.chores)
    }

    private static func seconds(_ rate: JobRate?) -> String? { rate.map { String($0.span.seconds) } }
}

/// A lane as the sweep found it.
struct DueLane: Sendable, Hashable {
    let id: Int
    let slug: String
    let kind: String
    /// Until its first job is due; negative when it is overdue.
    let next: Duration
    /// When that job is due, in microseconds since 1970.
    let since: Int
}

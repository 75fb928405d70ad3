import Foundation
import Postgres

/// What a cell keeps for a tenant outside the tenant's schema: its waiting jobs, its clock, what concerns its mail.
struct CellBelongings: Sendable {
    let tenant: UUID

    /// Takes it out of one cell and puts it into another, in the transactions of both, which act as the owner. The tenant's row is there.
    ///
    /// - Parameter job: runs here and goes on there; that any other runs ends it with `.cannotMove`.
    func move(from source: borrowing Assembly, to target: borrowing Assembly, but job: UUID?) async throws {
        let taken = try await source.rows([
            "SELECT to_jsonb(t)::text FROM tenants AS t WHERE t.id = \(tenant)",
            // From here on nobody claims any of them.
            "SELECT (to_jsonb(l) - 'id')::text FROM job_lanes AS l WHERE l.tenant_id = \(tenant) FOR UPDATE",
            """
            DELETE FROM jobs AS j USING job_lanes AS l WHERE l.tenant_id = \(tenant) AND j.lane_id = l.id
            RETURNING (to_jsonb(j) || jsonb_build_object('kind', l.kind))::text, j.state = 'running' AND j.id IS DISTINCT FROM \(job)::uuid
            """,
            "SELECT to_jsonb(p)::text FROM mail_pauses AS p WHERE p.tenant_id = \(tenant)",
            "SELECT (to_jsonb(p) - 'digest')::text FROM mail_logos AS p WHERE p.tenant_id = \(tenant)",
        ])
        guard try !taken[2].contains(where: { try $0.bool(1) }) else {
            throw TenancyError.cannotMove("", reason: "A job of it began just now; say it again.")
        }
        _ = try await target.rows([
            """
            UPDATE tenants SET clock = r.clock, clock_began = r.clock_began, created_at = r.created_at
            FROM jsonb_to_recordset(\(try list(taken[0]))::jsonb) AS r (clock timestamptz, clock_began timestamptz, created_at timestamptz)
            WHERE tenants.id = \(tenant)
            """,
            """
            INSERT INTO job_lanes (tenant_id, kind, paused_at, rate_free_at, held_at, returned_at, clock)
            SELECT tenant_id, kind, paused_at, rate_free_at, held_at, returned_at, clock
            FROM jsonb_to_recordset(\(try list(taken[1]))::jsonb) AS r (tenant_id uuid, kind text, paused_at timestamptz,
                rate_free_at timestamptz, held_at timestamptz, returned_at timestamptz, clock timestamptz)
            ON CONFLICT DO NOTHING
            """,
            """
            INSERT INTO mail_pauses (tenant_id, at)
            SELECT tenant_id, at FROM jsonb_to_recordset(\(try list(taken[3]))::jsonb) AS r (tenant_id uuid, at timestamptz)
            """,
            """
            INSERT INTO mail_logos (tenant_id, image) SELECT tenant_id, image
            FROM jsonb_to_recordset(\(try list(taken[4]))::jsonb) AS r (tenant_id uuid, image bytea)
            """,
        ])
        let jobs = try taken[2].map { try $0.text(0) }
        for start in stride(from: 0, to: jobs.count, by: Self.batch) {
            let part = "[" + jobs[start..<min(start + Self.batch, jobs.count)].joined(separator: ",") + "]"
            _ = try await target.rows([
                """
                INSERT INTO jobs (id, lane_id, version, state, priority, run_at, unique_key, payload, attempt, maximum_attempts, rescued,
                    enqueued_at, error, died_at)
                SELECT r.id, l.id, r.version, CASE r.state WHEN 'running' THEN 'ready' ELSE r.state END, r.priority, r.run_at, r.unique_key,
                    r.payload, r.attempt - (r.state = 'running')::integer, r.maximum_attempts, r.rescued, r.enqueued_at, r.error, r.died_at
                FROM jsonb_to_recordset(\(part)::jsonb) AS r (id uuid, kind text, version integer, state text, priority smallint,
                    run_at timestamptz, unique_key text, payload jsonb, attempt integer, maximum_attempts integer, rescued integer,
                    enqueued_at timestamptz, error text, died_at timestamptz)
                JOIN job_lanes AS l ON l.tenant_id = \(tenant) AND l.kind = r.kind
                """
            ])
        }
    }

    private func list(_ rows: Rows) throws -> String { "[" + (try rows.map { try $0.text(0) }).joined(separator: ",") + "]" }

    private static let batch = 1000
}

import Foundation
import Postgres
import Tenancy

/// The queues of all cells as operators see them and act on them.
package struct JobDesk: Sendable {
    package enum Refusal: Error, Sendable, Hashable {
        case unknownJob
        /// A process has it just now.
        case isRunning
        /// It has been done already.
        case isDone
        /// Another job with its unique key waits or runs.
        case keyTaken
    }

    /// What a list is narrowed to; without a state everything that is not done.
    package struct Filter: Sendable, Hashable {
        package var state: JobView.State?
        package var kind: String?
        package var tenant: String?
        package var cell: String?

        package init() {}
    }

    let installation: Installation

    package init(_ installation: Installation) {
        self.installation = installation
    }

    /// The newest first; those before an id, if given.
    package func page(before id: UUID? = nil, _ filter: Filter, limit: Int) async throws -> [JobView] {
        var all: [JobView] = []
        for cell in try cells(filter.cell) {
            let condition: SQL = """
                (\(id)::uuid IS NULL OR j.id < \(id)::uuid) AND (\(filter.kind)::text IS NULL OR l.kind = \(filter.kind)::text)
                AND (\(filter.tenant)::text IS NULL OR t.slug = \(filter.tenant)::text)
                """
            let rows =
                if filter.state == .done {
                    try await cell.rows(
                        "SELECT \(JobView.finishedColumns) FROM finished_jobs AS j \(Self.joins) WHERE \(condition) ORDER BY j.id DESC LIMIT \(limit)",
                        isRepeatable: true)
                } else {
                    try await cell.rows(
                        """
                        SELECT \(JobView.columns) FROM jobs AS j \(Self.joins) LEFT JOIN job_workers AS w ON w.id = j.worker_id
                        WHERE \(condition) AND (\(filter.state?.rawValue)::text IS NULL OR j.state = \(filter.state?.rawValue)::text)
                        ORDER BY j.id DESC LIMIT \(limit)
                        """, isRepeatable: true)
                }
            for row in rows { all.append(try JobView(row, cell: cell.name)) }
        }
        // Version 7 ids are ordered as their text is.
        return Array(all.sorted { $0.id.uuidString > $1.id.uuidString }.prefix(limit))
    }

    /// The job, wherever it is; nil for one that never was or was done days ago.
    package func find(_ id: UUID) async throws -> JobView? {
        try await located(id)?.view
    }

    /// Starts it as soon as there is a place: at once instead of later, or again after it died, with all its attempts.
    package func retry(_ id: UUID, by instruction: Instruction) async throws -> JobView {
        let (cell, _) = try await changeable(id)
        // First, as the queue is in another database: nothing is done that is not told.
        try await installation.audit.append("retry_job", target: id.text, by: instruction)
        do {
            let rows = try await cell.run([
                """
                UPDATE jobs SET state = 'ready', died_at = NULL, attempt = CASE WHEN state = 'dead' THEN 0 ELSE attempt END,
                    run_at = coalesce((SELECT l.clock FROM job_lanes AS l WHERE l.id = lane_id), clock_timestamp())
                WHERE id = \(id) AND state <> 'running' RETURNING lane_id
                """,
                """
                SELECT pg_notify('jobs', l.id || ' ' || t.slug || ' ' || l.kind)
                FROM jobs AS j JOIN job_lanes AS l ON l.id = j.lane_id JOIN tenants AS t ON t.id = l.tenant_id WHERE j.id = \(id)
                """,
            ])
            guard !rows[0].isEmpty else { throw Refusal.isRunning }
        } catch let error as PostgresError where error.refusal?.constraint == "jobs_unique_key" {
            throw Refusal.keyTaken
        }
        guard let view = try await find(id) else { throw Refusal.isDone }
        return view
    }

    /// Takes it out of the queue for good, unless it has begun; one that was taken out already stays so.
    package func cancel(_ id: UUID, by instruction: Instruction) async throws {
        let cell: CellScope
        do {
            cell = try await changeable(id).cell
        } catch Refusal.unknownJob {
            // Whoever ended before the answer says it again.
            let known = try await installation.audit.entries(target: id.text, limit: 1)
            if known.first?.action == "cancel_job" { return }
            throw Refusal.unknownJob
        }
        try await installation.audit.append("cancel_job", target: id.text, by: instruction)
        let rows = try await cell.rows("DELETE FROM jobs WHERE id = \(id) AND state <> 'running' RETURNING id")
        guard !rows.isEmpty else { throw Refusal.isRunning }
    }

    /// Starts nothing more of the kind, for one tenant or for all; what runs ends. Answers false when the tenant is not known.
    package func pause(_ kind: String, of tenant: String?, by instruction: Instruction) async throws -> Bool {
        try await setPaused(kind, tenant, "clock_timestamp()", "pause_jobs", instruction)
    }

    package func resume(_ kind: String, of tenant: String?, by instruction: Instruction) async throws -> Bool {
        try await setPaused(kind, tenant, "NULL", "resume_jobs", instruction)
    }

    private func setPaused(
        _ kind: String, _ tenant: String?, _ value: SQL, _ verb: String, _ instruction: Instruction
    ) async throws -> Bool {
        var target = kind
        if let tenant {
            guard let found = try await installation.directory.find(slug: tenant), found.state != .deleted else { return false }
            _ = try await installation.cells.scope(of: found.cell).rows(
                "UPDATE job_lanes SET paused_at = \(value) WHERE id = job_lane(\(found.id), \(kind))", isRepeatable: true)
            target += " of \(tenant)"
        } else {
            for cell in try cells(nil) {
                _ = try await cell.rows(
                    "INSERT INTO job_kinds (kind, paused_at) VALUES (\(kind), \(value)) ON CONFLICT (kind) DO UPDATE SET paused_at = \(value)",
                    isRepeatable: true)
            }
        }
        try await installation.audit.append(verb, target: target, by: instruction)
        return true
    }

    private func changeable(_ id: UUID) async throws -> (cell: CellScope, view: JobView) {
        guard let found = try await located(id) else { throw Refusal.unknownJob }
        if found.view.state == .done { throw Refusal.isDone }
        if found.view.state == .running { throw Refusal.isRunning }
        return found
    }

    private func located(_ id: UUID) async throws -> (cell: CellScope, view: JobView)? {
        for cell in try cells(nil) {
            let rows = try await cell.run(
                [
                    """
                    SELECT \(JobView.columns) FROM jobs AS j \(Self.joins) LEFT JOIN job_workers AS w ON w.id = j.worker_id WHERE j.id = \(id)
                    """,
                    "SELECT \(JobView.finishedColumns) FROM finished_jobs AS j \(Self.joins) WHERE j.id = \(id)",
                ], isRepeatable: true)
            if let row = rows[0].first ?? rows[1].first { return (cell, try JobView(row, cell: cell.name)) }
        }
        return nil
    }

    func cells(_ name: String?) throws -> [CellScope] {
        try installation.cells.all.filter { name == nil || $0.name == name }.map { try installation.cells.scope(of: $0.name) }
    }

    private static let joins: SQL = "JOIN job_lanes AS l ON l.id = j.lane_id JOIN tenants AS t ON t.id = l.tenant_id"
}

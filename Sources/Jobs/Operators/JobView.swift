import Foundation
import Postgres

/// A job as operators see it.
package struct JobView: Sendable {
    package enum State: String, Sendable, CaseIterable { case ready, running, dead, done }

    package let id: UUID
    package let cell: String
    /// The tenant's short name.
    package let tenant: String
    package let kind: String
    package let version: Int
    package let state: State
    package let priority: Int
    package let runAt: Date
    package let uniqueKey: String?
    /// JSON.
    package let payload: String
    package let attempt: Int
    package let maximumAttempts: Int
    /// How often a process fell silent that had it.
    package let rescued: Int
    package let enqueuedAt: Date
    package let startedAt: Date?
    package let worker: String?
    package let error: String?
    /// When it was done, or died.
    package let endedAt: Date?

    /// Of `j`, a row of `jobs`, with its lane `l`, tenant `t` and worker `w`.
    static let columns: SQL = """
        j.id, t.slug, l.kind, j.version, j.state, j.priority, j.run_at, j.unique_key, j.payload, j.attempt, j.maximum_attempts, j.rescued,
        j.enqueued_at, j.started_at, w.name, j.error, j.died_at
        """
    /// The same of a row of `finished_jobs`.
    static let finishedColumns: SQL = """
        j.id, t.slug, l.kind, j.version, 'done', j.priority, j.run_at, j.unique_key, j.payload, j.attempt, j.maximum_attempts, j.rescued,
        j.enqueued_at, j.started_at, NULL, NULL, j.finished_at
        """

    init(_ row: Row, cell: String) throws(PostgresError) {
        self.cell = cell
        id = try row.uuid(0)
        tenant = try row.text(1)
        kind = try row.text(2)
        version = try row.int(3)
        let word = try row.text(4)
        guard let state = State(rawValue: word) else { throw .unexpected("A job is in the unknown state \"\(word)\".") }
        self.state = state
        priority = try row.int(5)
        runAt = try row.date(6)
        uniqueKey = row.optionalText(7)
        payload = try row.text(8)
        attempt = try row.int(9)
        maximumAttempts = try row.int(10)
        rescued = try row.int(11)
        enqueuedAt = try row.date(12)
        startedAt = try row.optionalDate(13)
        worker = row.optionalText(14)
        error = row.optionalText(15)
        endedAt = try row.optionalDate(16)
    }
}

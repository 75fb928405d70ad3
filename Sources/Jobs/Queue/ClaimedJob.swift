import Foundation
import Postgres

/// A job that this process has and nobody else.
struct ClaimedJob: Sendable {
    let id: UUID
    let lane: Int
    let version: Int
    /// With the worker's id the token that its completion must show.
    let attempt: Int
    let maximumAttempts: Int
    let payload: [UInt8]
    /// How long after it was due it was started, in seconds.
    let late: Double
    /// What the clock of a test tenant shows; nil in real time.
    let clock: Date?

    /// This attempt and no other.
    var token: Token { Token(id: id, attempt: attempt) }

    struct Token: Sendable, Hashable {
        let id: UUID
        let attempt: Int
    }

    /// A row of `claim_jobs`.
    init(_ row: Row) throws(PostgresError) {
        lane = try row.int(1)
        id = try row.uuid(4)
        version = try row.int(5)
        attempt = try row.int(6)
        maximumAttempts = try row.int(7)
        payload = row.withBytes(8) { Array($0) }
        late = max(0, try row.double(9))
        clock = try row.optionalDate(10)
    }
}

/// What became of a job, to be written down.
struct JobEnd: Sendable {
    enum Word: String, Sendable { case done, again, retry, dead }

    let job: ClaimedJob
    let word: Word
    var delay: Duration = .zero
    var error: String?
}

import Foundation
import Postgres
import Secrets

extension SQL {
    /// Promises a job in the transaction this statement runs in: a tenant's, through its `TenantScope`. It exists when that commits, and
    /// never otherwise. Costs no round trip of its own in a unit of several statements.
    ///
    /// - Parameters:
    ///   - id: its id in the queue; a version 7.
    ///   - at: when it is due; nil for now.
    ///   - key: while a job of the kind with this key waits or runs for the tenant, this one is not enqueued ...
    ///   - replacing: ... or gives the one that waits its time and content.
    package static func enqueue<J: Job>(
        _ job: J, id: UUID = .v7(), at time: Date? = nil, key: String? = nil, replacing: Bool = false, priority: JobPriority? = nil
    ) -> SQL {
        enqueue([Promise(job, id: id, at: time, key: key)], replacing: replacing, priority: priority)
    }

    /// Many of one kind in one statement. Keys must differ among themselves.
    package static func enqueue<J: Job>(_ promises: [Promise<J>], replacing: Bool = false, priority: JobPriority? = nil) -> SQL {
        let kind = J.kind
        let payloads = promises.map(\.payload)
        guard !payloads.contains(nil) else { return refusal }
        let sql: SQL = """
            SELECT cell.enqueue_jobs(\(kind.name), \(kind.version), \(promises.map(\.id)), \(payloads), \
            \(promises.map(\.time)), \(promises.map(\.key)), \((priority ?? kind.priority).rawValue), \(kind.maximumAttempts), \(replacing))
            """
        return sql.prepared(.shared)
    }

    /// An expression, for a statement that finds out itself whether there is work: promises a job for now. `payload` is an expression of type
    /// jsonb with what the job's properties are written as.
    package static func promising<J: Job>(_ type: J.Type, _ payload: SQL) -> SQL {
        let kind = J.kind
        return "cell.enqueue_jobs(\(kind.name), \(kind.version)::integer, ARRAY[cell.uuid_v7()], ARRAY[" + payload
            + "], ARRAY[NULL]::timestamptz[], ARRAY[NULL]::text[], \(kind.priority.rawValue)::integer, \(kind.maximumAttempts)::integer, false)"
    }

    /// What a schedule promises each time, for the tenant whose transaction it is; one that still waits is enough.
    package static func enqueue(_ schedule: Schedule) -> SQL {
        let (kind, payload) = (schedule.job.kind, schedule.job.payload)
        guard let payload else { return refusal }
        let sql: SQL = """
            SELECT cell.enqueue_jobs(\(kind.name), \(kind.version), \([UUID.v7()]), \([Optional(payload)]), \([Date?.none]), \
            \([Optional("schedule \(schedule.name)")]), \(kind.priority.rawValue), \(kind.maximumAttempts), false)
            """
        return sql
    }

    /// Takes back the promise with this key, unless it has begun.
    package static func cancel<J: Job>(_ type: J.Type, key: String) -> SQL {
        SQL("SELECT cell.cancel_job(\(J.kind.name), \(key))").prepared(.shared)
    }

    /// A job that cannot be written as JSON is a mistake of the program; its transaction is refused, so nothing is promised by half.
    private static let refusal = SQL("SELECT cell.refuse('22030', 'jobs_payload_is_json')").prepared(.shared)
}

/// A job with its time and key, for enqueueing many at once.
package struct Promise<J: Job>: Sendable {
    let id: UUID
    let payload: String?
    let time: Date?
    let key: String?

    package init(_ job: J, id: UUID = .v7(), at time: Date? = nil, key: String? = nil) {
        self.id = id
        // Nil is refused by `SQL.enqueue`.
        payload = (try? JSONEncoder().encode(job)).map { String(decoding: $0, as: UTF8.self) }
        self.time = time
        self.key = key
    }
}

import Jobs
import Records

/// A job as JSON, for the operators' API and at a terminal.
package enum JobDocument {
    /// - Parameter result: what it has made, for jobs that make something.
    package static func of(_ job: JobView, result: JSON? = nil) -> JSON {
        [
            "id": .string(job.id.text), "cell": .string(job.cell), "tenant": .string(job.tenant),
            "kind": .string(job.kind), "version": JSON(job.version), "state": .string(job.state.rawValue), "priority": JSON(job.priority),
            "run_at": .string(job.runAt.apiText), "unique_key": JSON(job.uniqueKey),
            // What cannot be read as JSON did not come out of a jsonb column.
            "payload": (try? JSON(parsing: job.payload)) ?? .null,
            "attempt": JSON(job.attempt), "maximum_attempts": JSON(job.maximumAttempts), "rescued": JSON(job.rescued),
            "enqueued_at": .string(job.enqueuedAt.apiText), "started_at": JSON(job.startedAt?.apiText), "worker": JSON(job.worker),
            "error": JSON(job.error), "ended_at": JSON(job.endedAt?.apiText),
            "progress": job.state == .done ? 1 : .null, "result": result ?? .null,
        ]
    }

    private static let members: [String: JSON] = [
        "id": .idSchema, "cell": ["type": "string"], "tenant": ["type": "string"], "kind": ["type": "string"],
        "version": ["type": "integer"], "state": ["type": "string", "enum": JSON(JobView.State.allCases.map(\.rawValue))],
        "priority": ["type": "integer", "enum": [0, 1, 2]], "run_at": .timeSchema, "unique_key": ["type": ["string", "null"]],
        "payload": ["description": "What the job needs to know; its form depends on the kind."],
        "attempt": ["type": "integer", "minimum": 0], "maximum_attempts": ["type": "integer", "minimum": 1],
        "rescued": ["type": "integer", "minimum": 0], "enqueued_at": .timeSchema,
        "started_at": ["type": ["string", "null"], "format": "date-time"], "worker": ["type": ["string", "null"]],
        "progress": ["type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "1 once it is done; null: not told."],
        "result": ["type": ["object", "null"], "description": "What it has made; its form depends on the kind."],
        "error": ["type": ["string", "null"]], "ended_at": ["type": ["string", "null"], "format": "date-time"],
    ]

    static let schema = JSON.objectSchema(members, required: members.keys.sorted())
}

extension JobDesk.Refusal {
    /// Why not, and what to do.
    package var sentence: String {
        switch self {
        case .unknownJob: "There is no such job."
        case .isRunning: "The job is running; wait until it has ended."
        case .isDone: "The job is done; nothing is left to do about it."
        case .keyTaken: "Another job with the same unique key waits or runs; cancel one of them."
        }
    }

    var problem: Problem {
        self == .unknownJob ? .notFound : Problem(.conflict, sentence)
    }
}

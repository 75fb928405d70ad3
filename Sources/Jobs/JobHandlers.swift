import Foundation
import Tenancy

/// What a handler knows beside its job.
package struct JobContext: Sendable {
    /// The way to the schema of the tenant that the job belongs to, and to no other.
    package let scope: TenantScope
    package let id: UUID
    /// 1 for the first.
    package let attempt: Int
    package let maximumAttempts: Int
}

/// How jobs of one kind are done.
package struct JobHandler: Sendable {
    package let kind: JobKind
    let perform: @Sendable (_ payload: [UInt8], _ version: Int, JobContext) async throws -> JobOutcome

    /// What `body` throws counts as a failure: it is tried again as the kind says. It is cancelled when its time is up and when the process
    /// stops or has lost its lease, and must then end soon.
    package init<J: Job>(_ type: J.Type, _ body: @escaping @Sendable (J, JobContext) async throws -> JobOutcome) {
        kind = J.kind
        perform = { payload, version, context in
            let job: J
            do { job = try J.read(payload, version: version) } catch {
                return .giveUp(because: "Its content, of version \(version), cannot be read: \(error)")
            }
            return try await body(job, context)
        }
    }
}

/// Everything that a process knows how to do.
package struct JobHandlers: Sendable {
    private let byName: [String: JobHandler]
    package let all: [JobHandler]

    /// Two handlers of one name are a mistake of the program.
    package init(_ handlers: [JobHandler]) {
        all = handlers
        byName = Dictionary(
            uniqueKeysWithValues: handlers.flatMap { handler in ([handler.kind.name] + handler.kind.formerNames).map { ($0, handler) } })
    }

    package subscript(name: String) -> JobHandler? { byName[name] }

    /// Every name that waiting jobs may have.
    var names: [String] { byName.keys.sorted() }

    /// Only those of these queues; nil for all.
    package func of(queues: Set<String>?) -> JobHandlers {
        guard let queues else { return self }
        return JobHandlers(all.filter { queues.contains($0.kind.queue) })
    }
}

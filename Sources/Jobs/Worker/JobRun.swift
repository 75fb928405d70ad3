import Logging
import Tenancy

/// One attempt at a job: the handler, its time limit, and what its end means for the queue.
struct JobRun: Sendable {
    let job: ClaimedJob
    let handler: JobHandler
    let log: Logger

    private struct TimedOut: Error {}

    /// Nil when it was cancelled because the process stops or has lost its lease: the job is handed back, and nobody is to blame.
    func end(in scope: TenantScope) async -> JobEnd? {
        let context = JobContext(scope: scope, id: job.id, attempt: job.attempt, maximumAttempts: job.maximumAttempts)
        do {
            switch try await limited({ try await handler.perform(job.payload, job.version, context) }) {
            case .done: return JobEnd(job: job, word: .done)
            case .again(let delay, let reason): return JobEnd(job: job, word: .again, delay: delay, error: Self.brief(reason))
            case .giveUp(let reason): return dead(reason, scope)
            }
        } catch {
            if Task.isCancelled { return nil }
            let reason = error is TimedOut ? "It took longer than \(handler.kind.timeout)." : "\(error)"
            guard job.attempt < job.maximumAttempts else { return dead(reason, scope) }
            var random = SystemRandomNumberGenerator()
            let delay = handler.kind.retry.delay(afterFailures: job.attempt, using: &random)
            return JobEnd(job: job, word: .retry, delay: delay, error: Self.brief(reason))
        }
    }

    private func dead(_ reason: String, _ scope: TenantScope) -> JobEnd {
        log.error(
            "A job is dead.",
            metadata: [
                "job": "\(job.id)", "kind": "\(handler.kind.name)", "tenant": "\(scope.tenant.slug)", "reason": "\(Self.brief(reason))",
            ])
        return JobEnd(job: job, word: .dead, error: Self.brief(reason))
    }

    private func limited(_ body: @escaping @Sendable () async throws -> JobOutcome) async throws -> JobOutcome {
        try await withThrowingTaskGroup { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: handler.kind.timeout)
                throw TimedOut()
            }
            defer { group.cancelAll() }
            guard let outcome = try await group.next() else { throw CancellationError() }
            return outcome
        }
    }

    /// PostgreSQL's text has no NUL, and operators do not read pages.
    private static func brief(_ reason: String) -> String {
        String(reason.replacing("\0", with: "").prefix(1000))
    }
}

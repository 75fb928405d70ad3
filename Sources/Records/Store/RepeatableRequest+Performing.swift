import Postgres
import Tenancy

extension RepeatableRequest {
    /// Does the work, or gives the answer it had the first time. A refusal is an answer too and is kept, but for those that another
    /// moment would change (401, 429, 5xx).
    ///
    /// `document` makes the body of a problem as the client sees it.
    package func perform(in scope: TenantScope, document: (Problem) -> JSON, _ work: () async throws -> RecordAnswer) async throws
        -> RecordAnswer
    {
        do {
            return try await work()
        } catch let error as PostgresError {
            switch error.refusal.flatMap(Self.outcome(of:)) {
            case nil: throw error
            case .running:
                throw Problem(.idempotencyRunning, "The same request is still running; ask again in a moment.", retryAfter: 1)
            case .answered:
                return replay(try answer(in: try await scope.run([lookup], isRepeatable: true)[0]))
            }
        } catch let problem as Problem where problem.isKept {
            let kept = Answer(status: problem.code.status, body: document(problem).text)
            let answers = try await scope.run([remember(kept), lookup])
            guard answers[0].affected == 0 else { throw problem }
            return replay(try answer(in: answers[1]))
        }
    }

    /// The same for work that changes nothing in the database: its answer is kept after it.
    package func performReading(in scope: TenantScope, document: (Problem) -> JSON, _ work: () async throws -> RecordAnswer) async throws
        -> RecordAnswer
    {
        let known = try await scope.run([lookup], isRepeatable: true)
        if !known[0].isEmpty { return replay(try answer(in: known[0])) }
        return try await perform(in: scope, document: document) {
            let answer = try await work()
            let body = answer.body.map { String(decoding: $0, as: UTF8.self) }
            _ = try await scope.run([
                remember(Answer(status: answer.status, version: answer.version, location: answer.location, body: body))
            ])
            return answer
        }
    }

    /// The answer that `lookup` found, given again.
    package func replay(_ rows: Rows) throws -> RecordAnswer { replay(try answer(in: rows)) }

    private func replay(_ answer: Answer) -> RecordAnswer {
        var again = RecordAnswer(status: answer.status, version: answer.version, body: answer.body.map { Array($0.utf8) })
        again.location = answer.location
        again.isReplay = true
        return again
    }
}

extension Problem {
    fileprivate var isKept: Bool {
        switch code {
        case .unauthenticated, .rateLimited, .idempotencyRunning, .idempotencyMismatch: false
        default: code.status < 500
        }
    }
}

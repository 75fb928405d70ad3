import Postgres
import Tenancy

/// A batch in its transaction: everything leaves in one flush, as if nothing could be refused.
///
/// Where each operation stands for itself it has a savepoint; after a refusal the rest leaves again, so a batch costs one round trip and
/// one for each refusal.
struct BatchWork: Sendable {
    let operation: String
    let isAtomic: Bool
    let plan: BatchPlan
    let store: RecordStore
    let room: BatchRoom
    let repeatable: RepeatableRequest?
    /// The upserts for whose records it is no use to look again.
    let settled: Set<Int>
    let document: @Sendable (Problem) -> JSON

    /// Someone else has made, or deleted, the record of an upsert after it was sought.
    struct Overtaken: Error { let index: Int }
    /// The plan leaves no room for all the records; now it is known how many.
    struct Overrun: Error { let limit: PlanLimit }
    /// An operation was refused, so that nothing may be written.
    struct Failed: Error { let results: [BatchResult?] }

    private static let item = "item"
    private static let whole = "batch"

    func perform(_ transaction: borrowing Transaction) throws -> [UInt8] {
        try transaction.flush((repeatable?.claim ?? []) + locks + (isAtomic ? [Self.savepoint(Self.whole)] : []))
        var progress = BatchProgress(plan.steps, room)
        var refusals: [(step: BatchStep, explanation: Explanation)] = []
        var goingBack: [SQL] = []
        while true {
            let window = progress.next()
            if isAtomic, progress.results.contains(where: { $0?.isFailure ?? false }) { throw Failed(results: progress.results) }
            guard !window.isEmpty else { break }
            let (answers, refusal) = try transaction.attempt(goingBack + window.flatMap(statements))
            let refused = try note(window, answers.dropFirst(goingBack.count), &progress)
            goingBack = []
            progress.adapt(wasRefused: refusal != nil)
            guard let refusal else { continue }
            guard let refused else { throw PostgresError.refused(refusal) }
            refusals.append((refused, try explanation(of: refusal, refused)))
            progress.fail(refused, Problem(.conflict, "The database refused it."))
            goingBack = isAtomic ? [Self.rollback(to: Self.whole)] : [Self.rollback(to: Self.item), Self.release]
            if isAtomic { break }
        }
        try explain(refusals, goingBack, transaction, &progress)
        if isAtomic, !refusals.isEmpty { throw Failed(results: progress.results) }
        let body = answer(progress)
        let kept = repeatable.map { [$0.remember(.init(status: 200, body: String(decoding: body, as: UTF8.self)))] } ?? []
        if let refusal = try transaction.attempt(kept + store.ownCounting + [news]).refusal {
            if let limit = refusal.constraint.flatMap(PlanLimit.init) { throw Overrun(limit: limit) }
            throw PostgresError.refused(refusal)
        }
        return body
    }

    private var news: SQL { ChangeNews.told(store.scope.tenant.slug) }

    private func answer(_ progress: BatchProgress) -> [UInt8] {
        var bytes = Array("{\"operation_id\":\"\(operation)\",\"results\":[".utf8)
        for (index, result) in progress.results.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            result?.write(into: &bytes, document)
        }
        return bytes + "]}".utf8
    }

    /// Turns first, then keys, then records, each in one order for everyone: batches wait for one another and never in a circle.
    private var locks: [SQL] {
        let writes = plan.steps.compactMap(\.write)
        var locks: [SQL] = []
        for turn in writes.flatMap(\.unit.turns) where !locks.contains(turn) { locks.append(turn) }
        if !plan.keys.isEmpty {
            let names = plan.keys.map { "\(store.type.name).\($0.field)=\($0.text)" }
            locks.append(
                """
                SELECT pg_advisory_xact_lock(turn) FROM (
                    SELECT DISTINCT hashtextextended(current_schema() || '.' || name, 0) AS turn
                    FROM unnest(\(names)::text[]) AS name ORDER BY turn) AS turns
                """)
        }
        let ids = Set(writes.filter { $0.action != .create }.map(\.id)).sorted()
        if !ids.isEmpty {
            locks.append(
                SQL(code: "SELECT FROM \(store.type.table) AS r WHERE r.id = ANY (") + "\(ids)::uuid[]) ORDER BY r.id FOR UPDATE")
        }
        return locks
    }

    private func statements(_ step: BatchStep) -> [SQL] {
        guard let own = step.write?.unit.statements else { return [] }
        return isAtomic ? own : [Self.savepoint(Self.item)] + own + [Self.release]
    }

    /// Takes down what went well; answers the step that did not.
    private func note(_ window: [BatchStep], _ answers: ArraySlice<Rows>, _ progress: inout BatchProgress) throws -> BatchStep? {
        var rest = answers
        for step in window {
            let count = statements(step).count
            guard let write = step.write, rest.count >= count else { return step }
            let own = rest.prefix(count).dropFirst(isAtomic ? 0 : 1).dropLast(isAtomic ? 0 : 1)
            progress.succeed(step, write, try write.answer(write.unit.outcome(of: Array(own))))
            rest = rest.dropFirst(count)
        }
        return nil
    }

    /// What is to be asked about a refusal; throws where it concerns more than this operation.
    private func explanation(of refusal: PostgresError.Refusal, _ step: BatchStep) throws -> Explanation {
        let isOfMoment = [.deadlockDetected, .serializationFailure, .lockNotAvailable, .queryCanceled].contains(refusal.state)
        guard !isOfMoment, let write = step.write, let explanation = write.explanation(of: refusal) else {
            throw PostgresError.refused(refusal)
        }
        let key = step.operation.key?.field.constraint(of: store.type.table, "unique")
        let isOvertaken = write.action == .create ? key != nil && refusal.constraint == key : LockRefusal(refusal) == .absent
        if step.operation.verb == .upsert, isOvertaken, !settled.contains(step.operation.index) {
            throw Overtaken(index: step.operation.index)
        }
        return Explanation(explanation.questions) { rows in try explanation.answer(rows) ?? PostgresError.refused(refusal) }
    }

    /// Asks everything about the refusals at once.
    private func explain(
        _ refusals: [(step: BatchStep, explanation: Explanation)], _ goingBack: [SQL], _ transaction: borrowing Transaction,
        _ progress: inout BatchProgress
    ) throws {
        guard !refusals.isEmpty else { return }
        var rows = try transaction.flush(goingBack + refusals.flatMap(\.explanation.questions)).dropFirst(goingBack.count)
        for (step, explanation) in refusals {
            let own = Array(rows.prefix(explanation.questions.count))
            rows = rows.dropFirst(own.count)
            guard let error = try explanation.answer(own) else { continue }
            guard let problem = error as? Problem else { throw error }
            progress.fail(step, problem.under(step.write?.place ?? ""))
        }
    }

    private static func savepoint(_ name: String) -> SQL { SQL(code: "SAVEPOINT \(name)").prepared(.shared) }
    private static func rollback(to name: String) -> SQL { SQL(code: "ROLLBACK TO SAVEPOINT \(name)").prepared(.shared) }
    private static let release = SQL(code: "RELEASE SAVEPOINT \(item)").prepared(.shared)
}

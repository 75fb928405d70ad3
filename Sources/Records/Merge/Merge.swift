import Foundation
import Postgres
import Secrets
import Tenancy

/// Several records that mean the same become one: the winner keeps its id, takes what it lacks or is told to take, and inherits
/// everything that referred to the others. They go to the trash, and their addresses lead to the winner.
///
/// It is one operation in one transaction, so it can be undone in one go.
package struct Merge: Sendable {
    private let store: RecordStore

    package init(in store: RecordStore) {
        var caller = store.caller
        caller.operationID = caller.operationID ?? UUID.v7()
        caller.purpose = .merge
        self.store = RecordStore(store.type, of: store.catalog, in: store.scope, for: caller)
    }

    private static let attempts = 3

    /// `{"record","moved","operation_id"}`; with `dry_run` the same with nothing written and no operation.
    ///
    /// - Parameter winner: as it stands in the address; what is no id names no record.
    package func run(into winner: String, _ body: JSON, ifMatch: Precondition?, repeatable: RepeatableRequest?) async throws -> RecordAnswer
    {
        guard let winner = UUID(text: winner)?.text else { throw Problem.notFound }
        let order: MergeOrder
        do throws(Problem) {
            order = try MergeOrder(body, into: winner, of: store.type, by: store.caller)
        } catch {
            // A stranger's record is not there, whatever the body says of it.
            try await store.find(winner)
            throw error
        }
        for _ in 0..<Self.attempts {
            let plan = try await MergePlan(order, in: store, ifMatch, repeatable)
            if let answer = try await carryOut(plan, repeatable) { return answer }
        }
        throw Problem(.overloaded, "Others are writing the same records; try again.", retryAfter: 1)
    }

    /// Nil when someone else was faster with one of the records.
    private func carryOut(_ plan: MergePlan, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer? {
        do {
            let work = try MergeWork(plan, repeatable)
            return try await MergePlan.choosing(store.type) {
                try await store.scope.writing { transaction in try work.perform(transaction) }
            }
        } catch let rehearsed as MergeWork.Rehearsed {
            let answer = rehearsed.answer
            if let repeatable, let body = answer.body {
                let kept = RepeatableRequest.Answer(status: 200, version: answer.version, body: String(decoding: body, as: UTF8.self))
                _ = try await store.scope.run([repeatable.remember(kept)])
            }
            return answer
        } catch is MergeWork.Overtaken {
            return nil
        } catch let error as PostgresError {
            guard let refusal = error.refusal, RepeatableRequest.outcome(of: refusal) == nil else { throw error }
            // A deadlock with another write is no more than its turn first.
            if refusal.state == .deadlockDetected { return nil }
            let problem = try await store.problem(refusal, nil, except: plan.order.winner) ?? self.problem(refusal) ?? error
            return try await MergePlan.choosing(store.type) { throw problem }
        }
    }

    /// A record that refers to a loser and may not refer to the winner: another of its type does already.
    private func problem(_ refusal: PostgresError.Refusal) -> Problem? {
        guard refusal.state == .uniqueViolation, let constraint = refusal.constraint else { return nil }
        for source in store.catalog.references(to: store.type)
        where source.field.constraint(of: source.type.table, "unique") == constraint {
            return Problem(
                .conflict, "Only one of the \(source.type.name) may have this \(store.type.singular); settle that first.",
                members: [.init("used_by", [["type": .string(source.type.name), "field": .string(source.field.path)]])])
        }
        return nil
    }
}

import Foundation
import Postgres
import Secrets
import Tenancy

/// Up to 200 writes of one type in one request, each as it would be alone: in order, in one transaction and under one operation id, so
/// that they can be undone together.
///
/// Each is planned from what was read and carried out while that holds. An upsert whose record someone else makes at the same moment is
/// planned again and finds it: of two upserts of one key one makes the record, the other changes it.
package struct Batch: Sendable {
    private let order: BatchOrder
    private let store: RecordStore
    private let operation: UUID
    private let requiresVersion: Bool
    private let document: @Sendable (Problem) -> JSON

    /// How often a batch may be planned again, and until when it is for a key that someone was faster with.
    private static let attempts = 10
    private static let searches = 4

    /// - Parameters:
    ///   - requiresVersion: whether whoever changes or deletes a record must say which version.
    ///   - document: makes the body of a problem as the client sees it.
    package init(_ order: BatchOrder, in store: RecordStore, requiresVersion: Bool, document: @escaping @Sendable (Problem) -> JSON) {
        self.order = order
        operation = UUID.v7()
        var caller = store.caller
        caller.operationID = operation
        self.store = RecordStore(store.type, of: store.catalog, in: store.scope, for: caller)
        self.requiresVersion = requiresVersion
        self.document = document
    }

    /// `{"operation_id","results"}`. Refuses with `.batchFailed` and the results when all must succeed and one did not: then nothing is
    /// written.
    package func run(_ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        var room = BatchRoom(for: store.type)
        var sought: Set<Int> = []
        var settled: Set<Int> = []
        for attempt in 1...Self.attempts {
            let plan = try await BatchPlan(order, in: store, requiresVersion: requiresVersion)
            let results = plan.steps.map(\.refusal)
            if order.isAtomic, results.contains(where: { $0 != nil }) { throw failure(results) }
            if attempt > Self.searches { settled = Set(order.operations.map(\.index)) }
            let work = BatchWork(
                operation: operation.text, isAtomic: order.isAtomic, plan: plan, store: store, room: room,
                repeatable: repeatable, settled: settled, document: document)
            do {
                return RecordAnswer(status: 200, body: try await store.scope.transaction { transaction in try work.perform(transaction) })
            } catch let overtaken as BatchWork.Overtaken {
                // Sought again and not found: whoever has the key is not the caller's to see.
                let isNew = sought.insert(overtaken.index).inserted
                if !isNew, plan.steps[overtaken.index].write?.action == .create { settled.insert(overtaken.index) }
            } catch let overrun as BatchWork.Overrun {
                room.note(overrun.limit)
            } catch let failed as BatchWork.Failed {
                throw failure(failed.results)
            } catch let error as PostgresError {
                switch error.refusal?.state {
                case .deadlockDetected, .serializationFailure: continue
                case .lockNotAvailable, .queryCanceled:
                    throw Problem(.overloaded, "The database took too long; try again, or ask for less at once.", retryAfter: 2)
                default: throw error
                }
            }
        }
        throw Problem(.overloaded, "Others are writing the same records; try again.", retryAfter: 1)
    }

    /// 422 with what was wrong; the other operations are 424.
    private func failure(_ results: [BatchResult?]) -> Problem {
        let all = zip(order.operations, results).map { operation, result in
            if let result, result.isFailure { return result }
            return BatchResult(
                operation, .failedDependency("Nothing was written, because another operation of the batch failed."), id: operation.id)
        }
        let failures = all.filter { $0.status != Problem.Code.failedDependency.status }
        let errors = failures.flatMap { $0.problem?.errors ?? [] }
        return Problem(
            .batchFailed, "\(failures.count) of \(all.count) operations failed, so nothing was written.", errors: errors,
            members: [.init("results", .array(all.map { $0.json(document) }))])
    }
}

extension RecordStore {
    /// The answer of a batch with what is worked out now filled in; the same for types that have nothing of the kind.
    package func completed(batch answer: RecordAnswer) async throws -> RecordAnswer {
        guard let completing = type.rules.completing, answer.status == 200, let body = answer.body else { return answer }
        let document = try JSON(parsing: body)
        var results = document["results"]?.elements ?? []
        let places = results.indices.filter { results[$0]["record"]?.members != nil }
        let records = try await completing(places.compactMap { results[$0]["record"] }, self)
        for (place, record) in zip(places, records) {
            results[place] = .object((results[place].members ?? []).map { $0.name == "record" ? .init("record", record) : $0 })
        }
        var answer = answer
        answer.body = JSON.object([.init("operation_id", document["operation_id"] ?? .null), .init("results", .array(results))]).bytes
        return answer
    }
}

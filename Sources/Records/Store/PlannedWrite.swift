import Postgres
import Tenancy

/// One write of a record, checked and ready: to be run alone in one flush, or with others in one transaction.
package struct PlannedWrite: Sendable {
    let action: RecordType.Change.Action
    /// The record that is written.
    package let id: String
    let store: RecordStore
    let draft: Draft
    let unit: WriteUnit
    let projection: Projection
    let repeatable: RepeatableRequest?
    var ifMatch: Precondition?
    /// Where the body of the write stands in the request's, so that a refusal points there: `/create_deal`.
    package var place = ""

    private var status: Int { action == .create ? 201 : 200 }
    /// The record that may hold a unique value itself.
    private var existing: String? { action == .create ? nil : id }

    func run() async throws -> RecordAnswer {
        let outcome = try await store.refusing(draft, except: existing) { () async throws(PostgresError) in
            try await unit.run(in: store.scope)
        }
        if action == .update { try await store.check(outcome, id, ifMatch, "change") }
        return try store.answer(outcome, projection, status: status, repeatable)
    }

    /// Inside a transaction opened by `TenantScope.writing`, which says what a refusal means.
    ///
    /// - Parameter isLast: whether no further write follows, so that all of them are counted now.
    package func run(in transaction: borrowing Transaction, isLast: Bool = false) throws -> RecordAnswer {
        let outcome: WriteUnit.Outcome
        do throws(PostgresError) {
            outcome = try unit.run(in: transaction, counting: isLast ? store.counting : nil)
        } catch {
            throw Refusal(write: self, error: error)
        }
        return try store.answer(outcome, projection, status: status, repeatable)
    }

    /// The database refused the write; what that means can only be looked up when the transaction is over.
    fileprivate struct Refusal: Error {
        let write: PlannedWrite
        let error: PostgresError

        func explained() async throws -> any Error {
            if let refusal = error.refusal.flatMap(LockRefusal.init) {
                try await write.store.check(.init(refusal: refusal, written: nil), write.id, write.ifMatch, "change")
            }
            guard let refusal = error.refusal, RepeatableRequest.outcome(of: refusal) == nil else { return error }
            let explained = try await write.store.problem(refusal, write.draft, except: write.existing)
            return (explained as? Problem)?.under(write.place) ?? explained ?? error
        }
    }
}

extension TenantScope {
    /// A transaction of planned writes, all or nothing. What the database refuses is said as each write alone would say it.
    package func writing<T: Sendable>(_ body: @escaping @Sendable (borrowing Transaction) throws -> T) async throws -> T {
        do {
            return try await transaction(body)
        } catch let refusal as PlannedWrite.Refusal {
            throw try await refusal.explained()
        }
    }
}

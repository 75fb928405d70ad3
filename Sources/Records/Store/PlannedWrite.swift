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
    /// What a way into the trash changes is no field that a body names.
    private var fields: Draft? { action == .trash ? nil : draft }
    private var verb: String { action == .trash ? "delete" : "change" }

    func run() async throws -> RecordAnswer {
        let outcome = try await store.refusing(fields, except: existing) { () async throws(PostgresError) in
            try await unit.run(in: store.scope)
        }
        try await store.check(outcome, id, ifMatch, verb)
        return try answer(outcome)
    }

    /// What the client is told of the write; nothing of what went into the trash.
    func answer(_ outcome: WriteUnit.Outcome) throws -> RecordAnswer {
        action == .trash ? RecordAnswer(status: 204) : try store.answer(outcome, projection, status: status, repeatable)
    }

    /// Inside a transaction opened by `TenantScope.writing`, which says what a refusal means.
    ///
    /// - Parameter isLast: whether no further write follows, so that all of them are counted now.
    package func run(in transaction: borrowing Transaction, isLast: Bool = false) throws -> RecordAnswer {
        let outcome: WriteUnit.Outcome
        do throws(PostgresError) {
            outcome = try unit.run(in: transaction, counting: isLast ? store.counting + [ChangeNews.told(store.scope.tenant.slug)] : [])
        } catch {
            throw Refusal(write: self, error: error)
        }
        return try answer(outcome)
    }

    /// What it means that the database refused the write; nil where that concerns the whole request.
    func explanation(of refusal: PostgresError.Refusal) -> Explanation? {
        if let refusal = LockRefusal(refusal) { return store.explanation(of: refusal, id, ifMatch, verb) }
        guard RepeatableRequest.outcome(of: refusal) == nil else { return nil }
        return store.explanation(of: refusal, fields, except: existing)
    }

    /// The database refused the write; what that means can only be looked up when the transaction is over.
    fileprivate struct Refusal: Error {
        let write: PlannedWrite
        let error: PostgresError

        func explained() async throws -> any Error {
            guard let explanation = error.refusal.flatMap(write.explanation(of:)) else { return error }
            let explained = try await write.store.explained(explanation)
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

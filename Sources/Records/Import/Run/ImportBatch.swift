import Foundation
import Postgres
import Tenancy

/// Some thousand rows of an import, written in one transaction: in bulk where only their own fields decide, one by one where a rule of the
/// type has something to say.
struct ImportBatch: Sendable {
    let plan: ImportPlan
    let store: RecordStore
    /// Every row it deals with, those that have failed already included.
    var numbers: [Int] = []
    var tally = ImportTally()
    private(set) var creates: [Entry] = []
    private(set) var changes: [Entry] = []
    private(set) var singles: [Single] = []

    init(plan: ImportPlan, store: RecordStore) {
        (self.plan, self.store) = (plan, store)
    }

    struct Entry: Sendable {
        let row: Int
        let write: BulkWrite.Entry
    }

    struct Single: Sendable {
        let row: Int
        let write: PlannedWrite
    }

    /// Takes in a row's write. Throws what the type's rule refuses.
    mutating func add(_ draft: Draft, id: String, row: Int, isCreate: Bool) async throws {
        let action: RecordType.Change.Action = isCreate ? .create : .update
        let rules = plan.type.rules
        let prepared = try await store.prepared(draft, action, id)
        let change = store.change(action, id, prepared)
        let isPlain = try prepared.isPlain && rules.locking(change).isEmpty && rules.saving(change).isEmpty && !draft.refersToAnyType
        guard isPlain, isCreate || store.overflow == nil else {
            let write =
                isCreate
                ? try await store.creation(of: draft, id: UUID(text: id) ?? UUID()) : try await store.change(of: id, by: draft)
            singles.append(Single(row: row, write: write))
            return
        }
        let entry = Entry(row: row, write: BulkWrite.Entry(id: id, draft: prepared))
        if isCreate { creates.append(entry) } else { changes.append(entry) }
    }

    /// Records that the batch makes, were none refused.
    private var newcomers: Int { creates.count + singles.count { $0.write.action == .create } }

    /// The plan leaves no room for all of them; now it is known how much there is.
    struct Overrun: Error {
        let limit: PlanLimit
        /// For so many there was room from the start.
        let covered: Int

        var room: Int { covered + max(0, limit.limit - limit.used) }
    }

    /// Writes everything and answers what became of it. `overrun`: why only so many records may be made.
    func perform(_ shape: TableShape, overrun: Overrun?, _ transaction: borrowing Transaction) throws -> ImportTally {
        var work = ImportWork(plan: plan, store: store, bulk: BulkWrite(store: store, shape: shape), tally: tally)
        if plan.isRehearsal { try transaction.flush(["SAVEPOINT rehearsal"]) }
        let most = overrun?.room ?? Int.max
        var excess: [Int] = []
        let kept = Array(creates.prefix(most))
        excess += creates.dropFirst(most).map(\.row)
        try work.create(kept[...], transaction)
        try work.change(changes[...], transaction)
        var left = most - kept.count
        for single in singles {
            if single.write.action == .create {
                guard left > 0 else {
                    excess.append(single.row)
                    continue
                }
                left -= 1
            }
            try work.write(single, transaction)
        }
        if let overrun { for row in excess { work.tally.fail(row, overrun.limit.problem, plan) } }
        if plan.isRehearsal { try transaction.flush(["ROLLBACK TO SAVEPOINT rehearsal"]) }
        return work.tally
    }

    /// Counts what was made, last of all: `uncovered` are those for which no room was taken at the start. Throws `Overrun` where there is none.
    func count(_ tally: ImportTally, uncovered: Int, _ transaction: borrowing Transaction) throws {
        guard uncovered > 0, !plan.isRehearsal, plan.type.standing != .furniture else { return }
        let moved: SQL = "SELECT \(Resource.records(of: plan.type.name))::text AS resource, \(uncovered)::bigint AS moved"
        guard let refusal = try transaction.attempt(Usage.records(moved: moved, store.scope.entitlements)).refusal else { return }
        guard let limit = refusal.constraint.flatMap(PlanLimit.init) else { throw PostgresError.refused(refusal) }
        throw Overrun(limit: limit, covered: tally.created - uncovered)
    }
}

extension Draft {
    /// Whether it names a record by type and id, which the write itself must check.
    fileprivate var refersToAnyType: Bool { references.contains { $0.field.kind.isRecord } }
}

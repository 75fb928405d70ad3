import Foundation
import Postgres
import Tenancy

/// A merge in its transaction: the losers go, the winner takes what it is given, and everything that referred to a loser refers to the
/// winner.
struct MergeWork: Sendable {
    let plan: MergePlan
    let repeatable: RepeatableRequest?
    /// Every write of it, by the rules of its type.
    private let trashing: [SQL]
    private let locks: [SQL]

    /// Someone wrote one of the records after they were read.
    struct Overtaken: Error {}

    /// The answer of a merge that was only tried: thrown, so that nothing of it stays.
    struct Rehearsed: Error { let answer: RecordAnswer }

    init(_ plan: MergePlan, _ repeatable: RepeatableRequest?) throws(Problem) {
        self.plan = plan
        self.repeatable = repeatable
        let (store, order) = (plan.store, plan.order)
        let changes = order.losers.map { store.change(.trash, $0) }
        locks = changes.first.map(store.type.rules.locking) ?? []
        var trashing: [SQL] = []
        for change in changes {
            trashing += store.type.rules.locking(change) + [store.leaving(change.id, for: order.winner)]
            trashing += try store.type.rules.saving(change)
        }
        self.trashing = trashing
    }

    func perform(_ transaction: borrowing Transaction) throws -> RecordAnswer {
        let (store, order) = (plan.store, plan.order)
        let first = (order.isRehearsal ? [] : repeatable?.claim ?? []) + locks
        if !first.isEmpty { try transaction.flush(first) }
        try lock(transaction)
        // The losers first: what they held of unique values is then free.
        try transaction.flush(store.guardOfLimit(order.winner) + trashing)
        let record = try plan.taking.run(in: transaction)
        let moved = try moveReferences(transaction)
        let answer = Self.answer(record, moved, order.isRehearsal ? nil : store.caller.operationID)
        let body = answer.body.map { String(decoding: $0, as: UTF8.self) }
        let kept = repeatable.map { [$0.remember(.init(status: answer.status, version: answer.version, body: body))] } ?? []
        let yielding = store.type.rules.yielding(order.losers.map { store.change(.trash, $0) }, order.winner)
        let rules = yielding + store.type.rules.merging(order.winner, order.losers)
        let files = Attachments.moving(store.type, from: order.losers, to: order.winner)
        try transaction.flush(
            rules + [files] + (order.isRehearsal ? [] : kept) + store.counting + [ChangeNews.told(store.scope.tenant.slug)])
        if order.isRehearsal { throw Rehearsed(answer: answer) }
        return answer
    }

    /// Locks the records that become one, in one order for everyone.
    private func lock(_ transaction: borrowing Transaction) throws {
        let rows = try transaction.rows(
            SQL(code: "SELECT r.id, r.version FROM \(plan.store.type.table) AS r WHERE r.id = ANY (")
                + "\(Array(plan.versions.keys))::uuid[]) AND r.deleted_at IS NULL ORDER BY r.id FOR UPDATE")
        guard rows.count == plan.versions.count, try rows.allSatisfy({ try plan.versions[$0.text(0)] == $0.int(1) }) else {
            throw Overtaken()
        }
    }

    /// By type: how many records outside the trash that the caller may read refer to the winner now, and did not before. Those in the trash
    /// and those that the caller may not read move too, in silence.
    private func moveReferences(_ transaction: borrowing Transaction) throws -> [JSON.Member] {
        let referrers = Dictionary(grouping: plan.store.catalog.references(to: plan.store.type), by: \.type.name)
        var moved: [JSON.Member] = []
        for (name, fields) in referrers.sorted(by: { $0.key < $1.key }) {
            guard let source = fields.first?.type else { continue }
            let count = try transaction.rows(plan.store.moving(source, fields, plan.order)).first?.int(0) ?? 0
            if count > 0 { moved.append(.init(name, JSON(count))) }
        }
        return moved
    }

    /// `{"record","moved","operation_id"}`.
    private static func answer(_ record: RecordAnswer, _ moved: [JSON.Member], _ operation: UUID?) -> RecordAnswer {
        let rest: JSON = ["moved": .object(moved), "operation_id": JSON(operation?.text)]
        let body = Array("{\"record\":".utf8) + (record.body ?? []) + Array(",".utf8) + rest.bytes.dropFirst()
        return RecordAnswer(status: 200, version: record.version, body: body)
    }
}

extension RecordStore {
    /// Puts a loser into the trash; the change log says whom it lives on in, from where its address leads there (see `following`), and which
    /// files it gives away.
    fileprivate func leaving(_ id: String, for winner: String) -> SQL {
        let record =
            SQL(code: "UPDATE \(type.table) AS r SET deleted_at = now(), ") + caller.stamp
            + " WHERE r.id = \(id) AND r.deleted_at IS NULL RETURNING r.*"
        let fields =
            Self.deletion("NULL", "record") + " || " + Redirect.change(from: nil, to: winner) + " || " + Attachments.leavingMember(type)
            + " FROM record"
        return "WITH record AS (" + record + "), logged AS (" + logging(.trash, fields) + ") SELECT id FROM record"
    }

    /// An UPDATE of every record of a type that refers to a loser, by whichever of its fields: each gets one version and one change. Answers
    /// how many of them the caller may see.
    fileprivate func moving(_ source: RecordType, _ fields: [Catalog.Referrer], _ order: MergeOrder) -> SQL {
        let table = SQL(code: source.table)
        let merged: SQL = "(SELECT \(order.winner)::uuid AS winner, \(order.losers)::uuid[] AS losers) AS merged"
        var condition = SQL(code: "(" + fields.map { $0.refersToLoser("r", of: type) }.joined(separator: " OR ") + ")")
        if source.name == type.name { condition += " AND r.id <> ALL (merged.losers || merged.winner)" }
        let sets = SQL(code: fields.map { $0.move("r", to: type) }.joined(separator: ", "))
        return """
            WITH before AS (SELECT r.* FROM \(table) AS r, \(merged) WHERE \(condition) FOR UPDATE OF r),
                record AS (
                    UPDATE \(table) AS r SET \(sets), \(caller.stamp)
                    FROM before, \(merged) WHERE r.id = before.id AND \(condition) RETURNING r.*),
                logged AS (\(caller.logging(.update, in: source, source.changedFields)))
            SELECT count(*) FROM record AS r WHERE r.deleted_at IS NULL AND \(caller.readable(source))
            """
    }
}

extension Catalog.Referrer {
    /// The condition that `r` refers to one of `merged.losers`.
    fileprivate func refersToLoser(_ r: String, of target: RecordType) -> String {
        switch form {
        case .one: "\(r).\(field.column) = ANY (merged.losers)"
        case .many: "\(r).\(field.column) && merged.losers"
        case .any: "(\(r).\(field.column)_id = ANY (merged.losers) AND \(r).\(field.column)_type = '\(target.name)')"
        }
    }

    /// The assignment that puts `merged.winner` in the place of the losers; in a list once, where the first of them stood.
    fileprivate func move(_ r: String, to target: RecordType) -> String {
        let column = form == .any ? "\(field.column)_id" : field.column
        let moved =
            form == .many
            ? """
            ARRAY(SELECT one.id FROM (
                SELECT CASE WHEN given.id = ANY (merged.losers) THEN merged.winner ELSE given.id END AS id, min(given.place) AS place
                FROM unnest(\(r).\(column)) WITH ORDINALITY AS given (id, place) GROUP BY 1) AS one ORDER BY one.place)
            """ : "merged.winner"
        return "\(column) = CASE WHEN \(refersToLoser(r, of: target)) THEN \(moved) ELSE \(r).\(column) END"
    }
}

import Foundation
import Postgres

/// An undo in its transaction: step by step, each within a savepoint, so that one that is refused leaves the others.
struct UndoWork: Sendable {
    let id: UUID
    let steps: [UndoStep]
    let conflicts: [UndoConflict]
    /// What an earlier part of the undo has put back.
    let restored: Set<String>
    let states: [String: UndoState]
    let catalog: Catalog
    let repeatable: RepeatableRequest?
    let counting: [SQL]
    /// Of the tenant whose followers are told.
    let slug: String
    /// What is written last, knowing how many were restored and what was left.
    let closing: @Sendable (_ restored: Int, _ conflicts: JSON) -> [SQL]

    /// Someone wrote one of the records after they were read.
    struct Overtaken: Error {}

    func perform(_ transaction: borrowing Transaction) throws -> JSON {
        if let repeatable { try transaction.flush(repeatable.claim) }
        try lock(transaction)
        var restored = restored
        var waiting = steps
        // A step may have to wait for another: a record comes back only after the value it needs is free, or what it refers to is there.
        while true {
            let refused = try waiting.filter { step in
                guard try attempt(step, transaction) else { return true }
                // What found nothing to write was put back by another step, which took it along.
                restored.insert(step.conflict.id)
                return false
            }
            if refused.isEmpty || refused.count == waiting.count {
                waiting = refused
                break
            }
            waiting = refused
        }
        let left: JSON = .array(merged(conflicts + waiting.map(\.conflict)).map(\.json))
        let answer: JSON = [
            "operation_id": .string(id.uuidString.lowercased()), "restored": JSON(restored.count), "conflicts": left,
        ]
        let kept = repeatable.map { [$0.remember(.init(status: 200, body: answer.text))] } ?? []
        try transaction.flush(kept + counting + [ChangeNews.told(slug)] + closing(restored.count, left))
        return answer
    }

    /// Locks every record that was read, in one order for everyone.
    private func lock(_ transaction: borrowing Transaction) throws {
        for (type, steps) in Dictionary(grouping: steps, by: \.conflict.type).sorted(by: { $0.key < $1.key }) {
            guard let table = catalog[type]?.table else { continue }
            let ids = Array(Set(steps.map(\.conflict.id)))
            let rows = try transaction.rows(
                SQL(code: "SELECT r.id, r.version FROM \(table) AS r WHERE r.id = ANY (") + "\(ids)::uuid[]) ORDER BY r.id FOR UPDATE")
            guard rows.count == ids.count, try rows.allSatisfy({ try states[$0.text(0)]?.version == $0.int(1) }) else { throw Overtaken() }
        }
    }

    /// False when a rule or a constraint refuses the step.
    private func attempt(_ step: UndoStep, _ transaction: borrowing Transaction) throws -> Bool {
        do throws(PostgresError) {
            try transaction.flush(["SAVEPOINT step"] + step.statements + ["RELEASE SAVEPOINT step"])
            return true
        } catch {
            guard let refusal = error.refusal, refusal.isOfRule else { throw error }
        }
        try transaction.flush(["ROLLBACK TO SAVEPOINT step"])
        return false
    }

    /// One entry per record.
    private func merged(_ conflicts: [UndoConflict]) -> [UndoConflict] {
        var merged: [UndoConflict] = []
        for conflict in conflicts {
            if let index = merged.firstIndex(where: { $0.id == conflict.id }) {
                merged[index].fields = Set(merged[index].fields + conflict.fields).sorted()
            } else {
                merged.append(conflict)
            }
        }
        return merged
    }
}

extension PostgresError.Refusal {
    /// Whether the data do not allow the write, rather than the moment or the machine.
    fileprivate var isOfRule: Bool { state.rawValue.hasPrefix("23") || state.rawValue.hasPrefix("TN") }
}

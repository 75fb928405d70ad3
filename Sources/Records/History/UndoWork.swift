import Foundation
import Postgres

/// An undo in its transaction. Steps are taken some at a time, within a savepoint, so that one that is refused leaves the others.
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
        let waiting = try taking(inOrder(steps), transaction, &restored)
        let left: JSON = .array(merged(conflicts + waiting.map(\.conflict)).map(\.json))
        let answer: JSON = [
            "operation_id": .string(id.text), "restored": JSON(restored.count), "conflicts": left,
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

    /// First others of the kinds that come back, which may hold what those need: a merge's winner has the address of its loser. Then what comes
    /// back, with all that is done about each, and last what may refer to it: the children that moved.
    private func inOrder(_ steps: [UndoStep]) -> [UndoStep] {
        let returning = steps.filter(\.isReturn).map(\.conflict)
        let (ids, types) = (Set(returning.map(\.id)), Set(returning.map(\.type)))
        func rank(_ step: UndoStep) -> Int { ids.contains(step.conflict.id) ? 1 : types.contains(step.conflict.type) ? 0 : 2 }
        return (0...2).flatMap { place in steps.filter { rank($0) == place } }
    }

    /// How many steps share a round trip and a savepoint, which costs every reader of the database a look on the disk where a transaction has
    /// more than 64 that wrote something.
    private static let atOnce = 200

    /// Takes what can be taken, again and again, since a step may have to wait for another: a record comes back only after the value it
    /// needs is free, or what it refers to is there. Answers what is left.
    private func taking(_ steps: [UndoStep], _ transaction: borrowing Transaction, _ restored: inout Set<String>) throws -> [UndoStep] {
        var waiting = steps
        while !waiting.isEmpty {
            var refused: [UndoStep] = []
            var start = 0
            while start < waiting.count {
                var end = min(start + Self.atOnce, waiting.count)
                // What is done about one record stays together.
                while end < waiting.count, waiting[end].conflict.id == waiting[end - 1].conflict.id { end += 1 }
                refused += try attempt(waiting[start..<end], transaction, &restored)
                start = end
            }
            if refused.count == waiting.count { break }
            waiting = refused
        }
        return waiting
    }

    /// Answers the steps that a rule or a constraint refuses: where one is, the others are tried by halves, in their order.
    private func attempt(
        _ steps: ArraySlice<UndoStep>, _ transaction: borrowing Transaction, _ restored: inout Set<String>
    ) throws -> [UndoStep] {
        let statements = steps.flatMap(\.statements)
        guard let refusal = try transaction.attempt(["SAVEPOINT step"] + statements + ["RELEASE SAVEPOINT step"]).refusal else {
            // What found nothing to write was put back by another step, which took it along.
            restored.formUnion(steps.map(\.conflict.id))
            return []
        }
        guard refusal.isOfRule else { throw PostgresError.refused(refusal) }
        try transaction.flush(["ROLLBACK TO SAVEPOINT step", "RELEASE SAVEPOINT step"])
        guard steps.count > 1 else { return Array(steps) }
        let middle = steps.startIndex + steps.count / 2
        let first = try attempt(steps[..<middle], transaction, &restored)
        return first + (try attempt(steps[middle...], transaction, &restored))
    }

    /// One entry per record.
    private func merged(_ conflicts: [UndoConflict]) -> [UndoConflict] {
        var merged: [UndoConflict] = []
        var places: [String: Int] = [:]
        for conflict in conflicts {
            if let place = places[conflict.id] {
                merged[place].fields = Set(merged[place].fields + conflict.fields).sorted()
            } else {
                places[conflict.id] = merged.count
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

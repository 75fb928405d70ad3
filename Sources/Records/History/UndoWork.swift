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
        var waiting = try taking(steps, inHalves: false, transaction, &restored)
        if waiting.count > Self.atOnce {
            // What the operation did first, the others often refer to: the loser of a merge, whose children come home when it is back.
            let first = try taking(waiting.suffix(Self.atOnce), inHalves: true, transaction, &restored)
            waiting = try taking(waiting.dropLast(Self.atOnce) + first, inHalves: false, transaction, &restored)
        }
        waiting = try taking(waiting, inHalves: true, transaction, &restored)
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

    /// How many steps share a round trip and a savepoint: PostgreSQL keeps the numbers of 64 unfinished savepoints at hand, behind more every
    /// reader of the database has to look on disk.
    private static let atOnce = 200

    /// Takes what can be taken, again and again, since a step may have to wait for another: a record comes back only after the value it
    /// needs is free, or what it refers to is there. Answers what is left.
    ///
    /// - Parameter inHalves: whether steps of which one is refused are tried by halves, down to the single one.
    private func taking(
        _ steps: some Collection<UndoStep>, inHalves: Bool, _ transaction: borrowing Transaction, _ restored: inout Set<String>
    ) throws -> [UndoStep] {
        var waiting = Array(steps)
        while !waiting.isEmpty {
            var refused: [UndoStep] = []
            for start in stride(from: 0, to: waiting.count, by: Self.atOnce) {
                let some = waiting[start..<min(start + Self.atOnce, waiting.count)]
                refused += try attempt(some, inHalves: inHalves, transaction, &restored)
            }
            if refused.count == waiting.count { break }
            waiting = refused
        }
        return waiting
    }

    /// Answers the steps that a rule or a constraint refuses, or all where one is and they are not tried in halves.
    private func attempt(
        _ steps: ArraySlice<UndoStep>, inHalves: Bool, _ transaction: borrowing Transaction, _ restored: inout Set<String>
    ) throws -> [UndoStep] {
        let statements = steps.flatMap(\.statements)
        guard let refusal = try transaction.attempt(["SAVEPOINT step"] + statements + ["RELEASE SAVEPOINT step"]).refusal else {
            // What found nothing to write was put back by another step, which took it along.
            restored.formUnion(steps.map(\.conflict.id))
            return []
        }
        guard refusal.isOfRule else { throw PostgresError.refused(refusal) }
        try transaction.flush(["ROLLBACK TO SAVEPOINT step"])
        guard inHalves, steps.count > 1 else { return Array(steps) }
        let middle = steps.startIndex + steps.count / 2
        return try attempt(steps[..<middle], inHalves: true, transaction, &restored)
            + attempt(steps[middle...], inHalves: true, transaction, &restored)
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

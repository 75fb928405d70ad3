import Postgres

/// A batch of an import in its transaction. What the database refuses is divided until the rows are found that it does not take.
struct ImportWork {
    let plan: ImportPlan
    let store: RecordStore
    let bulk: BulkWrite
    var tally: ImportTally

    /// Makes records; those whose unique value another record has are told so.
    mutating func create(_ entries: ArraySlice<ImportBatch.Entry>, _ transaction: borrowing Transaction) throws {
        guard !entries.isEmpty else { return }
        let (answers, refusal) = try Self.attempt(bulk.creation(entries.map(\.write)), transaction)
        guard let refusal else {
            let missing = Set(try answers[0].map { try $0.text(0) })
            tally.created += entries.count - missing.count
            if !missing.isEmpty { try explain(entries.filter { missing.contains($0.write.id) }, transaction) }
            return
        }
        guard let first = entries.first, entries.count == 1 else {
            let middle = entries.startIndex + entries.count / 2
            try create(entries[..<middle], transaction)
            return try create(entries[middle...], transaction)
        }
        try fail(first, refusal, except: nil, transaction)
    }

    /// Changes records; what is not there any more, or not the caller's to change, is told.
    mutating func change(_ entries: ArraySlice<ImportBatch.Entry>, _ transaction: borrowing Transaction) throws {
        guard !entries.isEmpty else { return }
        let (answers, refusal) = try Self.attempt(bulk.change(entries.map(\.write)), transaction)
        guard let refusal else {
            let found = Dictionary(uniqueKeysWithValues: try answers[0].map { (try $0.text(0), try $0.bool(1)) })
            for entry in entries {
                switch found[entry.write.id] {
                case true?: tally.updated += 1
                case false?: tally.unchanged += 1
                case nil:
                    tally.fail(
                        entry.row, "", .problem(.forbidden),
                        "Your role may read this \(plan.type.singular) but not change it, or it is gone.")
                }
            }
            return
        }
        guard let first = entries.first, entries.count == 1 else {
            let middle = entries.startIndex + entries.count / 2
            try change(entries[..<middle], transaction)
            return try change(entries[middle...], transaction)
        }
        try fail(first, refusal, except: first.write.id, transaction)
    }

    /// One write as the engine makes it.
    mutating func write(_ single: ImportBatch.Single, _ transaction: borrowing Transaction) throws {
        let statements = single.write.unit.statements
        let (answers, refusal) = try transaction.attempt([Self.savepoint] + statements + [Self.release])
        guard let refusal else {
            let outcome = single.write.unit.outcome(of: Array(answers.dropFirst().dropLast()))
            guard single.write.action != .create else { return tally.created += 1 }
            let isChanged = try outcome.written.map { try Self.isWritten($0, single, transaction) } ?? false
            if isChanged { tally.updated += 1 } else { tally.unchanged += 1 }
            return
        }
        try transaction.flush([Self.rollback, Self.release])
        try Self.passOn(refusal)
        guard let explanation = single.write.explanation(of: refusal) else { throw PostgresError.refused(refusal) }
        let rows = explanation.questions.isEmpty ? [] : try transaction.flush(explanation.questions)
        guard let problem = try explanation.answer(rows) as? Problem else { throw PostgresError.refused(refusal) }
        tally.fail(single.row, problem, plan)
    }

    /// A patch that changed nothing has no row in the change log of this operation.
    private static func isWritten(_ row: Row, _ single: ImportBatch.Single, _ transaction: borrowing Transaction) throws -> Bool {
        try transaction.rows(
            """
            SELECT EXISTS (SELECT FROM changes WHERE record_id = \(single.write.id) AND version = \(try row.int(1)) AND
                transaction = pg_current_xact_id())
            """)[0].bool(0)
    }

    private mutating func fail(
        _ entry: ImportBatch.Entry, _ refusal: PostgresError.Refusal, except id: String?, _ transaction: borrowing Transaction
    ) throws {
        let explanation = store.explanation(of: refusal, entry.write.draft, except: id)
        let rows = explanation.questions.isEmpty ? [] : try transaction.flush(explanation.questions)
        guard let problem = try explanation.answer(rows) as? Problem else { throw PostgresError.refused(refusal) }
        tally.fail(entry.row, problem, plan)
    }

    /// Says of records that were not made which of their values is taken.
    private mutating func explain(_ entries: [ImportBatch.Entry], _ transaction: borrowing Transaction) throws {
        var taken: [String: [Problem.FieldError]] = [:]
        for field in plan.type.ownFields + plan.type.customFields where field.isUnique {
            guard let column = field.columns.first, field.columns.count == 1 else { continue }
            let values = entries.compactMap { entry in
                entry.write.draft.assignments.first { $0.column == column }?.plainValue.map { (entry.write.id, $0) }
            }
            guard !values.isEmpty else { continue }
            let cast = SQL(code: "wanted.value::\(field.kind.columnType)")
            let rows = try transaction.rows(
                "SELECT wanted.id FROM unnest(\(values.map(\.0))::text[], \(values.map(\.1))::text[]) AS wanted (id, value) WHERE EXISTS ("
                    + SQL(code: "SELECT FROM \(plan.type.table) AS r WHERE r.deleted_at IS NULL AND ")
                    + field.kind.equality(SQL(code: "r.\(column)")) + " = " + field.kind.equality(cast) + ")")
            for row in rows {
                taken[try row.text(0), default: []].append(
                    .init(field.pointer, .duplicate, "There is a \(plan.type.singular) with this \(field.name) already."))
            }
        }
        for entry in entries {
            if let errors = taken[entry.write.id] {
                tally.fail(entry.row, errors, plan)
            } else {
                tally.fail(
                    entry.row, "", .row(.contended), "Somebody else was writing a record with the same value; send the row again.")
            }
        }
    }

    /// Goes back to where it was when the data are refused; throws what concerns more than the data.
    private static func attempt(_ statement: SQL, _ transaction: borrowing Transaction) throws -> ([Rows], PostgresError.Refusal?) {
        let (answers, refusal) = try transaction.attempt([savepoint, statement, release])
        guard let refusal else { return (Array(answers.dropFirst().dropLast()), nil) }
        try passOn(refusal)
        try transaction.flush([rollback, release])
        return ([], refusal)
    }

    private static func passOn(_ refusal: PostgresError.Refusal) throws {
        let isOfData = ["22", "23", "TN"].contains { refusal.state.rawValue.hasPrefix($0) }
        guard isOfData else { throw PostgresError.refused(refusal) }
    }

    private static let savepoint = SQL(code: "SAVEPOINT part").prepared(.shared)
    private static let rollback = SQL(code: "ROLLBACK TO SAVEPOINT part").prepared(.shared)
    private static let release = SQL(code: "RELEASE SAVEPOINT part").prepared(.shared)
}

import Foundation
import Postgres
import Secrets

/// Reads rows into writes that are ready to be carried out: everything that can be found out about them before they are.
struct ImportPreparation: Sendable {
    let plan: ImportPlan
    let store: RecordStore
    let reader: CellReader
    var references: ImportReferences
    /// What a dry run would have made: unique values that later rows may bring again.
    var rehearsed: Set<BatchKey.Identity> = []

    init(_ plan: ImportPlan, _ store: RecordStore, _ reader: CellReader) {
        (self.plan, self.store, self.reader) = (plan, store, reader)
        references = ImportReferences(plan, of: store.catalog)
    }

    /// The batch, and rows that mean a record which an earlier row of it writes: they come after it.
    mutating func batch(of rows: [ImportRow]) async throws -> (batch: ImportBatch, later: [ImportRow]) {
        for (target, texts) in plan.mentions(in: rows, reader).sorted(by: { $0.key < $1.key }) {
            try await references.find(texts, of: target, store)
        }
        var batch = ImportBatch(plan: plan, store: store)
        batch.numbers = rows.map(\.number)
        var read: [Read] = []
        for row in rows {
            if let flaw = row.flaw {
                batch.tally.fail(row.number, flaw)
                continue
            }
            let (body, errors) = try await plan.body(row, reader, &references, in: store)
            read.append(Read(row: row, body: body, errors: errors))
        }
        var later: [ImportRow] = []
        if let key = plan.key { later = try await find(key, &read, &batch) }
        batch.numbers.removeAll(where: Set(later.map(\.number)).contains)
        for row in read where row.isOpen { try await add(row, &batch) }
        return (batch, later)
    }

    /// A row that has been read.
    private struct Read {
        let row: ImportRow
        var body: JSON
        var errors: [Problem.FieldError]
        /// The record that it changes; nil: it makes one.
        var target: String?
        var isOpen = true
    }

    /// Finds the records that the rows change by their key. Rows without one, and those that find none in an update, have failed.
    private func find(_ key: FieldDefinition, _ read: inout [Read], _ batch: inout ImportBatch) async throws -> [ImportRow] {
        guard let place = plan.columns.firstIndex(where: { $0.target.field == key }) else { return [] }
        let column = plan.columns[place]
        var seen: Set<String> = []
        var later: [ImportRow] = []
        var asked: [(index: Int, value: SQLValue)] = []
        for index in read.indices {
            guard let text = reader.text(read[index].row.cells[place]) else {
                batch.tally.fail(read[index].row.number, column.header, .field(.required), "The key is empty.")
                read[index].isOpen = false
                continue
            }
            do throws(Refused) {
                let json = try reader.value(text, of: key.kind, at: column.target.pointer)
                let identity: String
                let value: SQLValue
                if key.name == CommonFields.id.name {
                    guard let id = UUID(text: text) else { throw refused(column.target.pointer, .reference, "This is no id.") }
                    (identity, value) = (id.uuidString, id.sqlValue)
                } else {
                    let found = try BatchKey(field: key, value: json).identified(at: column.target.pointer)
                    (identity, value) = (found.identity.text, found.value)
                }
                guard seen.insert(identity).inserted else {
                    later.append(read[index].row)
                    read[index].isOpen = false
                    continue
                }
                asked.append((index, value))
            } catch {
                batch.tally.fail(read[index].row.number, error.errors + read[index].errors.filter { !error.errors.contains($0) }, plan)
                read[index].isOpen = false
            }
        }
        let lookup: SQL =
            key.name == CommonFields.id.name
            ? "SELECT wanted.place, r.id FROM unnest(\(asked.map(\.value))::uuid[]) WITH ORDINALITY AS wanted (value, place) JOIN "
                + SQL(code: "\(plan.type.table) AS r ON r.id = wanted.value WHERE r.deleted_at IS NULL AND ")
                + store.caller.readable(plan.type)
            : store.holders(of: key, asked.map(\.value))
        for row in try await store.scope.transaction({ try $0.rows(lookup) }) {
            read[asked[try row.int(0) - 1].index].target = try row.text(1)
        }
        for (index, _) in asked where read[index].target == nil && plan.mode == .update {
            batch.tally.fail(
                read[index].row.number, column.header, .field(.reference), "There is no \(plan.type.singular) with this \(key.name).")
            read[index].isOpen = false
        }
        return later
    }

    /// Makes a write of a row, or a failure.
    private mutating func add(_ row: Read, _ batch: inout ImportBatch) async throws {
        let isCreate = row.target == nil
        let draft: Draft
        do throws(Problem) {
            draft = try Draft(row.body, of: plan.type, by: store.caller, isCreate: isCreate)
            guard row.errors.isEmpty else { throw Problem.invalid(row.errors) }
        } catch {
            // What could not be read of a cell was left out of the body: that the field is missing is no second error.
            let known = Set(row.errors.map(\.pointer))
            batch.tally.fail(row.row.number, row.errors + error.errors.filter { !known.contains($0.pointer) }, plan)
            return
        }
        if plan.isRehearsal, try rehearse(row, draft, &batch) { return }
        let id = row.target ?? UUID.v7().text
        do {
            try await batch.add(draft, id: id, row: row.row.number, isCreate: isCreate)
        } catch let problem as Problem {
            batch.tally.fail(row.row.number, problem, plan)
        }
    }

    /// In a dry run nothing is there afterwards, so what earlier rows would have made is remembered. True when the row is dealt with.
    private mutating func rehearse(_ row: Read, _ draft: Draft, _ batch: inout ImportBatch) throws -> Bool {
        guard row.target == nil else { return false }
        for field in plan.type.ownFields + plan.type.customFields where field.isUnique {
            guard let shown = draft.inputs[field.path], let identity = BatchKey.Identity(field, shown) else { continue }
            guard !rehearsed.insert(identity).inserted else { continue }
            if plan.key == field {
                batch.tally.updated += 1
            } else {
                batch.tally.fail(
                    row.row.number, plan.header(field.pointer), .row(.repeated), "An earlier row has this \(field.name).")
            }
            return true
        }
        return false
    }
}

extension BatchKey {
    /// As `read(at:)`, with the errors of a field.
    fileprivate func identified(at pointer: String) throws(Refused) -> (identity: Identity, value: SQLValue) {
        do throws(Problem) {
            return try read(at: pointer)
        } catch {
            throw Refused(errors: error.errors)
        }
    }
}

import Foundation

extension ImportPlan {
    /// The texts that stand for records, by type: to be looked up for all rows at once.
    func mentions(in rows: [ImportRow], _ reader: CellReader) -> [String: Set<String>] {
        var mentions: [String: Set<String>] = [:]
        for (place, column) in columns.enumerated() {
            guard column.target.part == nil, let target = column.target.field.target else { continue }
            for row in rows where row.flaw == nil {
                guard let text = reader.text(row.cells[place]) else { continue }
                if case .references = column.target.field.kind {
                    mentions[target, default: []].formUnion(reader.list(text))
                } else {
                    mentions[target, default: []].insert(text)
                }
            }
        }
        return mentions
    }

    /// What a row says, as a body of the API, and what is wrong with its cells.
    func body(_ row: ImportRow, _ reader: CellReader, _ references: inout ImportReferences, in store: RecordStore) async throws -> (
        body: JSON, errors: [Problem.FieldError]
    ) {
        var body = RowBody()
        var parts: [(column: Column, text: String)] = []
        for (place, column) in columns.enumerated() {
            guard let text = reader.text(row.cells[place]) else { continue }
            let field = column.target.field
            do throws(Refused) {
                if let part = column.target.part, !column.target.isWhole {
                    body.set(field, part, .string(text))
                } else if let target = field.target {
                    guard type.rules.parts[field.name] == nil else {
                        parts.append((column, text))
                        continue
                    }
                    if let value = try references.value(text, field, target, reader, at: column.target.pointer) { body.set(field, value) }
                } else if field.name != CommonFields.id.name {
                    body.set(field, try reader.value(text, of: field.kind, at: column.target.pointer))
                }
            } catch {
                body.errors += error.errors
            }
        }
        for (column, text) in parts {
            guard let place = type.rules.parts[column.target.field.name] else { continue }
            let owner = body.members.first { $0.name == place.owner }?.value.string
            if let id = try await references.part(text, place, of: owner, in: store) {
                body.set(column.target.field, .string(id))
            } else {
                body.errors.append(.init(column.target.pointer, .reference, "There is nothing called \(text.prefix(100)) there."))
            }
        }
        return (body.json, body.errors)
    }
}

extension ImportReferences {
    /// Nil for what a dry run would have to make first.
    fileprivate func value(
        _ text: String, _ field: FieldDefinition, _ target: String, _ reader: CellReader, at pointer: String
    ) throws(Refused) -> JSON? {
        func id(_ text: String) throws(Refused) -> String? {
            if let id = self[target, text] { return id }
            guard !isPromised(target) else { return nil }
            throw refused(pointer, .reference, "No record of \(target) is called \(text.prefix(100)).")
        }
        guard case .references = field.kind else { return try id(text).map { .string($0) } }
        var ids: [JSON] = []
        for text in reader.list(text) {
            if let id = try id(text) { ids.append(.string(id)) }
        }
        return .array(ids)
    }
}

/// A body that grows field by field; parts of one field gather in one object.
private struct RowBody {
    var members: [JSON.Member] = []
    var custom: [JSON.Member] = []
    var errors: [Problem.FieldError] = []

    mutating func set(_ field: FieldDefinition, _ value: JSON) {
        if field.isCustom { Self.set(field.name, value, in: &custom) } else { Self.set(field.name, value, in: &members) }
    }

    /// What a part says counts more than what was read beside the value (`EUR 12` and a column of currencies).
    mutating func set(_ field: FieldDefinition, _ part: String, _ value: JSON) {
        let object: JSON = .object([.init(part, value)])
        if field.isCustom { Self.set(field.name, object, in: &custom) } else { Self.set(field.name, object, in: &members) }
    }

    private static func set(_ name: String, _ value: JSON, in members: inout [JSON.Member]) {
        guard case .object(let more) = value, let place = members.firstIndex(where: { $0.name == name }),
            case .object(var kept) = members[place].value
        else { return members.append(.init(name, value)) }
        for member in more {
            kept.removeAll { $0.name == member.name && more.count == 1 }
            if !kept.contains(where: { $0.name == member.name }) { kept.append(member) }
        }
        members[place].value = .object(kept)
    }

    var json: JSON { .object(custom.isEmpty ? members : members + [.init("custom", .object(custom))]) }
}

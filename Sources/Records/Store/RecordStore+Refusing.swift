import Foundation
import Postgres

extension RecordStore {
    /// A condition for every record that the draft refers to: it exists, is outside the trash, and is the caller's to read. Another
    /// tenant's id, a trashed one and one that never existed are refused in the same words.
    func guards(for draft: Draft) -> [SQL] {
        draft.references.compactMap { reference in
            // What is no record type of its own (a pipeline's stages) has a foreign key of the same name.
            if !reference.field.kind.isRecord, catalog[reference.target] == nil { return nil }
            let name = reference.field.constraint(of: type.table, "reference")
            guard let target = catalog[reference.target], !reference.field.kind.isRecord || target.isSubject else {
                return "SELECT cell.refuse('23503', \(name))"
            }
            return
                "SELECT cell.refuse('23503', \(name)) WHERE EXISTS (SELECT FROM unnest(\(reference.ids)::uuid[]) AS wanted (id) WHERE NOT EXISTS ("
                + SQL(code: "SELECT FROM \(target.table) AS known WHERE known.id = wanted.id AND known.deleted_at IS NULL AND ")
                + caller.readable(target, "known") + "))"
        }
    }

    /// A condition for every field that may refer to the record, where its type is not to go while it is in use. That a user is his own
    /// owner does not count.
    func guardsOfUse(_ id: String) -> [SQL] {
        guard type.staysWhileUsed else { return [] }
        return catalog.references(to: type).map { source in
            "SELECT cell.refuse(\(Self.inUse), \(source.type.name + "." + source.field.name)) WHERE EXISTS ("
                + SQL(code: "SELECT FROM \(source.type.table) AS r CROSS JOIN (SELECT ") + "\(id)::uuid"
                + SQL(code: " AS id) AS gone WHERE r.deleted_at IS NULL AND \(source.refers("r", to: "gone.id", of: type))")
                + (source.type.name == type.name ? " AND r.id <> \(id)" : "") + ")"
        }
    }

    private static let inUse = "TN003"

    /// Runs a write and says what a refusal of the database means for its sender. `id` is the record written, if it exists already.
    func refusing<T>(_ draft: Draft?, except id: String? = nil, _ write: () async throws(PostgresError) -> T) async throws -> T {
        do {
            return try await write()
        } catch {
            guard let refusal = error.refusal, RepeatableRequest.outcome(of: refusal) == nil else { throw error }
            throw try await problem(refusal, draft, except: id) ?? error
        }
    }

    func problem(_ refusal: PostgresError.Refusal, _ draft: Draft?, except id: String?) async throws -> (any Error)? {
        try await explained(explanation(of: refusal, draft, except: id))
    }

    func explanation(of refusal: PostgresError.Refusal, _ draft: Draft?, except id: String?) -> Explanation {
        if let explanation = explanation(ofDuplicate: refusal, draft) { return explanation }
        // A stranger's record is not there, whatever else is wrong.
        let seeing = draft == nil ? nil : id.flatMap(UUID.init(text:)).map { reading($0, projection([]), .without) }
        let meaning = meaning(of: refusal)
        let taken = meaning == nil && refusal.state == .uniqueViolation ? field(of: refusal.constraint ?? "", suffix: "unique") : nil
        let holding = taken.flatMap { holders(of: $0, draft, except: id) }
        return Explanation([seeing, holding].compactMap(\.self)) { rows in
            if seeing != nil, rows.first?.isEmpty ?? true { return Problem.notFound }
            guard let taken else { return meaning }
            return try duplicate(taken, holding == nil ? nil : rows.last)
        }
    }

    /// What needs no looking up.
    private func meaning(of refusal: PostgresError.Refusal) -> Problem? {
        let constraint = refusal.constraint ?? ""
        if let limit = PlanLimit(constraint) { return limit.problem }
        if let problem = type.rules.refusals[constraint] ?? type.rules.refusing(constraint) { return problem }
        switch refusal.state {
        case SQLState(rawValue: Self.inUse):
            let place = constraint.split(separator: ".").map(String.init)
            return Problem(
                .conflict, "This \(type.singular) is still in use; give what uses it to another first.",
                members: [.init("used_by", [["type": JSON(place.first), "field": JSON(place.last)]])])
        case .foreignKeyViolation:
            if let field = field(of: constraint, suffix: "reference") {
                return Problem.invalid([.init(field.pointer, .reference, "There is no such record.")])
            }
            return Problem(.conflict, "Other records still need this \(type.singular).")
        case .notNullViolation:
            // What refers to a record that is deleted for good, and cannot be without it.
            if let table = refusal.table, table != type.table {
                return Problem(.conflict, "Other records still need this \(type.singular).")
            }
            guard let field = refusal.column.flatMap(field(column:)) else { return nil }
            return Problem.invalid([.init(field.pointer, .required, "This cannot be empty.")])
        case .queryCanceled:
            return Problem(.overloaded, "The database took too long; try again, or ask for less.", retryAfter: 2)
        case .lockNotAvailable, .deadlockDetected, .serializationFailure:
            return Problem(.overloaded, "Others are writing the same records; try again.", retryAfter: 1)
        default:
            return nil
        }
    }

    private func field(of constraint: String, suffix: String) -> FieldDefinition? {
        (type.fields + type.customFields).first { $0.constraint(of: type.table, suffix) == constraint }
    }

    private func field(column: String) -> FieldDefinition? {
        (type.fields + type.customFields).first { $0.column == column }
    }

    /// 409 with the records that have the value already, those that the caller may read.
    private func duplicate(_ field: FieldDefinition, _ holders: Rows?) throws -> Problem {
        let existing: [JSON] = try (holders.map(Array.init) ?? []).map {
            ["type": .string(type.name), "id": .string(try $0.text(0)), "fields": [.string(field.path)]]
        }
        return Problem(
            .duplicate, "There is a \(type.singular) with this \(field.name) already.",
            errors: [.init(field.pointer, .duplicate, "There is a \(type.singular) with this \(field.name) already.")],
            members: [.init("existing", .array(existing))])
    }

    /// Who has the value that the draft gives the field, or that the record itself has.
    private func holders(of field: FieldDefinition, _ draft: Draft?, except id: String?) -> SQL? {
        let value: SQL
        if let given = draft?.assignments.first(where: { $0.column == field.column })?.value {
            value = given + SQL(code: "::\(field.kind.columnType)")
        } else if let id {
            value = SQL(code: "(SELECT own.\(field.column) FROM \(type.table) AS own WHERE own.id = ") + "\(id))"
        } else {
            return nil
        }
        return SQL(code: "SELECT r.id FROM \(type.table) AS r WHERE \(field.kind.equality(SQL(code: "r.\(field.column)")).text) = ")
            + field.kind.equality(value) + " AND r.deleted_at IS NULL AND " + caller.readable(type)
    }

    /// Runs a read and says what a refusal of the database means for its sender.
    func answering<T>(_ read: () async throws(PostgresError) -> T) async throws -> T {
        do {
            return try await read()
        } catch {
            if let problem = error.refusal.flatMap(Moment.problem) { throw problem }
            if error.refusal?.state == .queryCanceled {
                throw Problem(.overloaded, "The database took too long; narrow the filter or ask for less.", retryAfter: 2)
            }
            throw error
        }
    }
}

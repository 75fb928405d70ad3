import Foundation
import Postgres

/// A record meant by what no other of its type has: `{"email": "ann@example.com"}`.
struct BatchKey: Sendable {
    let field: FieldDefinition
    let value: JSON

    /// Equal for values that the database takes for the same.
    struct Identity: Hashable, Sendable {
        let field: String
        let text: String

        /// Nil for no value at all, which means nobody.
        init?(_ field: FieldDefinition, _ shown: JSON) {
            guard !shown.isNull else { return nil }
            self.field = field.path
            text = field.ignoresCase ? shown.text.lowercased() : shown.text
        }
    }

    /// The key as the columns hold it; refuses a value that no record can have.
    func read(at pointer: String) throws(Problem) -> (identity: Identity, value: SQLValue) {
        do throws(Refused) {
            let reading = try field.kind.read(value, at: pointer)
            guard let identity = Identity(field, reading.shown), let value = reading.values.first else {
                throw refused(pointer, .required, "A key is not empty.")
            }
            return (identity, value)
        } catch {
            throw Problem.invalid(error.errors)
        }
    }

    /// A body for a record that is made under the key: what it leaves out it takes from the key.
    func completing(_ body: JSON) -> JSON {
        guard var members = body.members else { return body }
        guard field.isCustom else {
            return body[field.name] == nil ? .object(members + [.init(field.name, value)]) : body
        }
        guard body["custom"]?[field.name] == nil else { return body }
        let own = JSON.object((body["custom"]?.members ?? []) + [.init(field.name, value)])
        members.removeAll { $0.name == "custom" }
        return .object(members + [.init("custom", own)])
    }
}

extension FieldDefinition {
    fileprivate var ignoresCase: Bool { kind == .email || kind == .domain }

    /// Whether a record can be meant by it.
    package var isKey: Bool { isUnique && columns.count == 1 && !isWriteOnly && !isDerived }
}

extension RecordType {
    /// What a record can be meant by instead of its id.
    package func keys(for caller: Caller? = nil) -> [FieldDefinition] {
        (ownFields + customFields).filter { $0.isKey && caller?.rights.isHidden($0.path, of: name) != true }
    }
}

extension RecordStore {
    /// Which of the values some record has already that the caller may read: its place among them, and the record's id.
    func holders(of field: FieldDefinition, _ values: [SQLValue]) -> SQL {
        let texts = values.map { if case .text(let text) = $0 { text } else { "" } }
        let column = field.kind.equality(SQL(code: "r.\(field.column)")).text
        let wanted = field.kind.equality(SQL(code: "wanted.value::\(field.kind.columnType)")).text
        return "SELECT wanted.place, r.id FROM unnest(\(texts)::text[]) WITH ORDINALITY AS wanted (value, place) JOIN "
            + SQL(code: "\(type.table) AS r ON \(column) = \(wanted) WHERE r.deleted_at IS NULL AND ") + caller.readable(type)
    }
}

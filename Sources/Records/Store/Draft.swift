import Postgres

/// The body of a create or patch after every check that needs no database: what each column is to hold.
package struct Draft: Sendable {
    /// Columns and their values, in the order of the body.
    package private(set) var assignments: [Assignment] = []
    /// The normal form of each field that the body names, for rules.
    package private(set) var inputs: [String: JSON] = [:]
    /// Records that must exist and be the caller's to read.
    private(set) var references: [Reference] = []

    /// What a rule that could wait has found to be done, in the same flush: before the record is locked, and after it is written.
    package var before: [SQL] = []
    package var after: [SQL] = []

    /// A write that touches no field.
    package static let empty = Draft()

    private init() {}

    package struct Assignment: Sendable {
        package let column: String
        /// A value or an expression; in a patch the record before the change is `r`.
        package let value: SQL
        /// What follows from the rest: a patch that changes nothing else changes nothing.
        package let isConsequence: Bool
    }

    struct Reference: Sendable {
        let field: FieldDefinition
        let target: String
        let ids: [String]
    }

    /// Reads a body against the type; a create must bring every required field.
    ///
    /// Every error of the body is reported at once, each with its pointer.
    package init(_ body: JSON, of type: RecordType, by caller: Caller, isCreate: Bool) throws(Problem) {
        guard let members = body.members else { throw Problem(.malformed, "The body is a JSON object, not \(body.kind).") }
        var errors: [Problem.FieldError] = []
        for member in members {
            let pointer = "/\(member.name.pointerToken)"
            guard let field = type.field(member.name), !field.isCustom, !caller.rights.isHidden(field.name, of: type.name) else {
                errors.append(.init(pointer, .unknown, "A \(type.singular) has no field of this name."))
                continue
            }
            guard !field.isReadOnly else {
                errors.append(.init(pointer, .readOnly, "This is set by the service."))
                continue
            }
            guard !caller.rights.isReadOnly(field.name, of: type.name) else {
                errors.append(.init(pointer, .readOnly, "Your role may read this field but not write it."))
                continue
            }
            if case .custom(let fields) = field.kind {
                errors += takeCustom(fields, member.value, of: type, by: caller, at: pointer)
                continue
            }
            do throws(Refused) {
                try take(field, member.value, at: pointer)
            } catch {
                errors += error.errors
            }
        }
        if isCreate {
            for field in type.ownFields where field.isRequired && body[field.name] == nil {
                errors.append(.init("/\(field.name)", .required, "A \(type.singular) needs this."))
            }
            for field in type.customFields where field.isRequired && !field.isFilled && body["custom"]?[field.name] == nil {
                errors.append(.init("/custom/\(field.name)", .required, "A \(type.singular) needs this."))
            }
        }
        guard errors.isEmpty else { throw Problem.invalid(errors) }
    }

    /// What fields held before, brought back by the service itself: read-only ones too.
    init(restoring values: [(field: FieldDefinition, value: JSON)]) throws(Problem) {
        do throws(Refused) {
            for (field, value) in values { try take(field, value, at: field.pointer) }
        } catch {
            throw Problem.invalid(error.errors)
        }
    }

    /// The tenant's own fields merge inside `custom`: what is not named stays.
    private mutating func takeCustom(
        _ fields: [FieldDefinition], _ value: JSON, of type: RecordType, by caller: Caller, at pointer: String
    ) -> [Problem.FieldError] {
        if value.isNull { return [] }
        guard let members = value.members else { return [.init(pointer, .type, "This is an object, not \(value.kind).")] }
        var errors: [Problem.FieldError] = []
        for member in members {
            let place = "\(pointer)/\(member.name.pointerToken)"
            guard let field = fields.first(where: { $0.name == member.name }),
                !caller.rights.isHidden("custom.\(field.name)", of: type.name)
            else {
                errors.append(.init(place, .unknown, "There is no custom field of this name."))
                continue
            }
            guard !caller.rights.isReadOnly("custom.\(field.name)", of: type.name) else {
                errors.append(.init(place, .readOnly, "Your role may read this field but not write it."))
                continue
            }
            do throws(Refused) {
                try take(field, member.value, at: place)
            } catch {
                errors += error.errors
            }
        }
        return errors
    }

    private mutating func take(_ field: FieldDefinition, _ value: JSON, at pointer: String) throws(Refused) {
        let reading = try field.kind.read(value, at: pointer)
        guard !((field.isRequired || field.isFilled) && reading.shown.isNull) else {
            throw refused(pointer, .required, "This cannot be empty.")
        }
        inputs[field.path] = reading.shown
        let columns = reading.columns.map { parts in parts.map { "\(field.column)_\($0)" } } ?? field.columns
        for (column, value) in zip(columns, reading.values) {
            assignments.append(Assignment(column: column, value: SQL(value), isConsequence: false))
        }
        if case .record = field.kind, let target = reading.shown["type"]?.string, let id = reading.shown["id"]?.string {
            references.append(Reference(field: field, target: target, ids: [id]))
        } else if let target = field.target {
            let ids = reading.shown.string.map { [$0] } ?? (reading.shown.elements ?? []).compactMap(\.string)
            if !ids.isEmpty { references.append(Reference(field: field, target: target, ids: ids)) }
        }
    }

    /// What a rule or the service itself adds to the write.
    package mutating func assign(_ column: String, _ value: SQLValue) { assign(column, SQL(value)) }

    /// The same with an expression. In a patch the record before the change is `r`; in a create there is none.
    ///
    /// - Parameter isConsequence: whether it only follows from other fields, so that alone it makes no new version.
    package mutating func assign(_ column: String, _ expression: SQL, isConsequence: Bool = false) {
        assignments.removeAll { $0.column == column }
        assignments.append(Assignment(column: column, value: expression, isConsequence: isConsequence))
    }

    /// Leaves a field out that the body has named.
    package mutating func drop(_ columns: [String]) {
        assignments.removeAll { columns.contains($0.column) }
    }
}

/// What somebody wants done with a file.
package struct ImportOrder: Sendable, Hashable {
    package enum Mode: String, Sendable, Hashable, CaseIterable { case create, update, upsert }

    package let type: String
    package let mode: Mode
    /// By which field records are found; nil where all are made.
    let key: String?
    /// Header to path of a field; empty: as proposed.
    let mapping: JSON
    let isRehearsal: Bool
    let options: ImportOptions

    private static let members = ["type", "mode", "key", "mapping", "dry_run", "options"]

    /// Every error of the body is reported at once, each with its pointer.
    ///
    /// - Parameter before: given for a change: what the body leaves out stays.
    package init(_ body: JSON, of catalog: Catalog, for caller: Caller, changing before: ImportOrder? = nil) throws(Problem) {
        var errors: [Problem.FieldError] = []
        let known = before == nil ? Self.members : ["mapping", "options", "mode", "key", "dry_run"]
        for member in body.members ?? [] where !known.contains(member.name) {
            let isFixed = Self.members.contains(member.name)
            errors.append(
                .init(
                    "/\(member.name.pointerToken)", isFixed ? .immutable : .unknown,
                    isFixed ? "This cannot change; make another import." : "An import has \(known.joined(separator: ", "))."))
        }
        let type = Self.type(body["type"] ?? before.map { .string($0.type) }, of: catalog, for: caller, &errors)
        self.type = type?.name ?? ""
        mode = Self.mode(body["mode"], &errors) ?? before?.mode ?? .create
        isRehearsal = body["dry_run"]?.bool ?? before?.isRehearsal ?? false
        if let given = body["dry_run"], given.bool == nil, !given.isNull {
            errors.append(.init("/dry_run", .type, "This is true or false, not \(given.kind)."))
        }
        options = body["options"].map { ImportOptions($0, at: "/options", &errors) } ?? before?.options ?? .none
        mapping = Self.mapping(body["mapping"], of: type, for: caller, &errors) ?? before?.mapping ?? [:]
        key = Self.key(body["key"] ?? before?.key.map { .string($0) }, mode, of: type, for: caller, &errors)
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    /// What was taken before.
    init(type: String, mode: Mode, key: String?, mapping: JSON, isRehearsal: Bool, options: JSON) {
        var errors: [Problem.FieldError] = []
        (self.type, self.mode, self.key, self.mapping, self.isRehearsal) = (type, mode, key, mapping, isRehearsal)
        self.options = ImportOptions(options, at: "", &errors)
    }

    private static func type(
        _ value: JSON?, of catalog: Catalog, for caller: Caller, _ errors: inout [Problem.FieldError]
    ) -> RecordType? {
        guard let value, !value.isNull else {
            errors.append(.init("/type", .required, "An import says of which type its rows are."))
            return nil
        }
        guard let name = value.string else {
            errors.append(.init("/type", .type, "This is a text, not \(value.kind)."))
            return nil
        }
        guard let type = catalog[name], type.operations.isSuperset(of: [.create, .update, .batch]) else {
            errors.append(.init("/type", .enum, "There is no such type whose records can be imported."))
            return nil
        }
        return type
    }

    private static func mode(_ value: JSON?, _ errors: inout [Problem.FieldError]) -> Mode? {
        guard let value, !value.isNull else { return nil }
        guard let mode = value.string.flatMap(Mode.init(rawValue:)) else {
            errors.append(.init("/mode", value.string == nil ? .type : .enum, "This is one of create, update, upsert."))
            return nil
        }
        return mode
    }

    private static func key(
        _ value: JSON?, _ mode: Mode, of type: RecordType?, for caller: Caller, _ errors: inout [Problem.FieldError]
    ) -> String? {
        if let value, !value.isNull, value.string == nil {
            errors.append(.init("/key", .type, "This is a text, not \(value.kind)."))
            return nil
        }
        guard mode != .create else { return nil }
        guard let path = value?.string else {
            errors.append(.init("/key", .required, "Say by which field the records are found, such as email or external_id."))
            return nil
        }
        guard let type else { return nil }
        let names = type.keys(for: caller).map(\.path) + (mode == .update ? ["id"] : [])
        guard names.contains(path) else {
            errors.append(.init("/key", .enum, "This is one of \(names.joined(separator: ", "))."))
            return nil
        }
        return path
    }

    private static func mapping(
        _ value: JSON?, of type: RecordType?, for caller: Caller, _ errors: inout [Problem.FieldError]
    ) -> JSON? {
        guard let value, !value.isNull else { return nil }
        guard let members = value.members else {
            errors.append(
                .init("/mapping", .type, "A mapping is an object, from the file's headers to names of fields; not \(value.kind)."))
            return nil
        }
        guard members.count <= CSVForm.mostColumns else {
            errors.append(.init("/mapping", .tooLong, "At most \(CSVForm.mostColumns) columns."))
            return nil
        }
        var taken: Set<String> = []
        for member in members where !member.value.isNull {
            let pointer = "/mapping/\(member.name.pointerToken)"
            guard !member.name.unicodeScalars.contains("\0") else {
                errors.append(.init(pointer, .format, "A text must not hold U+0000."))
                continue
            }
            guard let path = member.value.string else {
                errors.append(.init(pointer, .type, "This is the name of a field, or null; not \(member.value.kind)."))
                continue
            }
            guard let type else { continue }
            guard let target = type.importTarget(path, for: caller) else {
                errors.append(.init(pointer, .unknown, "A \(type.singular) has no field of this name that a column can become."))
                continue
            }
            let isFixed = target.field.isReadOnly && target.path != CommonFields.id.name
            if isFixed || caller.rights.isReadOnly(target.field.path, of: type.name) {
                errors.append(.init(pointer, .readOnly, "This field cannot be written."))
            } else if !taken.insert(path).inserted {
                errors.append(.init(pointer, .duplicate, "Another column goes into this field already."))
            }
        }
        return value
    }
}

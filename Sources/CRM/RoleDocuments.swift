import Records

/// Checks what a role says its holders may do, so that no right is lost to a misspelt word.
enum RoleDocuments {
    static func check(_ draft: inout Draft, _ change: RecordType.Change) throws(Problem) {
        guard change.caller.rights.admin.users else {
            throw Problem(.forbidden, "Only those who run the account's users may change roles.")
        }
        var errors: [Problem.FieldError] = []
        if let rights = change[Roles.rights] { errors += rightErrors(rights, change.catalog) }
        if let fields = change[Roles.hiddenFields] { errors += fieldErrors(fields, at: "/hidden_fields", change.catalog) }
        if let fields = change[Roles.readOnlyFields] { errors += fieldErrors(fields, at: "/readonly_fields", change.catalog) }
        if let admin = change[Roles.admin] { errors += adminErrors(admin, change.caller) }
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    private static func rightErrors(_ rights: JSON, _ catalog: Catalog) -> [Problem.FieldError] {
        var errors: [Problem.FieldError] = []
        for member in rights.members ?? [] {
            let place = "/rights/\(member.name.pointerToken)"
            if member.name != "*", catalog[member.name] == nil { errors.append(.init(place, .unknown, "There is no such record type.")) }
            guard let members = member.value.members else {
                errors.append(.init(place, .type, "This is an object, not \(member.value.kind)."))
                continue
            }
            for right in members {
                let pointer = "\(place)/\(right.name.pointerToken)"
                switch right.name {
                case "read", "update", "delete":
                    if right.value.string.flatMap(Rights.Reach.init(rawValue:)) == nil {
                        errors.append(.init(pointer, right.value.string == nil ? .type : .enum, "This is all, team, own or none."))
                    }
                case "create", "export":
                    if right.value.bool == nil { errors.append(.init(pointer, .type, "This is true or false.")) }
                default: errors.append(.init(pointer, .unknown, "A right is one of read, update, delete, create and export."))
                }
            }
        }
        return errors
    }

    private static func fieldErrors(_ fields: JSON, at place: String, _ catalog: Catalog) -> [Problem.FieldError] {
        var errors: [Problem.FieldError] = []
        for member in fields.members ?? [] {
            let pointer = "\(place)/\(member.name.pointerToken)"
            let type = catalog[member.name]
            if type == nil && member.name != "*" { errors.append(.init(pointer, .unknown, "There is no such record type.")) }
            guard let names = member.value.elements else {
                errors.append(.init(pointer, .type, "This is a list of field names, not \(member.value.kind)."))
                continue
            }
            for (index, name) in names.enumerated() {
                guard let text = name.string else {
                    errors.append(.init("\(pointer)/\(index)", .type, "This is a field's name, not \(name.kind)."))
                    continue
                }
                if let type, type.field(text) == nil {
                    errors.append(.init("\(pointer)/\(index)", .unknown, "A \(type.singular) has no field of this name."))
                }
            }
        }
        return errors
    }

    /// Nobody gives more than he has.
    private static func adminErrors(_ admin: JSON, _ caller: Caller) -> [Problem.FieldError] {
        var errors: [Problem.FieldError] = []
        let own = caller.rights.adminDocument
        for member in admin.members ?? [] {
            let pointer = "/admin/\(member.name.pointerToken)"
            guard let mine = own[member.name]?.bool else {
                errors.append(.init(pointer, .unknown, "This is one of settings, users, billing and schema."))
                continue
            }
            guard let flag = member.value.bool else {
                errors.append(.init(pointer, .type, "This is true or false."))
                continue
            }
            if flag && !mine { errors.append(.init(pointer, .reference, "You cannot give a right that you do not have.")) }
        }
        return errors
    }
}

import Postgres

/// Two records that share all of these fields are taken for one: `{"all": ["last_name", "company_id"]}`.
package struct DuplicateRule: Sendable, Hashable {
    package let fields: [DuplicateField]

    package var paths: [String] { fields.map(\.path) }
    package var json: JSON { ["all": JSON(paths)] }

    /// How many rules a type has, and how many fields one of them, at the most.
    package static let most = 10
    package static let mostFields = 5

    /// Nil where one of the fields is none of the type's (any more): such a rule rests.
    package init?(_ paths: [String], of type: RecordType) {
        let found = paths.compactMap { DuplicateField($0, of: type) }
        guard !found.isEmpty, found.count == paths.count else { return nil }
        fields = found
    }

    /// The lists of fields in rules as they are kept.
    static func paths(in rules: JSON) -> [[String]] {
        (rules.elements ?? []).map { ($0["all"]?.elements ?? []).compactMap(\.string) }
    }

    /// Reads `{"rules":[{"all":[..]}]}`. Every error of the body is reported at once, each with its pointer.
    package static func reading(_ body: JSON, of type: RecordType, for caller: Caller) throws(Problem) -> [DuplicateRule] {
        var errors = (body.members ?? []).filter { $0.name != "rules" }.map {
            Problem.FieldError("/\($0.name.pointerToken)", .unknown, "There is rules here and nothing else.")
        }
        guard let elements = body["rules"]?.elements else {
            let given = body["rules"]
            let sentence = given.map { "This is a list of rules, not \($0.kind)." } ?? "Say the rules; an empty list for none."
            throw .invalid(errors + [.init("/rules", given == nil ? .required : .type, sentence)])
        }
        if elements.count > most { errors.append(.init("/rules", .tooLong, "At most \(most) rules.")) }
        var rules: [DuplicateRule] = []
        for (index, element) in elements.prefix(most).enumerated() {
            guard let rule = rule(element, of: type, for: caller, at: "/rules/\(index)", &errors) else { continue }
            if rules.contains(where: { Set($0.paths) == Set(rule.paths) }) {
                errors.append(.init("/rules/\(index)", .duplicate, "There is a rule of these fields already."))
            }
            rules.append(rule)
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        return rules
    }

    private static func rule(
        _ value: JSON, of type: RecordType, for caller: Caller, at place: String, _ errors: inout [Problem.FieldError]
    ) -> DuplicateRule? {
        guard let members = value.members else {
            errors.append(.init(place, .type, "A rule is an object such as {\"all\": [\"phone\"]}, not \(value.kind)."))
            return nil
        }
        errors += members.filter { $0.name != "all" }.map {
            .init("\(place)/\($0.name.pointerToken)", .unknown, "A rule has all and nothing else.")
        }
        guard let elements = value["all"]?.elements, !elements.isEmpty else {
            let isMissing = value["all"] == nil || value["all"]?.elements?.isEmpty == true
            errors.append(.init("\(place)/all", isMissing ? .required : .type, "Say the fields that must agree: a list of names."))
            return nil
        }
        guard elements.count <= mostFields else {
            errors.append(.init("\(place)/all", .tooLong, "At most \(mostFields) fields."))
            return nil
        }
        var paths: [String] = []
        for (index, element) in elements.enumerated() {
            let pointer = "\(place)/all/\(index)"
            guard let path = element.string else {
                errors.append(.init(pointer, .type, "This is the name of a field, not \(element.kind)."))
                continue
            }
            guard DuplicateField(path, of: type) != nil, !caller.hides(path, of: type) else {
                errors.append(.init(pointer, .unknown, "A \(type.singular) has no field of this name that could tell duplicates."))
                continue
            }
            if paths.contains(path) { errors.append(.init(pointer, .duplicate, "This field stands here already.")) }
            paths.append(path)
        }
        return DuplicateRule(paths, of: type)
    }
}

extension Caller {
    /// Whether the caller's role does not show a field that a rule names.
    package func hides(_ path: String, of type: RecordType) -> Bool {
        rights.isHidden(path, of: type.name)
            || (type.field(path) == nil && rights.isHidden(String(path.prefix { $0 != "." }), of: type.name))
    }

    /// Whether the caller's role shows every field of the rule.
    package func sees(_ rule: DuplicateRule, of type: RecordType) -> Bool { !rule.paths.contains { hides($0, of: type) } }
}

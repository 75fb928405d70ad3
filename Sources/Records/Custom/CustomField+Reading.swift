extension CustomField {
    /// The form that names of fields and objects have.
    package static func isName(_ text: String) -> Bool { text.wholeMatch(of: /[a-z][a-z0-9_]{0,40}/) != nil }

    /// Checks a definition as a body brings it, `type` aside; gives every error at once, each with its pointer.
    package init(reading document: JSON, of type: String, in catalog: Catalog, at place: String) throws(Problem) {
        var errors: [Problem.FieldError] = []
        if let members = document.members {
            for member in members where !["name", "label", "kind", "options", "required", "unique", "default"].contains(member.name) {
                errors.append(.init("\(place)/\(member.name.pointerToken)", .unknown, "A field has no member of this name."))
            }
        } else {
            errors.append(.init(place, .type, "This is an object, not \(document.kind)."))
        }
        func given<Value>(_ name: String, _ kind: FieldKind, _ take: (JSON) -> Value?) -> Value? {
            let reading = Result { () throws(Refused) in try kind.read(document[name] ?? .null, at: "\(place)/\(name)") }
            switch reading {
            case .success(let reading):
                if let value = take(reading.shown) { return value }
                errors.append(.init("\(place)/\(name)", .required, "A field needs this."))
            case .failure(let refused): errors += refused.errors
            }
            return nil
        }
        let name = given("name", .text(max: 500), \.string)
        if let name, !Self.isName(name) {
            errors.append(
                .init(
                    "\(place)/name", .format, "This begins with a lower-case letter; lower-case letters, digits and _ follow, 41 at most."))
        }
        let label = given("label", .text(max: 500), \.string)
        let kind = given("kind", .choice(CustomKind.allCases.map(\.rawValue))) { $0.string.flatMap(CustomKind.init(rawValue:)) }
        let isRequired = given("required", .flag, \.bool) ?? false
        let isUnique = given("unique", .flag, \.bool) ?? false
        let options = kind.map { Self.options(document["options"] ?? .null, of: $0, in: catalog, at: "\(place)/options", &errors) } ?? []
        if let kind, isUnique, !kind.canBeUnique {
            errors.append(.init("\(place)/unique", .enum, "Values of the kind \(kind.rawValue) cannot be unique."))
        }
        let standard = document["default"] ?? .null
        if let kind { Self.check(standard, kind.fieldKind(options: options), kind, at: "\(place)/default", &errors) }
        guard errors.isEmpty, let name, let label, let kind else { throw .invalid(errors) }
        self.init(
            type: type, name: name, label: label, kind: kind, options: options, isRequired: isRequired, isUnique: isUnique,
            standard: standard)
    }

    /// The options in normal form: a list of words, `{"type"}`, or an empty list for kinds without options.
    private static func options(
        _ value: JSON, of kind: CustomKind, in catalog: Catalog, at place: String, _ errors: inout [Problem.FieldError]
    ) -> JSON {
        switch kind {
        case .select, .multiSelect:
            var words: [String] = []
            guard let elements = value.elements, (1...200).contains(elements.count) else {
                errors.append(.init(place, value.isNull ? .required : .type, "A \(kind.rawValue) has a list of 1 to 200 options."))
                return []
            }
            for (index, element) in elements.enumerated() {
                do throws(Refused) {
                    let pointer = "\(place)/\(index)"
                    guard let word = try FieldKind.text(max: 500).read(element, at: pointer).shown.string else {
                        throw refused(pointer, .required, "An option is not empty.")
                    }
                    guard !words.contains(word) else { throw refused(pointer, .duplicate, "This option stands there already.") }
                    words.append(word)
                } catch {
                    errors += error.errors
                }
            }
            return JSON(words)
        case .reference:
            guard let members = value.members, let target = value["type"]?.string, members.count == 1 else {
                errors.append(.init(place, value.isNull ? .required : .type, "A reference has the options {\"type\": \"contacts\"}."))
                return []
            }
            if catalog[target] == nil { errors.append(.init("\(place)/type", .reference, "There is no such record type.")) }
            return ["type": .string(target)]
        default:
            if !value.isNull, value.elements?.isEmpty != true, value.members?.isEmpty != true {
                errors.append(.init(place, .enum, "The kind \(kind.rawValue) has no options."))
            }
            return []
        }
    }

    private static func check(
        _ standard: JSON, _ fieldKind: FieldKind, _ kind: CustomKind, at place: String, _ errors: inout [Problem.FieldError]
    ) {
        guard !standard.isNull else { return }
        guard kind != .reference else {
            errors.append(.init(place, .enum, "A reference has no default."))
            return
        }
        do throws(Refused) {
            if try fieldKind.read(standard, at: place).shown.isNull { throw refused(place, .required, "A default is not empty.") }
        } catch {
            errors += error.errors
        }
    }
}

extension CustomKind {
    /// Whether one column holds the whole value, in a form that an index compares as a whole.
    var canBeUnique: Bool {
        switch self {
        case .longText, .money, .boolean, .multiSelect: false
        default: true
        }
    }

    /// Words that a person reads: what a record can be called by and found by.
    package var isTextual: Bool {
        switch self {
        case .text, .longText, .email, .phone, .url, .select: true
        default: false
        }
    }

    /// Kinds whose columns are never NULL: false and nothing chosen are values.
    var isNeverNull: Bool { self == .boolean || self == .multiSelect }
}

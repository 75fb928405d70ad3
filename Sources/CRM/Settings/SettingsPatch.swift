import Records

/// Merges a patch (RFC 7396) into what a tenant has decided, and gathers everything that is wrong with it, each with its pointer.
package struct SettingsPatch {
    package private(set) var errors: [Problem.FieldError] = []
    private let allowsPrivateHosts: Bool
    private let seal: Seal

    /// Makes a secret unreadable. `kept` is what the place holds, to be kept when it holds the same secret.
    package typealias Seal = (_ secret: String, _ place: String, _ kept: String?) -> String

    /// - Parameter allowsPrivateHosts: whether a mail server may stand in the installation's own network, as in `dev`.
    package init(allowsPrivateHosts: Bool, seal: @escaping Seal = { _, _, _ in "" }) {
        self.allowsPrivateHosts = allowsPrivateHosts
        self.seal = seal
    }

    /// What is decided afterwards; of no use when `errors` holds anything.
    package mutating func merge(_ patch: JSON, into document: SettingsDocument) -> SettingsDocument {
        let merged = SettingsDocument(stored: group(patch, into: document.stored, TenantSettings.keys, at: "", place: ""))
        if errors.isEmpty { errors = SettingRules.errors(in: merged) }
        return merged
    }

    mutating func refuse(_ pointer: String, _ code: Problem.FieldCode, _ detail: String) {
        errors.append(.init(pointer, code, detail))
    }

    private mutating func group(_ patch: JSON, into stored: JSON?, _ keys: [SettingKey], at pointer: String, place: String) -> JSON {
        guard let members = patch.members else {
            refuse(pointer, .type, "This is an object, not \(patch.kind).")
            return .object([])
        }
        for member in members where !keys.contains(where: { $0.name == member.name }) {
            refuse("\(pointer)/\(member.name.pointerToken)", .unknown, "There is no setting of this name.")
        }
        var merged: [JSON.Member] = []
        for key in keys {
            let kept = stored?[key.name]
            var value = kept
            if let given = patch[key.name] {
                value = setting(key, given, kept, at: "\(pointer)/\(key.name)", place: place + key.name)
            }
            if let value, !value.isNull, value != .object([]) { merged.append(.init(key.name, value)) }
        }
        return .object(merged)
    }

    /// What the setting holds afterwards; nil for nothing, so that its default holds again.
    private mutating func setting(_ key: SettingKey, _ given: JSON, _ kept: JSON?, at pointer: String, place: String) -> JSON? {
        guard !given.isNull else { return nil }
        switch key.kind {
        case .group(let keys): return group(given, into: kept, keys, at: pointer, place: place + ".")
        case .secret(let maximum): return secret(given, kept, maximum, at: pointer, place: place)
        default: return value(key.kind, given, at: pointer)
        }
    }

    /// A text is a new secret; what an answer shows may come back and changes nothing.
    private mutating func secret(_ given: JSON, _ kept: JSON?, _ maximum: Int, at pointer: String, place: String) -> JSON? {
        if let members = given.members {
            guard members.count == 1, let isSet = given["set"]?.bool else {
                refuse(pointer, .type, "This is the secret as a text, or {\"set\": true} to keep the one that is there.")
                return nil
            }
            if isSet && kept == nil { refuse(pointer, .required, "There is no secret yet that could stay; send it as a text.") }
            return isSet ? kept : nil
        }
        guard let text = text(given, maximum, at: pointer), !text.isEmpty else { return nil }
        return SealedSecret.document(seal(text, place, SealedSecret.text(in: kept)))
    }

    /// One value in its normal form; nil when it is wrong or says nothing.
    private mutating func value(_ kind: SettingKind, _ given: JSON, at pointer: String) -> JSON? {
        switch kind {
        case .line(let form): return line(given, form, at: pointer)
        case .text(let form):
            guard let text = text(given, .max, at: pointer) else { return nil }
            if !form.accepts(text) { refuse(pointer, .format, form.advice) }
            return .string(text)
        case .host: return host(given, at: pointer)
        case .choice(let options):
            guard let text = text(given, .max, at: pointer) else { return nil }
            if !options.contains(text) { refuse(pointer, .enum, "This is one of \(options.joined(separator: ", ")).") }
            return .string(text)
        case .integer(let range):
            guard let number = given.integer else {
                refuse(pointer, .type, "This is a whole number, not \(given.kind).")
                return nil
            }
            if !range.contains(number) { refuse(pointer, .range, "This lies between \(range.lowerBound) and \(range.upperBound).") }
            return JSON(number)
        case .flag:
            if given.bool == nil { refuse(pointer, .type, "This is true or false, not \(given.kind).") }
            return given
        case .list(let element, let maximum): return list(given, of: element, maximum, at: pointer)
        case .entry(let keys): return entry(given, keys, at: pointer)
        case .group, .secret: return nil
        }
    }

    private mutating func text(_ given: JSON, _ maximum: Int, at pointer: String) -> String? {
        guard case .string(let text) = given else {
            refuse(pointer, .type, "This is a text, not \(given.kind).")
            return nil
        }
        guard !text.unicodeScalars.contains("\0") else {
            refuse(pointer, .format, "A text must not hold U+0000.")
            return nil
        }
        guard text.unicodeScalars.count <= maximum else {
            refuse(pointer, .tooLong, "At most \(maximum) characters; this has \(text.unicodeScalars.count).")
            return nil
        }
        return text
    }

    private mutating func line(_ given: JSON, _ form: SettingForm, at pointer: String) -> JSON? {
        guard let line = text(given, 500, at: pointer)?.trimmed, !line.isEmpty else { return nil }
        // A line break in a sender's name would become a header of its own in every mail.
        let isOneLine = !line.unicodeScalars.contains(where: \.breaksLine)
        if !isOneLine || !form.accepts(line) { refuse(pointer, .format, form.advice) }
        return .string(line)
    }

    private mutating func host(_ given: JSON, at pointer: String) -> JSON? {
        guard let host = text(given, 500, at: pointer)?.trimmed, !host.isEmpty else { return nil }
        if !MailHost.isWellFormed(host) {
            refuse(pointer, .format, "This is the name of a mail server such as smtp.example.com, or its address.")
        } else if !allowsPrivateHosts && MailHost.isPrivate(host) {
            refuse(pointer, .range, "This is a host of a private network; a mail server on the internet is meant.")
        }
        return .string(host)
    }

    private mutating func list(_ given: JSON, of kind: SettingKind, _ maximum: Int, at pointer: String) -> JSON? {
        guard let elements = given.elements else {
            refuse(pointer, .type, "This is a list, not \(given.kind).")
            return nil
        }
        guard elements.count <= maximum else {
            refuse(pointer, .tooLong, "This has at most \(maximum) entries.")
            return nil
        }
        var values: [JSON] = []
        var seen: Set<JSON> = []
        for (index, element) in elements.enumerated() {
            guard let value = value(kind, element, at: "\(pointer)/\(index)") else { continue }
            if !seen.insert(value).inserted { refuse("\(pointer)/\(index)", .duplicate, "This stands in the list already.") }
            values.append(value)
        }
        return .array(values)
    }

    private mutating func entry(_ given: JSON, _ keys: [SettingKey], at pointer: String) -> JSON? {
        guard let members = given.members else {
            refuse(pointer, .type, "This is an object, not \(given.kind).")
            return nil
        }
        for member in members where !keys.contains(where: { $0.name == member.name }) {
            refuse("\(pointer)/\(member.name.pointerToken)", .unknown, "There is no member of this name here.")
        }
        return .object(
            keys.compactMap { key in
                guard let given = given[key.name], !given.isNull else {
                    refuse("\(pointer)/\(key.name)", .required, "This is needed.")
                    return nil
                }
                return value(key.kind, given, at: "\(pointer)/\(key.name)").map { .init(key.name, $0) }
            })
    }
}

extension Unicode.Scalar {
    /// A control character, or one of Unicode's own two ends of a line.
    fileprivate var breaksLine: Bool { value < 0x20 || (0x7F...0x9F).contains(value) || self == "\u{2028}" || self == "\u{2029}" }
}

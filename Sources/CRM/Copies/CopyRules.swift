import Records

/// What changes on the way of a tenant's rows into another tenant: what belongs to the old one stays behind, and under a disguise nothing
/// tells of people.
struct CopyRules: Sendable {
    private let catalog: Catalog
    private let disguise: Disguise?

    /// - Parameters:
    ///   - catalog: the record types that the tenant has, its own included.
    ///   - disguise: nil: people stay who they are.
    init(_ catalog: Catalog, _ disguise: Disguise?) {
        (self.catalog, self.disguise) = (catalog, disguise)
    }

    /// By the names of columns.
    func rules(of table: String) -> [String: CopyRows.Rule] {
        var rules: [String: CopyRows.Rule] = [:]
        switch table {
        // Of no use as a password; whoever is active stays so and chooses another.
        case "users": rules["password_hash"] = { _, _ in "!" }
        case "settings", "settings_history": rules["document"] = { value, _ in try JSON(parsing: value).withoutSeals.text }
        default: break
        }
        guard let disguise else { return rules }
        rules.merge(masking(table, disguise)) { own, _ in own }
        return rules
    }

    private func masking(_ table: String, _ disguise: Disguise) -> [String: CopyRows.Rule] {
        switch table {
        case "changes":
            let catalog = catalog
            return [
                "fields": { value, other in
                    guard let type = other("type").flatMap({ catalog[$0] }) else { return try masked(value, disguise.document) }
                    return try masked(value) { Self.changes($0, of: type, disguise) }
                }
            ]
        case "templates", "reminders":
            return [
                "subject": { value, _ in disguise.template(value) }, "body": { value, _ in disguise.template(value) },
                "recipients": { value, _ in try masked(value) { Self.recipients($0, disguise) } },
            ]
        case "occurrences":
            return [
                "recipient": { value, _ in
                    value.hasPrefix("email:") ? String(("email:" + disguise.email(String(value.dropFirst(6)))).prefix(206)) : value
                }
            ]
        case "mails":
            return [
                "recipient": { value, _ in String(disguise.email(value).suffix(254)) }, "subject": { value, _ in disguise.text(value) },
                "reason": { value, _ in disguise.text(value) },
            ]
        case "suppressions":
            return [
                "address": { value, _ in String(disguise.email(value).suffix(254)) }, "detail": { value, _ in disguise.text(value) },
            ]
        case "audit": return ["address": { _, _ in nil }]
        default:
            guard let type = catalog.types.first(where: { $0.table == table }), Self.isPersonal(type) else { return [:] }
            var rules: [String: CopyRows.Rule] = [:]
            for field in type.ownFields + type.customFields { rules.merge(Self.rules(of: field, disguise)) { own, _ in own } }
            return rules
        }
    }

    /// Whether the type tells of people and of what was said: users, and everything but how the account is furnished.
    private static func isPersonal(_ type: RecordType) -> Bool { type.standing != .furniture || type.name == "users" }

    private static func rules(of field: FieldDefinition, _ disguise: Disguise) -> [String: CopyRows.Rule] {
        switch field.kind {
        case .address:
            let rule: CopyRows.Rule = { value, _ in disguise.text(value) }
            let parts = Address.parts.filter { $0.kind == .text }.map { "\(field.column)_\($0.name)" }
            return parts.reduce(into: [:]) { $0[$1] = rule }
        case .custom(let fields): return fields.reduce(into: [:]) { $0.merge(rules(of: $1, disguise)) { own, _ in own } }
        default:
            guard let word = word(of: field.kind, disguise) else { return [:] }
            return [field.column: { value, _ in word(value) }]
        }
    }

    /// What becomes of one text of this kind; nil for kinds that tell nothing of people.
    private static func word(of kind: FieldKind, _ disguise: Disguise) -> (@Sendable (String) -> String)? {
        switch kind {
        case .text, .phone: { disguise.text($0) }
        case .email: { disguise.email($0) }
        case .domain: { disguise.domain($0) }
        case .website: { disguise.website($0) }
        default: nil
        }
    }

    /// The change log's `{"phone": {"before", "after"}}`.
    private static func changes(_ document: JSON, of type: RecordType, _ disguise: Disguise) -> JSON {
        guard isPersonal(type) else { return ["templates", "reminders"].contains(type.name) ? disguise.document(document) : document }
        let fields = Dictionary((type.ownFields + type.customFields).map { ($0.path, $0) }) { first, _ in first }
        return .object((document.members ?? []).map { .init($0.name, changed($0.value, fields[$0.name], $0.name, disguise)) })
    }

    private static func changed(_ value: JSON, _ field: FieldDefinition?, _ name: String, _ disguise: Disguise) -> JSON {
        // Common fields: times, ids, actors.
        guard let field else { return name.hasPrefix("custom") ? disguise.document(value) : value }
        if let word = word(of: field.kind, disguise) { return texts(value, word) }
        if case .address = field.kind { return texts(value) { $0.count == 2 ? $0 : disguise.text($0) } }
        return value
    }

    private static func texts(_ value: JSON, _ word: (String) -> String) -> JSON {
        switch value {
        case .string(let text): .string(word(text))
        case .array(let elements): .array(elements.map { texts($0, word) })
        case .object(let members): .object(members.map { .init($0.name, texts($0.value, word)) })
        default: value
        }
    }

    private static func recipients(_ document: JSON, _ disguise: Disguise) -> JSON {
        .array(
            (document.elements ?? []).map { one in
                guard let address = one["email"]?.string else { return one }
                return ["email": .string(disguise.email(address))]
            })
    }
}

private func masked(_ value: String, _ change: (JSON) -> JSON) throws -> String { change(try JSON(parsing: value)).text }

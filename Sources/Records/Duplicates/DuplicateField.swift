import Postgres

/// A field by which two records are told to mean the same, and what its values must share for that.
package struct DuplicateField: Sendable, Hashable {
    /// As rules name it: `phone`, `custom.badge`, `address.city`.
    package let path: String
    /// Where a body has it (RFC 6901).
    package let pointer: String
    package let column: String
    let kind: FieldKind
    /// Whether an index of the type finds a value by itself.
    let hasIndex: Bool

    /// Nil for a path that is no field of the type, or none whose values can be compared.
    package init?(_ path: String, of type: RecordType) {
        if let part = Address.parts.first(where: { path.hasSuffix(".\($0.name)") }),
            let address = type.ownFields.first(where: { $0.kind == .address && path == "\($0.name).\(part.name)" })
        {
            self.path = path
            pointer = "\(address.pointer)/\(part.name)"
            column = "\(address.column)_\(part.name)"
            kind = .text(max: 500)
            hasIndex = false
            return
        }
        guard let field = type.field(path), field.kind.tellsDuplicates, !field.isReadOnly, !field.isWriteOnly, !field.isDerived else {
            return nil
        }
        self.path = field.path
        pointer = field.pointer
        column = field.column
        kind = field.kind
        let isReference = if case .reference = field.kind { true } else { false }
        // That of unique domains knows them with www.
        let isFoundWhole = field.isUnique && kind != .domain
        hasIndex = isFoundWhole || field.isMatched || isReference || (kind.holdsWords && type.nameFields.contains(field))
    }

    /// Which paths the type has.
    package static func paths(of type: RecordType) -> [String] {
        let parts = type.ownFields.filter { $0.kind == .address }.flatMap { field in Address.parts.map { "\(field.name).\($0.name)" } }
        return ((type.fields + type.customFields).map(\.path) + parts).filter { DuplicateField($0, of: type) != nil }
    }

    /// What two values must share: lower case for addresses, and of domains what stands behind www; digits for telephone numbers; letters
    /// without accents, case and superfluous spaces for texts; others are equal or not.
    package func key(_ value: SQL) -> SQL {
        if kind.holdsWords { return "cell.duplicate_key(" + value + ")" }
        let equality = kind.equality(value)
        return kind == .domain ? "regexp_replace(" + equality + ", '^www[.]', '')" : equality
    }

    /// Whether the key may be nothing although there is a value (a text of signs that nobody sees).
    package var mayHaveEmptyKey: Bool { kind.holdsWords || kind == .phone }
    package var holdsWords: Bool { kind.holdsWords }
    package var isPhone: Bool { kind == .phone }

    /// How sure two records with the same value are one, by that alone; nil where it says too little.
    package var ownWeight: Double? {
        switch kind {
        case .email: 0.95
        case .domain: 0.9
        case .phone: 0.8
        default: nil
        }
    }

    /// The key where all records are compared: there a number has seven digits at least.
    package func scanKey(_ r: String) -> SQL {
        let key = key(SQL(code: "\(r).\(column)"))
        return isPhone ? "CASE WHEN length(" + key + ") >= 7 THEN " + key + " END" : key
    }

    /// Whether it says whom the record belongs to: a record of another kind that the business is about.
    package func refersToSubject(in catalog: Catalog, but type: RecordType) -> Bool {
        guard case .reference(let target) = kind else { return false }
        return target != type.name && catalog[target]?.isSubject == true
    }
}

extension FieldKind {
    /// Whether it holds words, of which accents and case say nothing.
    var holdsWords: Bool {
        switch self {
        case .text, .website: true
        default: false
        }
    }

    /// Whether two records with the same value may be one because of it.
    fileprivate var tellsDuplicates: Bool {
        switch self {
        case .text, .email, .domain, .phone, .website, .language, .timeZone, .choice, .integer, .decimal, .currency, .date, .time,
            .reference:
            true
        default: false
        }
    }
}

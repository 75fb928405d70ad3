/// One field of a record type: how it is called, what it holds, how it is read from JSON, kept in columns and shown again.
package struct FieldDefinition: Sendable, Hashable {
    /// As in JSON.
    package let name: String
    /// As in SQL, for kinds of one column; the beginning of their names for others. `c_...` for the tenant's own fields.
    package let column: String
    package let kind: FieldKind
    /// Must be set in every record.
    package var isRequired = false
    /// Never null in an answer, though a body may leave it out.
    package var isFilled = false
    /// No two records outside the trash share a value (409 `duplicate`).
    package var isUnique = false
    /// Set by the service only; in a body it is refused with `read_only`.
    package var isReadOnly = false
    /// Accepted in bodies, never shown.
    package var isWriteOnly = false
    /// Part of what `q` searches and of what a person calls the record.
    package var isTitle = false
    /// A title field that is one part of a name: given and family name.
    package var isNamePart = false
    /// Searched by `q`, but no part of what the record is called.
    package var isSearched = false
    /// An index finds the records that share a value.
    package var isMatched = false
    /// A tenant's own text: `q` looks into it through an index of its own.
    package var hasOwnWords = false
    /// A sentence for OpenAPI and for the page.
    package var help: String

    package init(_ name: String, _ kind: FieldKind, column: String? = nil, help: String) {
        self.name = name
        self.column = column ?? name
        self.kind = kind
        self.help = help
    }

    /// Follows from other fields by itself, so the change log does not repeat it.
    package var isDerived = false
    /// How a derived field follows from the record's columns, as its table says it (`GENERATED ALWAYS AS`).
    package var derivation: String?
    /// Moves by itself when other records come or go, so a change of it alone is nobody's doing: an undo does not mind it.
    package var isShifting = false
    /// Whether the tenant has added it to a built-in type: it stands under `custom`.
    package var isCustom = false
    /// How conditions, sort orders and rights name it.
    package var path: String { isCustom ? "custom.\(name)" : name }

    /// Where a body has it (RFC 6901).
    package var pointer: String { isCustom ? "/custom/\(name)" : "/\(name)" }

    /// The columns that hold the field, in the table's order.
    package var columns: [String] {
        switch kind {
        case .address: Address.parts.map { "\(column)_\($0.name)" }
        case .actor, .record: ["\(column)_type", "\(column)_id"]
        case .money(let currency): [column, currency ?? "\(column)_currency"]
        case .localTime: ["\(column)_local", "\(column)_zone", "\(column)_at"]
        case .custom(let fields): fields.flatMap(\.columns)
        case .secret, .computed: []
        default: [column]
        }
    }

    /// The column by which records are put in order, and how its values compare; nil when they have no order.
    var ordering: (column: String, kind: FieldKind)? {
        switch kind {
        case .money: (column, .decimal)
        case .localTime: ("\(column)_at", .time)
        default: kind.isScalar ? (column, kind) : nil
        }
    }

    /// Whether a list can be put in order by it.
    package var isSortable: Bool { ordering != nil }

    /// The type that it refers to, for a reference or a list of references.
    package var target: String? {
        switch kind {
        case .reference(let target), .references(let target): target
        default: nil
        }
    }

    /// The name under which the record referred to is included: `company` for `company_id`.
    package var includeName: String? {
        guard case .reference = kind else { return nil }
        return name.hasSuffix("_id") ? String(name.dropLast(3)) : isCustom ? path : nil
    }
}

/// A field as a key whose values have a type the compiler knows: `change[Contacts.email]` is a text.
package struct Field<Value: Sendable>: Sendable, FieldKey {
    package var definition: FieldDefinition

    package init(_ definition: FieldDefinition) {
        self.definition = definition
    }

    /// The same field with other traits.
    private func with(_ change: (inout FieldDefinition) -> Void) -> Field {
        var copy = self
        change(&copy.definition)
        return copy
    }

    /// In every record the service sees to it that there is a value; a body may leave it out.
    package var filled: Field { with { $0.isFilled = true } }
    package var required: Field { with { $0.isRequired = true } }
    package var unique: Field { with { $0.isUnique = true } }
    package var readOnly: Field { with { $0.isReadOnly = true } }
    package var derived: Field { with { ($0.isReadOnly, $0.isDerived) = (true, true) } }
    package func derived(as expression: String) -> Field { derived.with { $0.derivation = expression } }
    package var shifting: Field { with { $0.isShifting = true } }
    package var title: Field { with { $0.isTitle = true } }
    package var namePart: Field { with { ($0.isTitle, $0.isNamePart) = (true, true) } }
    package var matched: Field { with { $0.isMatched = true } }
    package var searched: Field { with { $0.isSearched = true } }
}

/// Any field, whatever its values.
package protocol FieldKey: Sendable {
    var definition: FieldDefinition { get }
}

extension Field where Value == String {
    package static func text(_ name: String, max: Int = 500, _ help: String) -> Field { .init(.init(name, .text(max: max), help: help)) }
    package static func email(_ name: String, _ help: String) -> Field { .init(.init(name, .email, help: help)) }
    package static func domain(_ name: String, _ help: String) -> Field { .init(.init(name, .domain, help: help)) }
    package static func phone(_ name: String, _ help: String) -> Field { .init(.init(name, .phone, help: help)) }
    package static func website(_ name: String, _ help: String) -> Field { .init(.init(name, .website, help: help)) }
    package static func language(_ name: String, _ help: String) -> Field { .init(.init(name, .language, help: help)) }
    package static func timeZone(_ name: String, _ help: String) -> Field { .init(.init(name, .timeZone, help: help)) }
    package static func reference(_ name: String, to target: String, _ help: String) -> Field {
        .init(.init(name, .reference(to: target), help: help))
    }
    package static func choice(_ name: String, _ options: [String], _ help: String) -> Field {
        .init(.init(name, .choice(options), help: help))
    }
    package static func date(_ name: String, _ help: String) -> Field { .init(.init(name, .date, help: help)) }
    package static func time(_ name: String, _ help: String) -> Field { .init(.init(name, .time, help: help)) }
    package static func currency(_ name: String, _ help: String) -> Field { .init(.init(name, .currency, help: help)) }
    /// Accepted, handed to the type's rule and never kept as it came.
    package static func secret(_ name: String, _ help: String) -> Field {
        var definition = FieldDefinition(name, .secret, help: help)
        definition.isWriteOnly = true
        return .init(definition)
    }
}

extension Field where Value == [String] {
    package static func choices(_ name: String, _ options: [String], _ help: String) -> Field {
        .init(.init(name, .choices(options), help: help))
    }
    /// Short texts in order, each once.
    package static func names(_ name: String, _ help: String) -> Field { .init(.init(name, .tags, help: help)) }
    package static func references(_ name: String, to target: String, _ help: String) -> Field {
        .init(.init(name, .references(to: target), help: help))
    }
}

extension Field where Value == Int {
    package static func integer(_ name: String, in range: ClosedRange<Int>, _ help: String) -> Field {
        .init(.init(name, .integer(range), help: help))
    }
}

extension Field where Value == Bool {
    /// True or false, never unset; false unless said otherwise.
    package static func flag(_ name: String, _ help: String) -> Field { .init(.init(name, .flag, help: help)) }
}

extension Field where Value == JSON {
    package static func address(_ name: String, _ help: String) -> Field { .init(.init(name, .address, help: help)) }
    /// JSON kept as it is, of a form that the type's rule knows.
    package static func document(_ name: String, schema: JSON, empty: JSON = [:], column: String? = nil, _ help: String) -> Field {
        .init(.init(name, .document(schema: schema, empty: empty), column: column, help: help))
    }
    /// Worked out by the type's rule whenever a record is answered, and kept nowhere.
    package static func computed(_ name: String, schema: JSON, _ help: String) -> Field {
        Field(.init(name, .computed(schema: schema), help: help)).derived
    }
    /// `currency` names the column that holds the currency when it is not this field's own.
    package static func money(_ name: String, currency: String? = nil, _ help: String) -> Field {
        .init(.init(name, .money(currency: currency), help: help))
    }
    package static func localTime(_ name: String, _ help: String) -> Field { .init(.init(name, .localTime, help: help)) }
    /// A record of whatever type: `{"type", "id"}`.
    package static func record(_ name: String, _ help: String) -> Field { .init(.init(name, .record(orType: false), help: help)) }
    /// The same, or every record of a type: `{"type"}`.
    package static func recordOrType(_ name: String, _ help: String) -> Field { .init(.init(name, .record(orType: true), help: help)) }
    package static func integers(_ name: String, in range: ClosedRange<Int>, max: Int, _ help: String) -> Field {
        .init(.init(name, .integers(range, max: max), help: help))
    }
}

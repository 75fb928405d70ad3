/// One field of a record type: how it is called, what it holds, how it is read from JSON, kept in columns and shown again.
package struct FieldDefinition: Sendable, Hashable {
    /// As in JSON and, for kinds of one column, in SQL.
    package let name: String
    package let kind: FieldKind
    /// Must be set in every record.
    package var isRequired = false
    /// No two records outside the trash share a value (409 `duplicate`).
    package var isUnique = false
    /// Set by the service only; in a body it is refused with `read_only`.
    package var isReadOnly = false
    /// Accepted in bodies, never shown.
    package var isWriteOnly = false
    /// Part of what `q` searches and of what a person calls the record.
    package var isTitle = false
    /// A sentence for OpenAPI and for the page.
    package var help: String

    package init(_ name: String, _ kind: FieldKind, help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }

    /// The columns that hold the field, in the table's order.
    package var columns: [String] {
        switch kind {
        case .address: Address.parts.map { "\(name)_\($0.name)" }
        case .actor: ["\(name)_type", "\(name)_id"]
        case .custom: []
        case .secret: []
        default: [name]
        }
    }

    /// The type that it refers to, for a reference or a list of references.
    package var target: String? {
        switch kind {
        case .reference(let target), .references(let target): target
        default: nil
        }
    }

    /// The name under which the record referred to is included: `company` for `company_id`.
    package var includeName: String? {
        guard case .reference = kind, name.hasSuffix("_id") else { return nil }
        return String(name.dropLast(3))
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

    package var required: Field { with { $0.isRequired = true } }
    package var unique: Field { with { $0.isUnique = true } }
    package var readOnly: Field { with { $0.isReadOnly = true } }
    package var title: Field { with { $0.isTitle = true } }
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
    /// Accepted, handed to the type's rule and never kept as it came.
    package static func secret(_ name: String, _ help: String) -> Field {
        var definition = FieldDefinition(name, .secret, help: help)
        definition.isWriteOnly = true
        return .init(definition)
    }
}

extension Field where Value == [String] {
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
    /// An object kept as it is, of a form that the type's rule knows.
    package static func document(_ name: String, schema: JSON, _ help: String) -> Field {
        .init(.init(name, .document(schema: schema), help: help))
    }
}

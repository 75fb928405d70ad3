import Postgres

/// A field that a tenant has added to a record type, as its definition says it.
package struct CustomField: Sendable, Hashable {
    /// The record type that has it, by its plural.
    package let type: String
    package let name: String
    package let label: String
    package let kind: CustomKind
    /// The words of a select, or `{"type": ...}` for a reference.
    package let options: JSON
    package let isRequired: Bool
    package let isUnique: Bool
    /// What a record holds that was made without the field; null for nothing.
    package let standard: JSON

    /// A row of `custom_fields` as JSON: what `init(_:)` reads, and what an object shows of its fields.
    package static let json: SQL = """
        json_build_object('type', type, 'name', name, 'label', label, 'kind', kind, 'options', options,
            'required', is_required, 'unique', is_unique, 'default', default_value)
        """

    package init(
        type: String, name: String, label: String, kind: CustomKind, options: JSON, isRequired: Bool, isUnique: Bool, standard: JSON
    ) {
        self.type = type
        self.name = name
        self.label = label
        self.kind = kind
        self.options = options
        self.isRequired = isRequired
        self.isUnique = isUnique
        self.standard = standard
    }

    /// Nil for what `json` does not make.
    package init?(_ document: JSON) {
        guard let type = document["type"]?.string, let name = document["name"]?.string, let label = document["label"]?.string,
            let kind = document["kind"]?.string.flatMap({ CustomKind(rawValue: $0) })
        else { return nil }
        self.init(
            type: type, name: name, label: label, kind: kind, options: document["options"] ?? [],
            isRequired: document["required"]?.bool ?? false, isUnique: document["unique"]?.bool ?? false,
            standard: document["default"] ?? .null)
    }

    /// What an object says of each of its fields.
    package var document: JSON {
        [
            "name": .string(name), "label": .string(label), "kind": .string(kind.rawValue), "options": options,
            "required": .bool(isRequired), "unique": .bool(isUnique), "default": standard,
        ]
    }

    var column: String { "c_\(name)" }
    var fieldKind: FieldKind { kind.fieldKind(options: options) }

    /// As the engine knows it. `isCustom` where it stands under `custom`, rather than in a type of the tenant's own.
    func definition(isCustom: Bool) -> FieldDefinition {
        var definition = FieldDefinition(name, fieldKind, column: column, help: label)
        definition.isCustom = isCustom
        definition.isRequired = isRequired
        definition.isUnique = isUnique
        definition.hasOwnWords = kind.hasWords
        // A default serves who leaves the field out, so that only null is refused.
        definition.isFilled = isRequired && !standard.isNull
        return definition
    }
}

extension CustomField {
    /// Whether more than words for people has changed.
    package func changesColumns(of old: CustomField) -> Bool {
        kind != old.kind || options != old.options || isRequired != old.isRequired || isUnique != old.isUnique || standard != old.standard
    }

    /// Whether records could no longer be called by it as they are.
    package func losesLabel(of old: CustomField) -> Bool { !kind.isTextual || KindChange(from: old, to: self).rebuilds }
}

extension CustomField {
    /// Whether both would need the same column: a money's currency stands beside its amount.
    package func collides(with other: CustomField) -> Bool {
        func columns(_ field: CustomField) -> Set<String> {
            field.kind == .money ? [field.column, "\(field.column)_currency"] : [field.column]
        }
        return !columns(self).isDisjoint(with: columns(other))
    }
}

import Postgres

/// What one tenant has added to the built-in record types: fields and types of its own.
package struct Shape: Sendable {
    private let fields: [Field]
    private let objects: [Object]

    private struct Field: Sendable {
        let type: String
        let definition: FieldDefinition
    }

    private struct Object: Sendable {
        let singular: String
        let plural: String
        let labelField: String
    }

    /// The shape as text, or NULL for a tenant that has added nothing: to be selected in the tenant's schema.
    package static let column: SQL = """
        (SELECT CASE WHEN fields.list IS NULL AND objects.list IS NULL THEN NULL
                ELSE json_build_object('fields', coalesce(fields.list, '[]'), 'objects', coalesce(objects.list, '[]'))::text END
            FROM (
                SELECT json_agg(json_build_object('type', type, 'name', name, 'label', label, 'kind', kind, 'options', options,
                    'required', is_required, 'unique', is_unique, 'default', default_value) ORDER BY created_at, id) AS list
                FROM custom_fields WHERE deleted_at IS NULL
            ) AS fields, (
                SELECT json_agg(json_build_object('name', name, 'plural', plural, 'label_field', label_field) ORDER BY created_at, id) AS list
                FROM custom_objects WHERE deleted_at IS NULL
            ) AS objects)
        """

    /// Reads what `column` selected.
    package init(parsing text: String) throws {
        let document = try JSON(parsing: text)
        let objects = (document["objects"]?.elements ?? []).compactMap { object -> Object? in
            guard let name = object["name"]?.string, let plural = object["plural"]?.string, let label = object["label_field"]?.string else {
                return nil
            }
            return Object(singular: name, plural: plural, labelField: label)
        }
        let plurals = Set(objects.map(\.plural))
        self.objects = objects
        fields = (document["fields"]?.elements ?? []).compactMap { field -> Field? in
            guard let type = field["type"]?.string, let name = field["name"]?.string, let label = field["label"]?.string,
                let kind = field["kind"]?.string.flatMap({ CustomKind(rawValue: $0) })
            else { return nil }
            var definition = FieldDefinition(
                name, kind.fieldKind(options: field["options"] ?? []), column: "c_\(name)", help: label)
            definition.isCustom = !plurals.contains(type)
            definition.isRequired = field["required"]?.bool ?? false
            definition.isUnique = field["unique"]?.bool ?? false
            // A default serves who leaves the field out, so that only null is refused.
            definition.isFilled = definition.isRequired && !(field["default"]?.isNull ?? true)
            return Field(type: type, definition: definition)
        }
    }

    /// The built-in types with what the tenant has added to each, and its own types behind them.
    package func applied(to base: Catalog) -> Catalog {
        let known = base.types.map { type in
            let own = fields(of: type.name)
            return own.isEmpty ? type : type.adding(custom: own)
        }
        let added = objects.map { object in
            RecordType(
                object.plural, singular: object.singular, table: "c_\(object.plural)",
                own: fields(of: object.plural).map { field in
                    var field = field
                    field.isTitle = field.name == object.labelField
                    return field
                })
        }
        return Catalog(known + added)
    }

    private func fields(of type: String) -> [FieldDefinition] {
        fields.filter { $0.type == type }.map(\.definition)
    }
}

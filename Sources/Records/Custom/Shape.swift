import Postgres

/// What one tenant has added to the built-in record types: fields and types of its own, and rules that tell duplicates.
package struct Shape: Sendable {
    private let text: String
    private let fields: [CustomField]
    private let objects: [Object]
    /// By type: the lists of fields that a tenant has put in place of the type's own.
    private let duplicates: [String: [[String]]]

    private struct Object: Sendable {
        let singular: String
        let plural: String
        let labelField: String
    }

    /// The shape as text, or NULL for a tenant that has added nothing: to be selected in the tenant's schema.
    package static let column: SQL = """
        (SELECT CASE WHEN fields.list IS NULL AND objects.list IS NULL AND duplicates.rules = '{}' THEN NULL
                ELSE json_build_object(
                    'fields', coalesce(fields.list, '[]'), 'objects', coalesce(objects.list, '[]'), 'duplicates', duplicates.rules)::text END
            FROM (SELECT coalesce((SELECT duplicate_rules FROM settings), '{}') AS rules) AS duplicates, (
                SELECT json_agg(\(CustomField.json) ORDER BY created_at, id) AS list
                FROM custom_fields WHERE deleted_at IS NULL
            ) AS fields, (
                SELECT json_agg(json_build_object('name', name, 'plural', plural, 'label_field', label_field) ORDER BY created_at, id) AS list
                FROM custom_objects WHERE deleted_at IS NULL
            ) AS objects)
        """

    /// Reads what `column` selected.
    package init(parsing text: String) throws {
        self.text = text
        let document = try JSON(parsing: text)
        let objects = (document["objects"]?.elements ?? []).compactMap { object -> Object? in
            guard let name = object["name"]?.string, let plural = object["plural"]?.string, let label = object["label_field"]?.string else {
                return nil
            }
            return Object(singular: name, plural: plural, labelField: label)
        }
        self.objects = objects
        duplicates = Dictionary(
            (document["duplicates"]?.members ?? []).map { ($0.name, DuplicateRule.paths(in: $0.value)) },
            uniquingKeysWith: { first, _ in first })
        fields = (document["fields"]?.elements ?? []).compactMap { CustomField($0) }
    }

    /// The built-in types with what the tenant has added to each, and its own types behind them.
    package func applied(to base: Catalog) -> Catalog {
        let known = base.types.map { type in
            let own = fields(of: type.name, isCustom: true)
            let rules = duplicates[type.name]
            return own.isEmpty && rules == nil ? type : type.adding(custom: own, duplicates: rules)
        }
        let added = objects.map { object in
            RecordType(
                object.plural, singular: object.singular, table: "c_\(object.plural)",
                own: fields(of: object.plural, isCustom: false).map { field in
                    var field = field
                    field.isTitle = field.name == object.labelField
                    return field
                }, duplicates: duplicates[object.plural])
        }
        return Catalog(known + added, shape: text, following: base.following)
    }

    private func fields(of type: String, isCustom: Bool) -> [FieldDefinition] {
        fields.filter { $0.type == type }.map { $0.definition(isCustom: isCustom) }
    }
}

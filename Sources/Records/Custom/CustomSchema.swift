import Postgres

/// The tables and columns of everything that a tenant has added, to be built where there is nothing of it yet: when an account moves in.
package struct CustomSchema {
    /// A record type of the tenant's own.
    package struct Object: Sendable {
        package let plural: String
        package let label: String

        package init(plural: String, label: String) {
            (self.plural, self.label) = (plural, label)
        }
    }

    private let fields: [(field: CustomField, isHidden: Bool)]
    private let objects: [Object]
    /// With the tenant's own types, those in the trash too: references lead to their tables.
    private let catalog: Catalog

    /// - Parameter fields: those in the trash are hidden: their columns are there and bind nobody.
    package init(_ fields: [(field: CustomField, isHidden: Bool)], _ objects: [Object], base: Catalog) throws {
        (self.fields, self.objects) = (fields, objects)
        let shape: JSON = [
            "fields": [],
            "objects": .array(
                objects.map { ["name": .string($0.plural), "plural": .string($0.plural), "label_field": .string($0.label)] }),
        ]
        catalog = try Shape(parsing: shape.text).applied(to: base)
    }

    /// Refuses names that are none, and fields of types that are not there.
    package var statements: [SQL] {
        get throws {
            for object in objects where !CustomField.isName(object.plural) { throw Unknown(name: object.plural) }
            for (field, _) in fields where !CustomField.isName(field.name) { throw Unknown(name: field.name) }
            var tables: [SQL] = []
            for object in objects {
                guard let label = fields.first(where: { $0.field.type == object.plural && $0.field.name == object.label }) else {
                    throw Unknown(name: object.label)
                }
                tables += CustomTable(plural: object.plural).creation([bound(label)], label: label.field, of: catalog)
            }
            // Every table is there before the first reference.
            let columns = try fields.filter { !isLabel($0.field) }.flatMap { one in
                guard let type = catalog[one.field.type] else { throw Unknown(name: one.field.type) }
                return CustomColumns(bound(one), in: type.table, of: catalog).adding
            }
            return tables + columns
        }
    }

    package struct Unknown: Error, Sendable {
        package let name: String
    }

    private func isLabel(_ field: CustomField) -> Bool { objects.contains { $0.plural == field.type && $0.label == field.name } }

    private func bound(_ one: (field: CustomField, isHidden: Bool)) -> CustomField {
        let field = one.field
        guard one.isHidden else { return field }
        return CustomField(
            type: field.type, name: field.name, label: field.label, kind: field.kind, options: field.options, isRequired: false,
            isUnique: false, standard: field.standard)
    }
}

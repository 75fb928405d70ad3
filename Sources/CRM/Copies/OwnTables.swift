import Postgres
import Records

/// The tables and columns that a tenant has added, made by their definitions, which stand in the schema at hand.
enum OwnTables {
    /// Throws `Unusable` for a definition that cannot be read or used.
    static func build(_ transaction: borrowing Transaction, base: Catalog) throws {
        let fields = try transaction.rows(
            "SELECT \(CustomField.json)::text, deleted_at IS NOT NULL FROM custom_fields ORDER BY created_at, id"
        )
        .map { row in
            guard let field = CustomField(try JSON(parsing: row.text(0))) else {
                throw Unusable(description: "A definition of a field cannot be read.")
            }
            return (field: field, isHidden: try row.bool(1))
        }
        let objects = try transaction.rows("SELECT plural, label_field FROM custom_objects ORDER BY created_at, id").map {
            CustomSchema.Object(plural: try $0.text(0), label: try $0.text(1))
        }
        do {
            try transaction.flush(try CustomSchema(fields, objects, base: base).statements)
        } catch let unknown as CustomSchema.Unknown {
            throw Unusable(description: "The definition of \(unknown.name) cannot be used.")
        }
    }

    struct Unusable: Error, Sendable, CustomStringConvertible {
        let description: String
    }
}

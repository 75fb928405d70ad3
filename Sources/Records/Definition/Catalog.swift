import Postgres

/// All record types that a tenant has.
package struct Catalog: Sendable {
    package let types: [RecordType]
    /// What the tenant has added, as it was read; empty for the built-in types alone. Two catalogues of the same shape are the same.
    package let shape: String
    /// What follows the changes of each type, see `RecordType.Rules.following`.
    package let following: (@Sendable (RecordType) -> SQL?)?
    private let typesByName: [String: RecordType]

    package init(_ types: [RecordType], shape: String = "", following: (@Sendable (RecordType) -> SQL?)? = nil) {
        let types = following.map { following in types.map { $0.followed(by: following($0)) } } ?? types
        self.types = types
        self.following = following
        self.shape = shape
        typesByName = Dictionary(uniqueKeysWithValues: types.map { ($0.name, $0) })
    }

    package subscript(name: String) -> RecordType? { typesByName[name] }

    /// A field whose records refer to others, and how.
    package struct Referrer: Sendable {
        package enum Form: Sendable { case one, many, any }

        package let type: RecordType
        package let field: FieldDefinition
        package let form: Form

        /// The condition that `r` refers to the record of the type.
        package func refers(_ r: String, to id: String, of target: RecordType) -> String {
            switch form {
            case .one: "\(r).\(field.column) = \(id)"
            case .many: "\(r).\(field.column) @> ARRAY[\(id)]"
            case .any: "\(r).\(field.column)_id = \(id) AND \(r).\(field.column)_type = '\(target.name)'"
            }
        }

        /// The assignment that ends the reference.
        package func release(from id: String) -> String {
            switch form {
            case .one: "\(field.column) = NULL"
            case .many: "\(field.column) = array_remove(r.\(field.column), \(id))"
            case .any: "\(field.column)_type = NULL, \(field.column)_id = NULL"
            }
        }
    }

    /// Every field that may refer to records of the type: what a purge must empty, what `include` can list.
    package func references(to type: RecordType) -> [Referrer] {
        types.flatMap { source in
            (source.fields + source.customFields).compactMap { field in
                switch field.kind {
                case .reference(type.name): Referrer(type: source, field: field, form: .one)
                case .references(type.name): Referrer(type: source, field: field, form: .many)
                case .record where type.isSubject: Referrer(type: source, field: field, form: .any)
                default: nil
                }
            }
        }
    }
}

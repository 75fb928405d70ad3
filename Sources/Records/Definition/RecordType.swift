import Postgres

/// One kind of record a tenant keeps: its fields and its rules. Routes, filters, OpenAPI, rights, change log and pages follow from it.
package struct RecordType: Sendable {
    /// Plural, as in the URL, the table and the rights: `contacts`.
    package let name: String
    /// One of them, for sentences: `contact`.
    package let singular: String
    /// Its own fields, in the order in which they are shown.
    package let ownFields: [FieldDefinition]
    /// Every field, common ones included, in the order in which a record shows them.
    package let fields: [FieldDefinition]
    /// What the database refuses with a constraint that is not named after one field: constraint name to what to say.
    package let refusals: [String: Problem]
    /// What must happen to a draft before any statement is made of it; the only place where a rule may wait.
    package let preparing: (@Sendable (inout Draft, Change) async throws(Problem) -> Void)?
    /// What else must be written, or why not, when a record of the type is saved.
    package let saving: @Sendable (Change) throws(Problem) -> [SQL]
    /// Which calls of the record contract the type answers.
    package let operations: Set<Operation>
    /// Whether a record that others refer to cannot be deleted (409), rather than leaving them without it.
    package let staysWhileUsed: Bool
    private let fieldsByName: [String: FieldDefinition]

    package enum Operation: String, Sendable, Hashable, CaseIterable {
        case list, search, create, get, update, trash, restore, changes
    }

    /// A record about to be written.
    package struct Change: Sendable {
        package enum Action: String, Sendable, Hashable { case create, update, trash, restore, purge }

        package let action: Action
        package let id: String
        package let draft: Draft
        package let caller: Caller
        /// Whose record it is.
        package let slug: String

        /// The value that the change gives the field: nil when it does not touch it, `.some(nil)` when it unsets it.
        package subscript(field: Field<String>) -> String?? {
            guard let value = draft.inputs[field.definition.name] else { return nil }
            return .some(value.string)
        }

        package subscript(field: Field<JSON>) -> JSON? { draft.inputs[field.definition.name] }
    }

    package init(
        _ name: String, singular: String, fields: [any FieldKey], refusals: [String: Problem] = [:],
        operations: Set<Operation> = Set(Operation.allCases), staysWhileUsed: Bool = false,
        preparing: (@Sendable (inout Draft, Change) async throws(Problem) -> Void)? = nil,
        saving: @escaping @Sendable (Change) throws(Problem) -> [SQL] = { _ throws(Problem) in [] }
    ) {
        self.name = name
        self.singular = singular
        ownFields = fields.map(\.definition)
        self.fields = CommonFields.leading + fields.map(\.definition) + CommonFields.trailing
        self.refusals = refusals
        self.operations = operations
        self.staysWhileUsed = staysWhileUsed
        self.preparing = preparing
        self.saving = saving
        fieldsByName = Dictionary(uniqueKeysWithValues: self.fields.map { ($0.name, $0) })
    }

    package func field(_ name: String) -> FieldDefinition? { fieldsByName[name] }

    /// What `q` looks through.
    package var titleFields: [FieldDefinition] { ownFields.filter(\.isTitle) }
}

/// All record types that a tenant has.
package struct Catalog: Sendable {
    package let types: [RecordType]
    private let typesByName: [String: RecordType]

    package init(_ types: [RecordType]) {
        self.types = types
        typesByName = Dictionary(uniqueKeysWithValues: types.map { ($0.name, $0) })
    }

    package subscript(name: String) -> RecordType? { typesByName[name] }

    /// Every field that refers to records of the type: what a purge must empty, what `include` can list.
    package func references(to type: RecordType) -> [(type: RecordType, field: FieldDefinition)] {
        types.flatMap { source in
            source.fields.filter { $0.kind == .reference(to: type.name) }.map { (source, $0) }
        }
    }
}

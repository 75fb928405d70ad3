import Postgres
import Tenancy

/// One kind of record a tenant keeps: its fields and its rules. Routes, filters, OpenAPI, rights, change log and pages follow from it.
///
/// A value that never changes, and a class only because it is handed from room to room with every request: copying its forty parts took longer
/// than looking it up.
package final class RecordType: Sendable {
    /// Plural, as in the URL and the rights: `contacts`.
    package let name: String
    /// Where its records are kept: the name, or `c_<name>` for what the tenant has added.
    package let table: String
    /// One of them, for sentences: `contact`.
    package let singular: String
    /// Its own fields, in the order in which they are shown.
    package let ownFields: [FieldDefinition]
    /// What the tenant has added to them; shown under `custom`.
    package let customFields: [FieldDefinition]
    /// Every field, common ones included, in the order in which a record shows them.
    package let fields: [FieldDefinition]
    /// Which calls of the record contract the type answers.
    package let operations: Set<Operation>
    /// Whether a record that others refer to cannot be deleted (409), rather than leaving them without it.
    package let staysWhileUsed: Bool
    package let standing: Standing
    /// Whether its table has the column `search`, made of its title fields and those that are `searched`.
    package let isSearchable: Bool
    package let rules: Rules
    /// When a new record is taken for one that is there already: what the tenant has decided, else the type's own.
    package let duplicateRules: [DuplicateRule]
    /// Every field that is ever shown, and what must be selected of the record `r` to show them.
    private let shownFields: [FieldDefinition]
    let selection: String
    /// What writes the shown fields.
    let writers: [FieldWriter]
    private let fieldsByName: [String: FieldDefinition]

    /// What its records are for the tenant.
    package enum Standing: Sendable, Hashable {
        /// Whom and what the business is about: activities and tasks can be about them.
        case subject
        /// What people do about it.
        case work
        /// How the account is furnished (users, pipelines, views): no business, so it does not count as records.
        case furniture
    }

    package var isSubject: Bool { standing == .subject }

    package enum Operation: String, Sendable, Hashable, CaseIterable {
        case list, search, create, get, update, trash, restore, batch, merge, changes, timeline, attachments
    }

    /// What a type knows beyond its fields.
    package struct Rules: Sendable {
        /// What the database refuses with a constraint that is not named after one field: constraint name to what to say.
        package var refusals: [String: Problem] = [:]
        /// The same for names that carry something: `deals_stage_requires:amount,close_date`.
        package var refusing: @Sendable (String) -> Problem? = { _ in nil }
        /// What must happen to a draft before any statement is made of it; the only place where a rule may wait.
        package var preparing: (@Sendable (inout Draft, Change) async throws(Problem) -> Void)?
        /// Statements that must come before the record is locked: locks that several records share.
        package var locking: @Sendable (Change) -> [SQL] = { _ in [] }
        /// What else must be written, or why not, when a record of the type is saved.
        package var saving: @Sendable (Change) throws(Problem) -> [SQL] = { _ throws(Problem) in [] }
        /// Whether `saving` changes the record itself, so that the answer is read after it.
        package var settlesLast = false
        /// Fills in what is worked out when records are answered (`FieldKind.computed`).
        package var completing: (@Sendable ([JSON], RecordStore) async throws -> [JSON])?
        /// Whether a write changes other records with it (`Change.cascade`), so that it is an operation.
        package var cascades = false
        /// Whether get and list answer what was at a moment in the past (`as_of`).
        package var remembers = false
        /// Fields that a merge does not fill from another record, because they belong to what the record is in already.
        package var keptInMerges: Set<String> = []
        /// Conditions that end a merge once everything is written: what becomes one may not be all that it would be.
        package var merging: @Sendable (_ winner: String, _ losers: [String]) -> [SQL] = { _, _ in [] }
        /// What names losers of a merge otherwise than by a reference: statements that let it name the winner.
        package var yielding: @Sendable (_ losers: [Change], _ winner: String) -> [SQL] = { _, _ in [] }
        /// By the name of a field that refers to no record type (a pipeline's stages): where the names of its values stand.
        package var parts: [String: Parts] = [:]
        /// What its timeline tells beyond the changes of its records and the work on them.
        package var story = Story()
        /// What tells two records to be one until a tenant decides it: any of these lists, all of its fields.
        package var duplicates: [[String]] = []
        /// Whether its records are people, of whom everything can be erased; their addresses then say so.
        package var canBeErased = false
        /// An expression that is evaluated for each new row of the change log about the type's records, where it is called `changes`: how work
        /// is promised that a change of any kind, by any call, makes needed.
        package var following: SQL?
        /// What decides, beside the role, whether the caller may read the record `r`.
        package var visible: (@Sendable (Caller, _ r: String) -> SQL)?

        package init() {}
    }

    /// Rows with a name that belong to a record: `table` has `id`, `name` and, in `owner`, the record that the field of that name means.
    package struct Parts: Sendable {
        package let table: String
        package let owner: String

        package init(in table: String, of owner: String) { (self.table, self.owner) = (table, owner) }
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
        package let catalog: Catalog
        /// The way to the tenant's schema, for a rule that must read before it writes.
        package let scope: TenantScope
        /// The versions that the write may meet; nil for any.
        package var versions: [Int]?

        /// The value that the change gives the field: nil when it does not touch it, `.some(nil)` when it unsets it.
        package subscript(field: Field<String>) -> String?? {
            guard let value = draft.inputs[field.definition.name] else { return nil }
            return .some(value.string)
        }

        package subscript(field: Field<Int>) -> Int?? {
            guard let value = draft.inputs[field.definition.name] else { return nil }
            return .some(value.integer)
        }

        package subscript(field: Field<Bool>) -> Bool? { draft.inputs[field.definition.name]?.bool }
        package subscript(field: Field<JSON>) -> JSON? { draft.inputs[field.definition.name] }

        package subscript(field: Field<[String]>) -> [String]? {
            draft.inputs[field.definition.name]?.elements?.compactMap(\.string)
        }
    }

    package convenience init(
        _ name: String, singular: String, table: String? = nil, fields: [any FieldKey],
        operations: Set<Operation> = Set(Operation.allCases), staysWhileUsed: Bool = false, standing: Standing = .subject,
        isSearchable: Bool = true, _ setting: (inout Rules) -> Void = { _ in }
    ) {
        var rules = Rules()
        setting(&rules)
        let type = RecordType(
            name, singular: singular, table: table ?? name, own: fields.map(\.definition), custom: [], operations: operations,
            staysWhileUsed: staysWhileUsed, standing: standing, isSearchable: isSearchable, rules)
        self.init(type, rules: rules, duplicates: rules.duplicates)
    }

    /// A type that a tenant has made, of fields it has made.
    convenience init(_ name: String, singular: String, table: String, own: [FieldDefinition], duplicates: [[String]]?) {
        let type = RecordType(
            name, singular: singular, table: table, own: own, custom: [], operations: Set(Operation.allCases), staysWhileUsed: false,
            standing: .subject, isSearchable: true, Rules())
        self.init(type, rules: type.rules, duplicates: duplicates ?? [])
    }

    /// Whether every record has, or may have, a member of this name.
    package static func isCommon(_ name: String) -> Bool {
        name == Overflow.member || name == Redirect.member || name == Attachments.member
            || (CommonFields.leading + [CommonFields.tags, CommonFields.custom([])]).contains { $0.name == name }
    }

    /// Whether a tenant has made it.
    package var isOfTenant: Bool { table != name }

    private init(
        _ name: String, singular: String, table: String, own: [FieldDefinition], custom: [FieldDefinition], operations: Set<Operation>,
        staysWhileUsed: Bool, standing: Standing, isSearchable: Bool, _ rules: Rules
    ) {
        self.name = name
        self.singular = singular
        self.table = table
        ownFields = own
        customFields = custom
        fields = CommonFields.leading + own + [CommonFields.tags, CommonFields.custom(custom)]
        // Only what the business is about has a story, and is found to be there twice.
        let answered = standing == .subject ? operations : operations.subtracting([.timeline, .merge])
        // Files belong to the business.
        self.operations = standing == .furniture ? answered.subtracting([.attachments]) : answered
        self.staysWhileUsed = staysWhileUsed
        self.standing = standing
        self.isSearchable = isSearchable
        self.rules = rules
        shownFields = fields.filter { !$0.isWriteOnly }
        selection = Projection.columns(of: shownFields, "r")
        writers = shownFields.map(FieldWriter.init)
        fieldsByName = Dictionary(
            uniqueKeysWithValues: fields.map { ($0.name, $0) } + custom.map { ($0.path, $0) })
        duplicateRules = []
    }

    /// The same type with other rules, and told to be one by other fields.
    private convenience init(_ type: RecordType, rules: Rules, duplicates: [[String]]) {
        let isFound = type.standing == .subject
        self.init(type, rules: rules, duplicateRules: isFound ? duplicates.compactMap { DuplicateRule($0, of: type) } : [])
    }

    private init(_ type: RecordType, rules: Rules, duplicateRules: [DuplicateRule]) {
        name = type.name
        singular = type.singular
        table = type.table
        ownFields = type.ownFields
        customFields = type.customFields
        fields = type.fields
        operations = type.operations
        staysWhileUsed = type.staysWhileUsed
        standing = type.standing
        isSearchable = type.isSearchable
        shownFields = type.shownFields
        selection = type.selection
        writers = type.writers
        fieldsByName = type.fieldsByName
        self.rules = rules
        self.duplicateRules = duplicateRules
    }

    /// The same type, whose changes are followed.
    func followed(by expression: SQL?) -> RecordType {
        var rules = rules
        rules.following = expression
        return RecordType(self, rules: rules, duplicateRules: duplicateRules)
    }

    /// The same type with what a tenant has added: fields, and its own word on duplicates.
    package func adding(custom: [FieldDefinition], duplicates: [[String]]? = nil) -> RecordType {
        let type = RecordType(
            name, singular: singular, table: table, own: ownFields, custom: custom, operations: operations, staysWhileUsed: staysWhileUsed,
            standing: standing, isSearchable: isSearchable, rules)
        return RecordType(type, rules: rules, duplicates: duplicates ?? rules.duplicates)
    }

    /// A field by its name, or `custom.<name>` for one that the tenant has added.
    package func field(_ name: String) -> FieldDefinition? { fieldsByName[name] }

    /// The field `custom` with everything in it.
    var custom: FieldDefinition { CommonFields.custom(customFields) }

    /// What `q` looks through.
    package var titleFields: [FieldDefinition] { ownFields.filter(\.isTitle) }

    /// What a record shows to the caller.
    package func visibleFields(for caller: Caller) -> [FieldDefinition] {
        guard caller.rights.hidesFields(of: name) else { return shownFields }
        return shownFields.compactMap { field in
            guard !caller.rights.isHidden(field.name, of: name) else { return nil }
            guard case .custom(let custom) = field.kind else { return field }
            return CommonFields.custom(custom.filter { !caller.rights.isHidden($0.path, of: name) })
        }
    }
}

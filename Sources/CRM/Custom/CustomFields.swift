import Postgres
import Records
import Tenancy

/// Fields that a tenant has added to record types: real columns, made together with their definition.
package enum CustomFields {
    package static let recordType = Field.text("type", "The record type that has the field.").required
    package static let fieldName = Field.text("name", "A lower-case letter; lower-case letters, digits and _ follow; never changes.")
        .required
    package static let label = Field.text("label", "What people read.").required.title
    package static let kind = Field.choice("kind", CustomKind.allCases.map(\.rawValue), "What it holds.").required
    package static let options = Field.document(
        "options", schema: ["type": ["array", "object", "null"]], empty: .null,
        "The words of a select or multi_select; {\"type\"} for a reference.")
    package static let isRequired = Field<Bool>(
        FieldDefinition("required", .flag, column: "is_required", help: "Every record must have a value; with records only with a default.")
    )
    package static let isUnique = Field<Bool>(
        FieldDefinition("unique", .flag, column: "is_unique", help: "No two records outside the trash share a value."))
    package static let standard = Field<JSON>(
        FieldDefinition(
            "default", .document(schema: [:], empty: .null), column: "default_value",
            help: "What a record gets that is made without a value."))

    /// Each changes tables, which is done one at a time.
    static let oneByOne = Set(RecordType.Operation.allCases).subtracting([.batch])

    package static let type = RecordType(
        "custom_fields", singular: "custom_field",
        fields: [recordType, fieldName, label, kind, options, isRequired, isUnique, standard], operations: oneByOne, standing: .furniture,
        isSearchable: false
    ) { rules in
        rules.refusals = [
            "custom_fields_name_unique": SchemaRules.taken("/name", "There is a field of this name already; it may lie in the trash."),
            isLabel: Problem(.conflict, "Records are called by this field; give the object another label_field first."),
        ]
        rules.refusing = SchemaRules.problem
        rules.preparing = { draft, change throws(Problem) in try await prepare(&draft, change) }
        rules.locking = { $0.draft.before }
        rules.saving = { change throws(Problem) in change.draft.after }
        rules.settlesLast = true
    }

    private static let isLabel = "custom_fields_is_label"
    /// What the budget counts: fields of what lies in the trash as a whole do not.
    static let counted: SQL = """
        custom_fields WHERE deleted_at IS NULL
            AND type NOT IN (SELECT plural FROM custom_objects WHERE deleted_at IS NOT NULL)
        """

    private static func prepare(_ draft: inout Draft, _ change: RecordType.Change) async throws(Problem) {
        try SchemaRules.admit(change)
        guard change.action != .create else { return try create(&draft, change) }
        guard let current = try await Current(change), SchemaRules.mayWrite(current.version, change) else { return }
        var schema = SchemaChange()
        schema.expect("custom_fields", change.id, version: current.version)
        let table = change.catalog[current.field.type]?.table ?? CustomTable(plural: current.field.type).name
        switch change.action {
        case .create: return
        case .update:
            let new = try merged(draft, current.field, change.catalog)
            keep(new, in: &draft)
            if new.changesColumns(of: current.field) {
                if new.losesLabel(of: current.field) { schema.refuse(isLabel, where: labels(current.field)) }
                if new.kind != current.field.kind { release(current.field, in: change.catalog, &schema) }
                schema.alter(current.field, to: new, in: table, of: change.catalog)
            }
        case .trash:
            schema.refuse(isLabel, where: labels(current.field))
            release(current.field, in: change.catalog, &schema)
            schema.hide(current.field, in: table, of: change.catalog)
        case .restore:
            guard current.isTrashed else { return }
            schema.show(current.field, in: table, of: change.catalog)
        case .purge:
            schema.refuse(isLabel, where: labels(current.field))
            schema.drop(current.field, from: table, of: change.catalog)
        }
        finish(&draft, schema, current.field.type, change)
    }

    private static func create(_ draft: inout Draft, _ change: RecordType.Change) throws(Problem) {
        let name = draft.inputs["type"]?.string ?? ""
        guard let type = change.catalog[name], !["custom_fields", "custom_objects"].contains(name) else {
            throw .invalid([.init("/type", .reference, "There is no such record type.")])
        }
        let field = try CustomField(reading: document(draft, over: nil), of: name, in: change.catalog, at: "")
        if type.isOfTenant, RecordType.isCommon(field.name) {
            throw .invalid([.init("/name", .duplicate, "Every record has a field of this name.")])
        }
        var schema = SchemaChange()
        if type.isOfTenant {
            schema.refuse(
                SchemaChange.Refusal.typeGone.rawValue,
                where: "NOT EXISTS (SELECT FROM custom_objects WHERE plural = \(name) AND deleted_at IS NULL)")
        }
        schema.add(field, to: type.table, of: change.catalog)
        keep(field, in: &draft)
        finish(&draft, schema, name, change)
    }

    /// Options and default in their normal form; no default is NULL.
    private static func keep(_ field: CustomField, in draft: inout Draft) {
        draft.assign("options", .text(field.options.text))
        draft.assign("default_value", field.standard.isNull ? SQLValue.null : .text(field.standard.text))
    }

    /// Everyone learns of the new shape when it is there.
    private static func finish(_ draft: inout Draft, _ schema: SchemaChange, _ type: String, _ change: RecordType.Change) {
        draft.before = schema.before
        let counting = change.action == .update ? [] : Usage.recounted(Resource.customFields, of: counted, change.scope.entitlements)
        draft.after = schema.after + [SchemaRules.mirror(type)] + counting + [Credentials.changed(change.slug)]
    }

    /// Takes down the indexes of duplicate rules that name the field.
    private static func release(_ field: CustomField, in catalog: Catalog, _ schema: inout SchemaChange) {
        guard let type = catalog[field.type] else { return }
        schema.run(DuplicateIndexes(of: type).release(type.isOfTenant ? field.name : "custom.\(field.name)"))
    }

    private static func labels(_ field: CustomField) -> SQL {
        "EXISTS (SELECT FROM custom_objects WHERE plural = \(field.type) AND label_field = \(field.name))"
    }

    /// The definition as the patch leaves it. What tells it from others never changes.
    private static func merged(_ draft: Draft, _ field: CustomField, _ catalog: Catalog) throws(Problem) -> CustomField {
        var errors: [Problem.FieldError] = []
        if let type = draft.inputs["type"]?.string, type != field.type {
            errors.append(.init("/type", .immutable, "A field stays with its record type; make another one there."))
        }
        if let name = draft.inputs["name"]?.string, name != field.name {
            errors.append(.init("/name", .immutable, "A field keeps its name; change the label."))
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        return try CustomField(reading: document(draft, over: field), of: field.type, in: catalog, at: "")
    }

    private static func document(_ draft: Draft, over field: CustomField?) -> JSON {
        let known = field?.document
        let changesKind = draft.inputs["kind"].map { $0 != known?["kind"] } ?? false
        return .object(
            ["name", "label", "kind", "options", "required", "unique", "default"].map { name in
                let kept = name == "options" && changesKind && !keepsOptions(draft.inputs["kind"]) ? nil : known?[name]
                return .init(name, draft.inputs[name] ?? kept ?? .null)
            })
    }

    private static func keepsOptions(_ kind: JSON?) -> Bool { kind == "select" || kind == "multi_select" }

    /// A definition as it stands before the write.
    private struct Current {
        let field: CustomField
        let version: Int
        let isTrashed: Bool

        /// Nil for a definition that does not exist.
        init?(_ change: RecordType.Change) async throws(Problem) {
            let found: (field: CustomField, version: Int, isTrashed: Bool)?
            do {
                let rows = try await change.scope.rows(
                    "SELECT \(CustomField.json), version, deleted_at IS NOT NULL FROM custom_fields WHERE id = \(change.id)")
                found = try rows.first.flatMap { row in
                    guard let field = CustomField(try JSON(parsing: row.text(0))) else { return nil }
                    return (field, try row.int(1), try row.bool(2))
                }
            } catch {
                throw Problem(.overloaded, "The definition could not be read; try again.", retryAfter: 1)
            }
            guard let found, found.isTrashed == false || change.action == .restore || change.action == .purge else { return nil }
            (field, version, isTrashed) = found
        }
    }
}

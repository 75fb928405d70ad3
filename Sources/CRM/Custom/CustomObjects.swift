import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// Record types that a tenant has made: real tables, and at once addresses like those of every other type.
package enum CustomObjects {
    package static let objectName = Field.text("name", "One of them, in lower case: ticket.").required.title
    package static let plural = Field.text("plural", "Several of them, as in /v1/{plural}: tickets; never changes.").required
    package static let labelField = Field.text("label_field", "The field by which people call a record; a text.").required
    package static let fields = Field.document(
        "fields", schema: ["type": "array", "minItems": 1, "maxItems": 200, "items": ["type": "object"]], empty: [],
        "Its fields; afterwards they change at /v1/custom_fields."
    ).required

    package static let type = RecordType(
        "custom_objects", singular: "custom_object", fields: [objectName, plural, labelField, fields],
        operations: CustomFields.oneByOne, standing: .furniture,
        isSearchable: false
    ) { rules in
        rules.refusals = [
            "custom_objects_plural_unique": taken("/plural"), nameTaken: taken("/name"), pluralTaken: taken("/plural"),
            inUse: Problem(
                .conflict, "Fields of other record types refer to this one; delete them first.",
                members: [.init("used_by", [["type": "custom_fields", "field": "options"]])]),
        ]
        rules.refusing = SchemaRules.problem
        rules.preparing = { draft, change throws(Problem) in try await prepare(&draft, change) }
        rules.locking = { $0.draft.before }
        rules.saving = { change throws(Problem) in change.draft.after }
        rules.settlesLast = true
    }

    private static let nameTaken = "custom_objects_name_taken"
    private static let pluralTaken = "custom_objects_plural_taken"
    private static let inUse = "custom_objects_in_use"
    static let counted: SQL = "custom_objects WHERE deleted_at IS NULL"

    private static func taken(_ pointer: String) -> Problem {
        SchemaRules.taken(pointer, "This name is taken; what has it may lie in the trash.")
    }

    private static func prepare(_ draft: inout Draft, _ change: RecordType.Change) async throws(Problem) {
        try SchemaRules.admit(change)
        guard change.action != .create else { return try create(&draft, change) }
        guard let current = try await Current(change), SchemaRules.mayWrite(current.version, change) else { return }
        var schema = SchemaChange()
        schema.expect("custom_objects", change.id, version: current.version)
        switch change.action {
        case .create: break
        case .trash: schema.close(CustomTable(plural: current.plural).name)
        case .update: try update(draft, current, change, &schema)
        case .restore:
            guard current.isTrashed else { return }
            schema.refuse(nameTaken, where: isTaken(current.name, except: change.id))
            schema.close(CustomTable(plural: current.plural).name)
        case .purge:
            let plural: JSON = ["type": .string(current.plural)]
            schema.refuse(
                inUse,
                where: """
                    EXISTS (
                        SELECT FROM custom_fields
                        WHERE kind = 'reference' AND options = \(plural.text)::jsonb AND type <> \(current.plural) AND deleted_at IS NULL)
                    """)
            schema.run([CustomTable(plural: current.plural).dropping, "DELETE FROM custom_fields WHERE type = \(current.plural)"])
        }
        draft.before = schema.before
        draft.after = schema.after + counting(current.plural, change) + [Credentials.changed(change.slug)]
    }

    /// The object, its fields and its records: all of them go with it into the trash, and come back with it. Its table is closed by then,
    /// so nobody makes or deletes records meanwhile.
    private static func counting(_ plural: String, _ change: RecordType.Change) -> [SQL] {
        let entitlements = change.scope.entitlements
        let resource = Resource.records(of: plural)
        let records: [SQL]
        switch change.action {
        case .update: return []
        case .create: records = []
        case .trash, .purge:
            let gone = Usage.records(
                moved: "SELECT resource, -used AS moved FROM \(Usage.rows) AS counted WHERE resource = \(resource)", entitlements)
            records = change.action == .trash ? gone : gone + Usage.forgotten(resource)
        case .restore:
            let table = SQL(code: CustomTable(plural: plural).name)
            records = Usage.records(
                moved: """
                    SELECT \(resource)::text AS resource, count(*) - \(Usage.total(of: "\(resource)::text")) AS moved
                    FROM \(table) WHERE deleted_at IS NULL
                    """, entitlements)
        }
        return Usage.recounted(Resource.customFields, of: CustomFields.counted, entitlements)
            + Usage.recounted(Resource.customObjects, of: counted, entitlements) + records
    }

    private static func create(_ draft: inout Draft, _ change: RecordType.Change) throws(Problem) {
        guard let name = change[objectName].flatMap(\.self), let plural = change[plural].flatMap(\.self),
            let label = change[labelField].flatMap(\.self)
        else { return }
        try checkNames(name: name, plural: plural, change.catalog)
        let own = try read(change[fields]?.elements ?? [], of: plural, label: label, change.catalog)
        guard let labelling = own.first(where: { $0.name == label }) else { return }
        var schema = SchemaChange()
        schema.refuse(nameTaken, where: isTaken(name, except: change.id))
        schema.run(own.enumerated().map { definition($0.element, place: $0.offset, change) })
        schema.run(CustomTable(plural: plural).creation(own, label: labelling, of: change.catalog))
        draft.assign("fields", .text(JSON.array(own.map(\.document)).text))
        draft.before = schema.before
        draft.after = schema.after + [SchemaRules.mirror(plural)] + counting(plural, change) + [Credentials.changed(change.slug)]
    }

    private static func update(
        _ draft: Draft, _ current: Current, _ change: RecordType.Change, _ schema: inout SchemaChange
    ) throws(Problem) {
        if case .some(.some(let plural)) = change[plural], plural != current.plural {
            throw .invalid([.init("/plural", .immutable, "An object keeps its plural: it is its address.")])
        }
        if change[fields] != nil {
            throw .invalid([.init("/fields", .immutable, "An object's fields change at /v1/custom_fields, with its plural as their type.")])
        }
        if case .some(.some(let name)) = change[objectName], name != current.name {
            try checkNames(name: name, plural: nil, change.catalog)
            schema.refuse(nameTaken, where: isTaken(name, except: change.id))
        }
        guard case .some(.some(let label)) = change[labelField], label != current.label else { return }
        guard let field = current.fields.first(where: { $0.name == label }), field.kind.isTextual else {
            throw .invalid([.init("/label_field", .reference, "This is the name of a field of the object that holds text.")])
        }
        schema.run(CustomTable(plural: current.plural).searchable(by: field))
    }

    /// Refuses names of another form with `.invalid`, and those that something else has already with `.duplicate`.
    private static func checkNames(name: String, plural: String?, _ catalog: Catalog) throws(Problem) {
        let form = "This begins with a lower-case letter; lower-case letters, digits and _ follow, 41 at most."
        var errors: [Problem.FieldError] = []
        if !CustomField.isName(name) { errors.append(.init("/name", .format, form)) }
        if let plural, !CustomField.isName(plural) { errors.append(.init("/plural", .format, form)) }
        guard errors.isEmpty else { throw .invalid(errors) }
        let builtIn = catalog.types.filter { !$0.isOfTenant }
        if builtIn.contains(where: { $0.singular == name || $0.name == name }) { throw taken("/name") }
        guard let plural else { return }
        if plural == name || builtIn.contains(where: { $0.name == plural || $0.singular == plural }) || reserved.contains(plural) {
            throw taken("/plural")
        }
    }

    /// Addresses under /v1 that are no record types, and pages that are none.
    package static let reserved: Set<String> = [
        "access", "activities", "agenda", "api_keys", "assets", "attachments", "audit", "batch", "billing", "brand", "calendar",
        "changes", "custom", "docs", "duplicate_rules", "duplicates", "email", "entitlements", "events", "exports", "favicon",
        "forecast", "forgotten", "healthz", "import", "imports", "invitation", "invitations", "invoice", "invoices", "links", "mail",
        "manifest", "metrics", "occurrences", "openapi", "operations", "operator", "password", "personal_data", "quotas", "readyz",
        "reminders", "reports", "search", "segments", "session", "settings", "signup", "stages", "suppressions", "templates", "test",
        "timeline", "types", "u", "usage", "v1", "views", "webhooks", "worker",
    ]

    private static func isTaken(_ name: String, except id: String) -> SQL {
        "EXISTS (SELECT FROM custom_objects WHERE (name = \(name) OR plural = \(name)) AND id <> \(id) AND deleted_at IS NULL)"
    }

    private static func read(_ list: [JSON], of plural: String, label: String, _ catalog: Catalog) throws(Problem) -> [CustomField] {
        var errors: [Problem.FieldError] = []
        var own: [CustomField] = []
        guard (1...200).contains(list.count) else { throw .invalid([.init("/fields", .range, "An object has 1 to 200 fields.")]) }
        for (index, element) in list.enumerated() {
            let place = "/fields/\(index)"
            do throws(Problem) {
                let field = try CustomField(reading: element, of: plural, in: catalog, at: place)
                if RecordType.isCommon(field.name) || own.contains(where: { $0.collides(with: field) }) {
                    errors.append(.init("\(place)/name", .duplicate, "There is a field of this name already."))
                }
                own.append(field)
            } catch {
                errors += error.errors
            }
        }
        if errors.isEmpty, own.first(where: { $0.name == label })?.kind.isTextual != true {
            errors.append(.init("/label_field", .reference, "This is the name of a field of the object that holds text."))
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        return own
    }

    /// The definition of one of the object's fields as a row, in the order of the list.
    private static func definition(_ field: CustomField, place: Int, _ change: RecordType.Change) -> SQL {
        let actor = change.caller.actor
        return """
            INSERT INTO custom_fields (id, created_at, created_by_type, created_by_id, updated_by_type, updated_by_id, owner_id, type, name, label,
                kind, options, is_required, is_unique, default_value)
            VALUES (\(UUID.v7()), now() + make_interval(secs => \(place)::integer / 1000.0), \(actor.kind.rawValue), \(actor.id),
                \(actor.kind.rawValue), \(actor.id), \(change.caller.userID), \(field.type), \(field.name), \(field.label),
                \(field.kind.rawValue), \(field.options.text)::jsonb, \(field.isRequired), \(field.isUnique), \(field.standard.text)::jsonb)
            """
    }

    /// An object as it stands before the write.
    private struct Current {
        let name: String
        let plural: String
        let label: String
        let fields: [CustomField]
        let version: Int
        let isTrashed: Bool

        /// Nil for an object that does not exist.
        init?(_ change: RecordType.Change) async throws(Problem) {
            do {
                let rows = try await change.scope.rows(
                    """
                    SELECT name, plural, label_field, version, deleted_at IS NOT NULL,
                        (SELECT coalesce(json_agg(\(CustomField.json)), '[]') FROM custom_fields
                        WHERE type = plural AND custom_fields.deleted_at IS NULL)
                    FROM custom_objects WHERE id = \(change.id)
                    """)
                guard let row = rows.first else { return nil }
                name = try row.text(0)
                plural = try row.text(1)
                label = try row.text(2)
                version = try row.int(3)
                isTrashed = try row.bool(4)
                fields = (try JSON(parsing: row.text(5)).elements ?? []).compactMap { CustomField($0) }
            } catch {
                throw Problem(.overloaded, "The definition could not be read; try again.", retryAfter: 1)
            }
            guard !isTrashed || change.action == .restore || change.action == .purge else { return nil }
        }
    }
}

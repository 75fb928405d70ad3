import Records

/// What record types the caller's tenant has and what may be known of their fields: `/v1/types`. Lists, forms and filters of any program,
/// the web application first, follow from it, custom fields and objects included.
struct TypeRoutes: Sendable {
    var endpoints: [Endpoint] {
        [.person(.get, "/v1/types", Self.list, list)]
    }

    private func list(_ call: Call, _ person: Person) async throws -> Reply {
        .json(["data": .array(TypeDocument.all(for: person))])
    }

    private static let list = Operation(
        "types.list", "The record types, their fields and what I may do with them", tag: "Record types",
        responses: [
            200: ResponseDescription(
                "Those I may read, in the order of the product; the tenant's own behind them.",
                schema: .listSchema(of: ["$ref": "#/components/schemas/RecordType"], paged: false))
        ])

    static let schemas: [String: JSON] = {
        let texts: JSON = ["type": "array", "items": ["type": "string"]]
        return [
            "RecordType": .objectSchema(
                [
                    "name": ["type": "string", "description": "As in its address: contacts."],
                    "singular": ["type": "string"],
                    "is_custom": ["type": "boolean", "description": "Whether the tenant has made it."],
                    "standing": [
                        "type": "string", "enum": ["subject", "work", "furniture"],
                        "description": "What the business is about, what people do about it, or how the account is furnished.",
                    ],
                    "operations": texts,
                    "title": texts.described(
                        "The fields that make up what a record is called: the parts of a name, else the first that is set."),
                    "name_parts": texts.described("Those of them that are parts of one name."),
                    "columns": texts.described("What a list shows unless someone chose otherwise."),
                    "remembers": ["type": "boolean", "description": "Whether it can be read as of a time."],
                    "rights": [
                        "type": "object", "description": "What the caller may do.", "additionalProperties": false,
                        "required": ["read", "update", "delete", "create", "export"],
                        "properties": [
                            "read": ["type": "string"], "update": ["type": "string"], "delete": ["type": "string"],
                            "create": ["type": "boolean"], "export": ["type": "boolean"],
                        ],
                    ],
                    "fields": ["type": "array", "items": ["$ref": "#/components/schemas/FieldDescription"]],
                    "children": [
                        "type": "array", "description": "Whose records refer to this type's, and by which field.",
                        "items": .objectSchema(
                            [
                                "type": ["type": "string"], "field": ["type": "string"],
                                "form": ["type": "string", "enum": ["one", "many", "any"]],
                            ],
                            required: ["type", "field", "form"]),
                    ],
                ],
                required: [
                    "name", "singular", "is_custom", "standing", "operations", "title", "name_parts", "columns", "remembers", "rights",
                    "fields", "children",
                ]),
            "FieldDescription": .objectSchema(
                [
                    "name": ["type": "string"],
                    "path": ["type": "string", "description": "As conditions and sort orders name it: custom.size."],
                    "kind": ["type": "string", "enum": JSON(TypeDocument.kinds)],
                    "label": ["type": ["string", "null"], "description": "What the tenant calls it; null for built-in fields."],
                    "help": ["type": "string"],
                    "is_required": ["type": "boolean"], "is_filled": ["type": "boolean", "description": "Never null in an answer."],
                    "is_unique": ["type": "boolean"], "is_read_only": ["type": "boolean"], "is_write_only": ["type": "boolean"],
                    "is_sortable": ["type": "boolean"],
                    "options": texts, "target": ["type": "string"], "include": ["type": "string"],
                    "maximum": ["type": "integer"], "minimum": ["type": "integer"],
                ],
                required: [
                    "name", "path", "kind", "label", "help", "is_required", "is_filled", "is_unique", "is_read_only", "is_write_only",
                    "is_sortable",
                ]),
        ]
    }()
}

extension JSON {
    fileprivate func described(_ text: String) -> JSON { .object((members ?? []) + [.init("description", .string(text))]) }
}

/// A record type as it describes itself to a program.
enum TypeDocument {
    /// Every type that the person may read.
    static func all(for person: Person) -> [JSON] {
        person.catalog.types.filter { person.rights[$0.name].read != .none }.map { of($0, person) }
    }

    private static func of(_ type: RecordType, _ person: Person) -> JSON {
        let rights = person.rights
        let isSeen: (FieldDefinition) -> Bool = { !rights.isHidden($0.path, of: type.name) }
        let visible = type.fields.filter { if case .custom = $0.kind { false } else { isSeen($0) } } + type.customFields.filter(isSeen)
        let children = person.catalog.references(to: type).filter {
            $0.field.name != CommonFields.owner.name && $0.type.operations.contains(.list) && rights[$0.type.name].read != .none
                && !rights.isHidden($0.field.path, of: $0.type.name)
        }
        let titles = RecordTitle.fields(of: type).filter(isSeen)
        return [
            "name": .string(type.name), "singular": .string(type.singular), "is_custom": .bool(type.isOfTenant),
            "standing": .string(standing(type.standing)), "operations": JSON(type.operations.map(\.rawValue).sorted()),
            "title": JSON(titles.map(\.name)), "name_parts": JSON(titles.filter(\.isNamePart).map(\.name)),
            "columns": JSON(columns(of: type, visible)), "remembers": .bool(type.rules.remembers),
            "rights": rights[type.name].document,
            "fields": .array(visible.map { field($0, of: type, rights) }),
            "children": .array(
                children.map { child in
                    let form =
                        switch child.form {
                        case .one: "one"
                        case .many: "many"
                        case .any: "any"
                        }
                    return ["type": .string(child.type.name), "field": .string(child.field.path), "form": .string(form)]
                }),
        ]
    }

    private static func standing(_ standing: RecordType.Standing) -> String {
        switch standing {
        case .subject: "subject"
        case .work: "work"
        case .furniture: "furniture"
        }
    }

    private static let usualColumns = [
        "contacts": ["email", "phone", "company_id", "lifecycle_stage", "owner_id", "updated_at"],
        "companies": ["domain", "industry", "employees", "phone", "owner_id", "updated_at"],
        "leads": ["company_name", "email", "phone", "status", "score", "owner_id", "created_at"],
        "deals": ["company_id", "stage_id", "amount", "close_date", "probability", "owner_id"],
        "activities": ["kind", "at", "duration_minutes", "company_id", "deal_id", "owner_id"],
        "tasks": ["due", "priority", "status", "about", "assignee_id"],
        "users": ["email", "role_id", "status", "time_zone"],
        "templates": ["subject", "locale", "updated_at"],
        "reminders": ["about", "when", "rrule", "active", "owner_id"],
        "pipelines": ["currency", "updated_at"],
        "views": ["type", "kind", "shared_with", "owner_id"],
    ]

    /// What a list shows to the person unless someone chose otherwise.
    static func columns(of type: RecordType, for person: Person) -> [String] {
        let isSeen: (FieldDefinition) -> Bool = { !person.rights.isHidden($0.path, of: type.name) }
        return columns(of: type, type.fields.filter(isSeen) + type.customFields.filter(isSeen))
    }

    /// Beside the title, which every list begins with.
    private static func columns(of type: RecordType, _ visible: [FieldDefinition]) -> [String] {
        if let usual = usualColumns[type.name] { return usual.filter { name in visible.contains { $0.path == name } } }
        let own = visible.filter { field in
            !field.isTitle && !field.isWriteOnly && (type.ownFields.contains { $0.path == field.path } || field.isCustom)
        }
        return own.prefix(5).map(\.path) + ["updated_at"]
    }

    private static func field(_ field: FieldDefinition, of type: RecordType, _ rights: Rights) -> JSON {
        let isTenants = field.isCustom || (type.isOfTenant && type.ownFields.contains { $0.path == field.path })
        let isReadOnly = field.isReadOnly || field.isDerived || rights.isReadOnly(field.path, of: type.name)
        var members: [JSON.Member] = [
            .init("name", .string(field.name)), .init("path", .string(field.path)), .init("kind", .string(kind(field.kind))),
            .init("label", isTenants ? .string(field.help) : .null), .init("help", .string(field.help)),
            .init("is_required", .bool(field.isRequired)), .init("is_filled", .bool(field.isFilled)),
            .init("is_unique", .bool(field.isUnique)), .init("is_read_only", .bool(isReadOnly)),
            .init("is_write_only", .bool(field.isWriteOnly)), .init("is_sortable", .bool(field.isSortable)),
        ]
        switch field.kind {
        case .choice(let options), .choices(let options): members.append(.init("options", JSON(options)))
        case .text(let maximum): members.append(.init("maximum", JSON(maximum)))
        case .integer(let range), .integers(let range, _):
            members += [.init("minimum", JSON(range.lowerBound)), .init("maximum", JSON(range.upperBound))]
        default: break
        }
        if let target = field.target { members.append(.init("target", .string(target))) }
        if let include = field.includeName { members.append(.init("include", .string(include))) }
        return .object(members)
    }

    static let kinds = [
        "text", "long_text", "email", "domain", "phone", "url", "language", "time_zone", "select", "multi_select", "integer", "integers",
        "decimal", "money", "currency", "boolean", "date", "datetime", "local_time", "reference", "references", "record", "tags", "address",
        "actor", "id", "document", "secret", "computed", "custom",
    ]

    /// The name of a kind, those that tenants can add as they name them.
    static func kind(_ kind: FieldKind) -> String {
        switch kind {
        case .text(let maximum): maximum > 500 ? "long_text" : "text"
        case .email: "email"
        case .domain: "domain"
        case .phone: "phone"
        case .website: "url"
        case .language: "language"
        case .timeZone: "time_zone"
        case .choice: "select"
        case .choices: "multi_select"
        case .integer: "integer"
        case .integers: "integers"
        case .decimal: "decimal"
        case .money: "money"
        case .currency: "currency"
        case .flag: "boolean"
        case .date: "date"
        case .time: "datetime"
        case .localTime: "local_time"
        case .reference: "reference"
        case .references: "references"
        case .record: "record"
        case .tags: "tags"
        case .address: "address"
        case .actor: "actor"
        case .identifier: "id"
        case .document: "document"
        case .secret: "secret"
        case .computed: "computed"
        case .custom: "custom"
        }
    }
}

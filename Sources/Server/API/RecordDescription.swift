import HTTPTypes
import Records

/// What the calls of one record type say about themselves in OpenAPI.
struct RecordDescription {
    private let type: RecordType
    private let catalog: Catalog

    init(_ type: RecordType, of catalog: Catalog) {
        self.type = type
        self.catalog = catalog
    }

    /// The name of the record's schema among the document's components.
    static func schemaName(_ type: RecordType) -> String {
        // No name of a tenant's own meets one of ours.
        type.isOfTenant ? "Own_\(type.singular)" : type.singular.prefix(1).uppercased() + type.singular.dropFirst()
    }

    /// The component schemas that the operations refer to.
    static func components(of type: RecordType, in catalog: Catalog) -> [JSON.Member] {
        let name = schemaName(type)
        return [
            .init(name, type.answerSchema(in: catalog)),
            .init("\(name)Create", type.inputSchema(isPatch: false)),
            .init("\(name)Patch", type.inputSchema(isPatch: true)),
            .init("\(name)List", list(of: reference(name))),
        ] + (type.operations.contains(.batch) ? BatchDescription(type).components : [])
    }

    private static func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }

    private static func list(of item: JSON) -> JSON {
        [
            "type": "object", "required": ["data", "page"], "additionalProperties": false,
            "properties": [
                "data": ["type": "array", "items": item],
                "page": [
                    "type": "object", "required": ["next", "has_more"], "additionalProperties": false,
                    "properties": [
                        "next": ["type": ["string", "null"], "description": "The cursor of the next page."],
                        "has_more": ["type": "boolean"], "count": ["type": "integer", "minimum": 0],
                    ],
                ],
            ],
        ]
    }

    private var name: String { Self.schemaName(type) }
    private var article: String { "aeiou".contains(type.singular.prefix(1)) ? "an" : "a" }

    private static let identifier = Parameter("id", in: .path, ["type": "string", "format": "uuid"], "The record's id.")
    private static let idempotencyKey = Parameter(
        "Idempotency-Key", in: .header, ["type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"],
        "Repeats of the request get the first answer, for 24 hours.")
    private static let ifMatch = Parameter(
        "If-Match", in: .header, ["type": "string"], "The ETag last seen: refused with 412 when someone wrote meanwhile.")
    private static let limit = Parameter(
        "limit", in: .query, ["type": "integer", "minimum": 1, "maximum": 200, "default": 50], "How many at the most.")
    private static let after = Parameter("after", in: .query, ["type": "string"], "The cursor that the page before answered.")

    private static let trash = Parameter(
        "trash", in: .query, ["type": "string", "enum": ["include", "only"]], "With the trash, or only it.")

    private static let asOf = Parameter(
        "as_of", in: .query, ["type": "string", "format": "date-time"],
        "As it was at this moment; records deleted for good are gone from the past too. Not together with include.")

    private var shaping: [Parameter] {
        [
            Parameter("fields", in: .query, ["type": "string"], "Only these fields, with commas between them; the id always comes."),
            Parameter(
                "include", in: .query, ["type": "string"],
                "Records to put inside, with commas between them: \(type.includeNames(in: catalog).joined(separator: ", "))."),
            Self.trash,
        ] + (type.rules.remembers ? [Self.asOf] : [])
    }

    private func record(_ description: String, location: Bool = false) -> ResponseDescription {
        var headers = [(name: "ETag", description: "The version, in quotes.")]
        if location { headers.append((name: "Location", description: "The record's address.")) }
        return ResponseDescription(description, schema: Self.reference(name), headers: headers)
    }

    private var page: ResponseDescription {
        ResponseDescription(
            "A page of \(type.name).", schema: Self.reference("\(name)List"),
            headers: [(name: "Link", description: "The next page, rel=\"next\", if there is one.")])
    }

    var list: Operation {
        Operation(
            "\(type.name).list", "List \(type.name)", tag: type.name,
            parameters: [
                Self.limit, Self.after,
                Parameter("sort", in: .query, ["type": "string"], "Fields with commas between them, - before one for descending."),
            ] + shaping + [
                Parameter(
                    "count", in: .query, ["type": "string", "enum": ["none", "exact", "estimate"]], "Whether to count all that match."),
                Parameter(
                    "filter", in: .query, ["type": "object", "additionalProperties": ["type": "string"]],
                    "filter[field]=value or filter[field][op]=value; all must hold.", isFamily: true),
                Parameter(
                    "view", in: .query, ["type": "string", "format": "uuid"],
                    "Only the records that this view or segment lists, in its order unless `sort` names another."),
            ],
            responses: [200: page], problems: [.cursor, .forbidden, .notFound, .invalid])
    }

    var search: Operation {
        Operation(
            "\(type.name).search", "Search \(type.name) by a tree of conditions", tag: type.name,
            parameters: [Self.idempotencyKey, Self.trash],
            body: BodyDescription(Self.reference("Search")), responses: [200: page],
            problems: [.cursor, .forbidden, .invalid, .idempotencyMismatch, .idempotencyRunning])
    }

    var summary: Operation {
        Operation(
            "\(type.name).summary", "Count \(type.name) by what tells them apart, month by month", tag: type.name,
            parameters: [Self.idempotencyKey], body: BodyDescription(Self.reference("SummaryOrder")),
            responses: [
                200: ResponseDescription(
                    "A row for each group that has records.", schema: .listSchema(of: Self.reference("Summary"), paged: false))
            ], problems: [.forbidden, .invalid, .idempotencyMismatch, .idempotencyRunning], cost: .computing)
    }

    var create: Operation {
        Operation(
            "\(type.name).create", "Make \(article) \(type.singular)", tag: type.name,
            parameters: [Self.idempotencyKey] + allowDuplicate,
            body: BodyDescription(Self.reference("\(name)Create")),
            responses: [201: record("The \(type.singular) as it is kept.", location: true)],
            problems: [.planLimit, .forbidden, .duplicate, .invalid, .idempotencyMismatch, .idempotencyRunning])
    }

    var get: Operation {
        Operation(
            "\(type.name).get", "Read \(article) \(type.singular)", tag: type.name,
            parameters: [
                Self.identifier,
                Parameter("If-None-Match", in: .header, ["type": "string"], "The ETag already held: 304 when it still holds."),
            ] + shaping,
            responses: [200: record("The \(type.singular)."), 304: ResponseDescription("Unchanged.")].merging(elsewhere) { $1 },
            problems: [.notFound] + erased)
    }

    var update: Operation {
        Operation(
            "\(type.name).update", "Change \(article) \(type.singular) (merge patch, RFC 7396)", tag: type.name,
            parameters: [Self.identifier, Self.ifMatch, Self.idempotencyKey],
            body: BodyDescription(Self.reference("\(name)Patch"), contentTypes: ["application/json", "application/merge-patch+json"]),
            responses: [200: record("The \(type.singular) as it is kept now.")].merging(elsewhere) { $1 },
            problems: [
                .planLimit, .forbidden, .notFound, .duplicate, .versionMismatch, .preconditionRequired, .invalid, .idempotencyMismatch,
                .idempotencyRunning,
            ] + erased)
    }

    var trashing: Operation {
        Operation(
            "\(type.name).delete", "Put \(article) \(type.singular) into the trash, or delete it for good", tag: type.name,
            parameters: [
                Self.identifier, Self.ifMatch, Self.idempotencyKey,
                Parameter("purge", in: .query, ["type": "boolean"], "For good, from either state; needs the right to delete all."),
            ], responses: [204: ResponseDescription("Done.")].merging(elsewhere) { $1 },
            problems: [
                .forbidden, .notFound, .conflict, .versionMismatch, .preconditionRequired, .invalid, .idempotencyMismatch,
                .idempotencyRunning,
            ] + erased)
    }

    var restore: Operation {
        Operation(
            "\(type.name).restore", "Take \(article) \(type.singular) out of the trash", tag: type.name,
            parameters: [Self.identifier, Self.idempotencyKey], responses: [200: record("The \(type.singular).")].merging(elsewhere) { $1 },
            problems: [.planLimit, .forbidden, .notFound, .duplicate, .invalid, .idempotencyMismatch, .idempotencyRunning] + erased)
    }

    /// Only what can be merged can be there twice.
    private var allowDuplicate: [Parameter] { type.operations.contains(.merge) ? [.allowDuplicate] : [] }

    var batch: Operation {
        Operation(
            "\(type.name).batch", "Make, change and delete \(type.name), up to 200 at once, in order and under one operation id",
            tag: type.name, parameters: [Self.idempotencyKey] + allowDuplicate,
            body: BodyDescription(Self.reference("\(name)Batch")),
            responses: [
                200: ResponseDescription(
                    "What each operation came to, in order; undo takes back all of them.", schema: Self.reference("\(name)BatchResults"))
            ], problems: [.forbidden, .batchFailed, .invalid, .idempotencyMismatch, .idempotencyRunning], cost: .bulk)
    }

    var merge: Operation {
        Operation(
            "\(type.name).merge", "Merge other \(type.name) into this one, which inherits what referred to them", tag: type.name,
            parameters: [Self.identifier, Self.ifMatch, Self.idempotencyKey], body: BodyDescription(Self.reference("Merge")),
            responses: [
                200: ResponseDescription(
                    "What became of them.", schema: MergeDescription.answer(Self.reference(name)),
                    headers: [(name: "ETag", description: "The version, in quotes.")])
            ].merging(elsewhere) { $1 },
            problems: [
                .planLimit, .forbidden, .notFound, .conflict, .duplicate, .versionMismatch, .invalid, .idempotencyMismatch,
                .idempotencyRunning,
            ] + erased)
    }

    /// What a call on one record answers where that was merged into another.
    private var elsewhere: [Int: ResponseDescription] {
        guard type.operations.contains(.merge) else { return [:] }
        return [
            308: ResponseDescription(
                "It was merged into another \(type.singular).",
                headers: [(name: "Location", description: "The same call on the one that lives on.")])
        ]
    }

    /// What is said where everything about a person was erased.
    private var erased: [Problem.Code] { type.rules.canBeErased ? [.gone] : [] }

    var changes: Operation {
        Operation(
            "\(type.name).changes", "What happened to \(article) \(type.singular), newest first", tag: type.name,
            parameters: [Self.identifier, Self.limit, Self.after],
            responses: [200: ResponseDescription("A page of changes.", schema: Self.list(of: Self.reference("Change")))]
                .merging(elsewhere) { $1 },
            problems: [.cursor, .notFound] + erased)
    }

    var timeline: Operation {
        Operation(
            "\(type.name).timeline", "Everything that happened to \(article) \(type.singular), newest first", tag: type.name,
            parameters: [Self.identifier, Self.limit, Self.after],
            responses: [
                200: ResponseDescription(
                    "A page of its changes, the work on it and, of a company, the same of its people and deals.",
                    schema: Self.list(of: Self.reference("TimelineEntry")),
                    headers: [(name: "Link", description: "The next page, rel=\"next\", if there is one.")])
            ].merging(elsewhere) { $1 }, problems: [.cursor, .notFound] + erased)
    }
}

extension RecordDescription {
    /// Schemas that every record type shares.
    static let sharedComponents: [JSON.Member] = [
        .init("Merge", MergeDescription.order),
        .init(
            "Search",
            [
                "type": "object", "additionalProperties": false,
                "properties": [
                    "where": ["$ref": "#/components/schemas/Where"], "q": ["type": "string", "maxLength": 500],
                    "sort": ["type": "string"], "limit": ["type": "integer", "minimum": 1, "maximum": 200], "after": ["type": "string"],
                    "fields": ["type": "array", "items": ["type": "string"]], "include": ["type": "array", "items": ["type": "string"]],
                    "count": ["type": "string", "enum": ["none", "exact", "estimate"]],
                ],
            ]),
        .init(
            "SummaryOrder",
            [
                "type": "object", "additionalProperties": false,
                "properties": [
                    "where": ["$ref": "#/components/schemas/Where"], "q": ["type": "string", "maxLength": 500],
                    "group": [
                        "type": "array", "items": ["type": "string"], "maxItems": JSON(SummaryRequest.maximumGroups),
                        "description": "Fields by whose values records are told apart: choices, texts, flags, references.",
                    ],
                    "month": ["type": "string", "description": "A date or moment by whose month they are told apart too."],
                    "sum": ["type": "string", "description": "Money to add up."],
                ],
            ]),
        .init(
            "Summary",
            .objectSchema(
                [
                    "group": ["type": "object", "description": "The values of the fields asked for, by their names."],
                    "month": ["type": ["string", "null"], "description": "`2026-10`, in the account's time zone; null without a date."],
                    "count": ["type": "integer", "minimum": 0],
                    "sum": [
                        "type": "object", "additionalProperties": ["type": "string"], "description": "Decimal text by currency.",
                    ],
                ], required: ["group", "count"])),
        .init(
            "Where",
            [
                "description": "and, or, not over comparisons; at most 10 deep, 100 comparisons, 500 values.",
                "oneOf": [
                    combination("and", ["type": "array", "items": condition]),
                    combination("or", ["type": "array", "items": condition]),
                    combination("not", condition),
                    [
                        "type": "object", "required": ["field", "op", "value"], "additionalProperties": false,
                        "properties": [
                            "field": ["type": "string"],
                            "op": ["type": "string", "enum": JSON(Filter.Operation.allCases.map(\.rawValue))],
                            "value": ["description": "A value, a list, null, or a relative time such as {\"days\": -30}."],
                        ],
                    ],
                ],
            ]),
        .init(
            "TimelineEntry",
            .objectSchema(
                [
                    "id": .idSchema, "at": .timeSchema,
                    "kind": ["type": "string", "enum": ["activity", "task", "change", "mail", "stage", "reminder"]],
                    "record": .objectSchema(
                        ["type": ["type": "string"], "id": .idSchema, "title": ["type": "string"]], required: ["type", "id", "title"]),
                    "actor": [
                        "type": ["object", "null"], "required": ["type", "id", "name"], "additionalProperties": false,
                        "properties": ["type": ["type": "string"], "id": .idSchema, "name": ["type": ["string", "null"]]],
                    ],
                    "summary": ["type": "string", "description": "What happened, in a few words."],
                    "data": [
                        "type": ["object", "null"],
                        "description":
                            "Of activities and tasks the record; of changes `action` and `fields`; of stages `from`, `to`, `fields`.",
                    ],
                ], required: ["id", "kind", "at", "record", "actor", "summary", "data"])),
        .init(
            "Change",
            [
                "type": "object", "additionalProperties": false,
                "required": ["id", "at", "action", "actor", "request_id", "operation_id", "version", "fields"],
                "properties": [
                    "id": ["type": "string", "format": "uuid"], "at": ["type": "string", "format": "date-time"],
                    "action": ["type": "string", "enum": ["create", "update", "trash", "restore", "purge", "merge", "undo", "import"]],
                    "actor": ["type": ["object", "null"]], "request_id": ["type": ["string", "null"]],
                    "operation_id": ["type": ["string", "null"]], "version": ["type": "integer"],
                    "fields": [
                        "type": "object",
                        "additionalProperties": [
                            "type": "object", "properties": .object([.init("before", .object([])), .init("after", .object([]))]),
                        ],
                    ],
                ],
            ]),
    ]

    /// Said in words: a schema that refers to itself sends many generators of clients and of tests into an endless descent.
    private static let condition: JSON = ["type": "object", "description": "A condition again, of any of these forms."]

    private static func combination(_ word: String, _ schema: JSON) -> JSON {
        ["type": "object", "required": [.string(word)], "additionalProperties": false, "properties": .object([.init(word, schema)])]
    }
}

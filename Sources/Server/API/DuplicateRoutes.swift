import CRM
import HTTPTypes
import Records

/// Records that may be one: what the tenant takes for that, and looks through all records of a type. `/v1/duplicate_rules`,
/// `/v1/duplicates/scans`.
struct DuplicateRoutes: Sendable {
    var endpoints: [Endpoint] {
        [
            .person(.get, "/v1/duplicate_rules/{type}", Self.show, show),
            .person(.put, "/v1/duplicate_rules/{type}", Self.replace, replace),
            .person(.post, "/v1/duplicates/scans", Self.begin, begin),
            .person(.get, "/v1/duplicates/scans/{id}", Self.found, found),
        ]
    }

    private func rules(_ call: Call, _ person: Person) throws(Problem) -> DuplicateRules {
        try DuplicateRules(of: call.parameters["type"], person.catalog, in: person.scope, for: person.caller)
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply { .json(try rules(call, person).json) }

    private func replace(_ call: Call, _ person: Person) async throws -> Reply {
        .json(try await rules(call, person).replace(by: try await call.json()))
    }

    private func scans(_ person: Person) -> DuplicateScans { DuplicateScans(person.catalog, in: person.scope, for: person.caller) }

    private func begin(_ call: Call, _ person: Person) async throws -> Reply {
        try await call.repeatablyReading(person) {
            let scan = try await scans(person).begin(try await call.json())
            var answer = RecordAnswer(status: 202, body: scan.bytes)
            answer.location = scan["id"]?.string.map { "/v1/duplicates/scans/\($0)" }
            return answer
        }
    }

    private func found(_ call: Call, _ person: Person) async throws -> Reply {
        let id = try call.id()
        let limit = try call.query.integer("limit", in: ListRequest.limits, otherwise: 50)
        let mark = PageMark(list: "duplicates \(person.tenant.id) \(id)")
        var after: Int?
        if let cursor = call.query["after"] {
            after = Int(try mark.last(in: cursor))
            guard after != nil else { throw Problem(.cursor, "This is no cursor of a page.") }
        }
        let page = try await scans(person).get(id, limit: limit, after: after)
        let next = page.next.map { mark.text(after: String($0)) }
        return .json(
            .object(
                page.scan + [
                    .init("groups", .array(page.groups)), .init("page", ["next": JSON(next), "has_more": .bool(next != nil)]),
                ]))
    }
}

extension Call {
    /// Whether the client wants a record although there may be one like it (`X-Allow-Duplicate`).
    var allowsDuplicates: Bool {
        get throws(Problem) {
            switch headers[.allowDuplicate]?.lowercased() {
            case nil, "false": false
            case "true": true
            default: throw Problem(.malformed, "X-Allow-Duplicate is true or false.")
            }
        }
    }
}

extension Person {
    /// The same person, who may make a record although there is one like it.
    func allowingDuplicates(_ isAllowed: Bool) -> Person {
        var copy = self
        copy.caller.allowsDuplicates = isAllowed
        return copy
    }
}

extension Parameter {
    static let allowDuplicate = Parameter(
        "X-Allow-Duplicate", in: .header, ["type": "string", "enum": ["true", "false"]],
        "True: make it although a duplicate rule tells that there is one already.")
}

extension DuplicateRoutes {
    private static let type = Parameter("type", in: .path, ["type": "string"], "The record type, such as contacts.")

    private static let show = Operation(
        "duplicate_rules.get", "When a new record of the type is taken for one that is there", tag: "Duplicates", parameters: [type],
        responses: [200: ResponseDescription("Any rule, all of its fields.", schema: ["$ref": "#/components/schemas/DuplicateRules"])],
        problems: [.forbidden, .notFound])

    private static let replace = Operation(
        "duplicate_rules.set", "Say when a new record of the type is taken for one that is there; for those who run the account's settings",
        tag: "Duplicates", parameters: [type], body: BodyDescription(["$ref": "#/components/schemas/DuplicateRules"]),
        responses: [200: ResponseDescription("The rules that hold now.", schema: ["$ref": "#/components/schemas/DuplicateRules"])],
        problems: [.forbidden, .notFound, .invalid], cost: .bulk)

    private static let begin = Operation(
        "duplicates.scan", "Look through all records of a type for those that may be one; a scan that is not done yet is answered again",
        tag: "Duplicates", parameters: [.idempotencyKey], body: BodyDescription(["$ref": "#/components/schemas/DuplicateScanOrder"]),
        responses: [
            202: ResponseDescription(
                "The scan, which a worker does.", schema: ["$ref": "#/components/schemas/DuplicateScan"],
                headers: [("Location", "The scan's address.")])
        ], problems: [.forbidden, .invalid, .idempotencyMismatch, .idempotencyRunning], cost: .bulk)

    private static let found = Operation(
        "duplicates.get", "How far a scan is, and what it has found, the surest first: groups of which you may read every record",
        tag: "Duplicates", parameters: [.id("id", "The scan's id."), .limit, .after],
        responses: [
            200: ResponseDescription(
                "A page of groups; none before the scan is done. Kept for a week, the 10,000 surest. What more than 50 records share counts for nothing.",
                schema: ["$ref": "#/components/schemas/DuplicateGroups"])
        ], problems: [.cursor, .notFound])

    private static let scan: [String: JSON] = [
        "id": .idSchema, "type": ["type": "string"], "state": ["type": "string", "enum": ["queued", "running", "done", "failed"]],
        "progress": ["type": "number", "minimum": 0, "maximum": 1],
    ]

    static let schemas: [String: JSON] = [
        "DuplicateScanOrder": .objectSchema(["type": ["type": "string", "description": "Such as contacts."]], required: ["type"]),
        "DuplicateScan": .objectSchema(scan, required: ["id", "type", "state", "progress"]),
        "DuplicateGroups": .objectSchema(
            scan.merging([
                "groups": [
                    "type": "array",
                    "items": .objectSchema(
                        [
                            "ids": ["type": "array", "items": .idSchema, "minItems": 2],
                            "score": [
                                "type": "number", "minimum": 0, "maximum": 1,
                                "description": "How sure it is of the record that fits least.",
                            ],
                            "reasons": ["type": "array", "items": ["type": "string"], "minItems": 1],
                        ], required: ["ids", "score", "reasons"]),
                ],
                "page": .objectSchema(
                    ["next": ["type": ["string", "null"]], "has_more": ["type": "boolean"]], required: ["next", "has_more"]),
            ]) { $1 }, required: ["id", "type", "state", "progress", "groups", "page"]),
        "DuplicateRules": .objectSchema(
            [
                "rules": [
                    "type": "array", "maxItems": JSON(DuplicateRule.most),
                    "items": .objectSchema(
                        [
                            "all": [
                                "type": "array", "minItems": 1, "maxItems": JSON(DuplicateRule.mostFields), "uniqueItems": true,
                                "items": ["type": "string"],
                                "description": """
                                Fields that must agree: e-mail addresses and domains in lower case, telephone numbers by their digits, texts \
                                without accents, case and superfluous spaces. `custom.<name>` and `address.city` too.
                                """,
                            ]
                        ], required: ["all"]),
                ]
            ], required: ["rules"]),
    ]
}

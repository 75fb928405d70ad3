import Records

/// What others did lately: `/v1/changes`.
struct ChangeRoutes: Sendable {
    var endpoints: [Endpoint] { [.person(.get, "/v1/changes", Self.latest, latest)] }

    private func latest(_ call: Call, _ person: Person) async throws -> Reply {
        let limit = try call.query.integer("limit", in: 1...50, otherwise: 20)
        let changes = LatestChanges(of: person.catalog, in: person.scope, for: person.caller)
        return .json(["data": .array(try await changes.entries(limit: limit))])
    }

    private static let latest = Operation(
        "changes.latest",
        """
        What others changed last in records that I may read: each record once, by its newest change; what one operation did to many records of \
        a type is one entry. Of the account's last \(LatestChanges.horizon) changes
        """, tag: "Events",
        parameters: [
            Parameter("limit", in: .query, ["type": "integer", "minimum": 1, "maximum": 50, "default": 20], "How many to answer at most.")
        ],
        responses: [
            200: ResponseDescription(
                "The newest first.", schema: .listSchema(of: ["$ref": "#/components/schemas/LatestChange"], paged: false))
        ], cost: .computing)

    static let schemas: [String: JSON] = [
        "LatestChange": .objectSchema(
            [
                "id": .idSchema, "at": .timeSchema,
                "action": ["type": "string", "enum": ["create", "update", "trash", "restore", "merge", "undo", "import"]],
                "actor": [
                    "type": ["object", "null"], "required": ["type", "id", "name"], "additionalProperties": false,
                    "properties": ["type": ["type": "string"], "id": .idSchema, "name": ["type": ["string", "null"]]],
                ],
                "record": .objectSchema(
                    ["type": ["type": "string"], "id": .idSchema, "title": ["type": ["string", "null"]]],
                    required: ["type", "id", "title"]),
                "fields": [
                    "type": "array", "items": ["type": "string"], "description": "The paths of what changed, as far as the caller sees it.",
                ],
                "records": [
                    "type": "integer", "minimum": 1,
                    "description": "How many records of the type the operation changed, this one included.",
                ],
            ], required: ["id", "at", "action", "actor", "record", "fields", "records"])
    ]
}

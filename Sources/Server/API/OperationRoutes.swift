import Records

/// What was done in one go (`operation_id` of the change log) can be taken back in one go.
struct OperationRoutes: Sendable {
    var endpoints: [Endpoint] { [.person(.post, "/v1/operations/{id}/undo", Self.undo, undo)] }

    private func undo(_ call: Call, _ person: Person) async throws -> Reply {
        let id = try call.id()
        return try await call.repeatably(person) { repeatable in
            if let member = try await call.jsonIfAny().members?.first {
                throw Problem.invalid([.init("/\(member.name.pointerToken)", .unknown, "An undo takes no members.")])
            }
            return try await Undo(of: id, person.catalog, in: person.scope, for: person.caller).run(repeatable)
        }
    }

    private static let undo = Operation(
        "operations.undo", "Take back what an operation did, but for what has changed since", tag: "Operations",
        parameters: [.id("id", "The operation's id, as changes name it."), .idempotencyKey],
        responses: [
            200: ResponseDescription(
                "How many records have their former values again, and what was left because it has changed since, or because the caller may not write it.",
                schema: ["$ref": "#/components/schemas/Undo"])
        ], problems: [.planLimit, .notFound, .conflict, .invalid, .idempotencyRunning, .idempotencyMismatch], cost: .bulk)

    static let schemas: [String: JSON] = [
        "Undo": .objectSchema(
            [
                "operation_id": .idSchema, "restored": ["type": "integer", "minimum": 0],
                "conflicts": [
                    "type": "array",
                    "items": .objectSchema(
                        ["type": ["type": "string"], "id": .idSchema, "fields": ["type": "array", "items": ["type": "string"]]],
                        required: ["type", "id", "fields"]),
                ],
            ], required: ["operation_id", "restored", "conflicts"])
    ]
}

import CRM
import HTTPTypes
import Records

/// What deals do besides what every record does.
struct DealRoutes: Sendable {
    var endpoints: [Endpoint] {
        [
            .person(.post, "/v1/deals/{id}/move", Self.move, move),
            .person(.get, "/v1/deals/{id}/stages", Self.stages, stages),
        ]
    }

    /// A patch of what a move is about: the engine and the rules of deals do the rest.
    private func move(_ call: Call, _ person: Person) async throws -> Reply {
        let deals = try person.store("deals")
        return try await call.repeatably(person) { repeatable in
            let body = try await call.jsonIfAny()
            if let problem = Self.problem(of: body) {
                try await deals.find(call.parameters["id"])
                throw problem
            }
            return try await deals.patch(call.parameters["id"], body, ifMatch: try call.precondition, repeatable: repeatable)
        }
    }

    private static let members = ["stage_id", "position", "lost_reason"]

    private static func problem(of body: JSON) -> Problem? {
        var errors = (body.members ?? []).filter { !members.contains($0.name) }.map {
            Problem.FieldError("/\($0.name.pointerToken)", .unknown, "A move takes \(members.joined(separator: ", ")).")
        }
        if body["stage_id"] == nil { errors.append(.init("/stage_id", .required, "A move says where to.")) }
        return errors.isEmpty ? nil : .invalid(errors)
    }

    private func stages(_ call: Call, _ person: Person) async throws -> Reply {
        .json(try await DealStays.document(of: call.parameters["id"], in: person.scope, for: person.caller))
    }
}

extension DealRoutes {
    private static let move = Operation(
        "deals.move", "Move a deal to a stage of its pipeline, or to another place in its own", tag: "deals",
        parameters: [.id(), .ifMatch, .idempotencyKey], body: BodyDescription(["$ref": "#/components/schemas/DealMove"]),
        responses: [
            200: ResponseDescription(
                "The deal as it is kept now.", schema: ["$ref": "#/components/schemas/Deal"], headers: [("ETag", "The version, in quotes.")]
            )
        ], problems: [.planLimit, .notFound, .versionMismatch, .invalid, .idempotencyMismatch, .idempotencyRunning])
    private static let stages = Operation(
        "deals.stages", "In which stages a deal has been, the oldest first", tag: "deals", parameters: [.id()],
        responses: [
            200: ResponseDescription(
                "Every stay.", schema: .listSchema(of: ["$ref": "#/components/schemas/DealStay"], paged: false))
        ], problems: [.notFound])

    static let schemas: [String: JSON] = [
        "DealMove": .objectSchema(
            [
                "stage_id": .idSchema,
                "position": [
                    "type": "integer", "minimum": 0, "maximum": JSON(Int(Int32.max)),
                    "description": "From 0; beyond the end is the end, which is where it goes without one.",
                ],
                "lost_reason": ["type": ["string", "null"], "maxLength": 500, "description": "A lost stage needs it."],
            ], required: ["stage_id"]),
        "DealStay": .objectSchema(
            [
                "stage_id": .idSchema, "entered_at": .timeSchema, "left_at": ["type": ["string", "null"], "format": "date-time"],
                "seconds": ["type": "integer", "minimum": 0, "description": "Until now where it has not been left."],
                "actor": [
                    "type": ["object", "null"], "required": ["type", "id"], "additionalProperties": false,
                    "properties": ["type": ["type": "string", "enum": JSON(Actor.Kind.allCases.map(\.rawValue))], "id": .idSchema],
                ],
            ], required: ["stage_id", "entered_at", "left_at", "seconds", "actor"]),
    ]
}

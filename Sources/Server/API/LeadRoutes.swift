import CRM
import HTTPTypes
import Records

/// What leads do besides what every record does.
struct LeadRoutes: Sendable {
    var endpoints: [Endpoint] {
        [.person(.post, "/v1/leads/{id}/convert", Self.convert, convert)]
    }

    private func convert(_ call: Call, _ person: Person) async throws -> Reply {
        try await call.repeatably(person) { repeatable in
            let conversion = LeadConversion(in: person.scope, for: person.caller, person.catalog)
            return try await conversion.convert(call.parameters["id"], try await call.jsonIfAny(), repeatable: repeatable)
        }
    }
}

extension LeadRoutes {
    private static let convert = Operation(
        "leads.convert", "Make a lead a contact, a company and, if wanted, a deal; what is known already is found, not made again",
        tag: "leads", parameters: [.id(), .idempotencyKey],
        body: BodyDescription(["$ref": "#/components/schemas/LeadConversion"], required: false),
        responses: [
            200: ResponseDescription("The lead and what it became.", schema: ["$ref": "#/components/schemas/ConvertedLead"])
        ], problems: [.planLimit, .notFound, .conflict, .duplicate, .invalid, .idempotencyMismatch, .idempotencyRunning])

    static let schemas: [String: JSON] = [
        "LeadConversion": .objectSchema([
            "create_deal": [
                "type": ["object", "null"],
                "description": """
                The body of a deal. What it leaves out follows from the lead: name, contact_id, company_id, owner_id, the oldest pipeline \
                and its first open stage.
                """,
            ]
        ]),
        "ConvertedLead": .objectSchema(
            [
                "lead": record("Lead"), "contact": orNull(record("Contact")), "company": orNull(record("Company")),
                "deal": orNull(record("Deal")),
            ], required: ["lead", "contact", "company", "deal"]),
    ]

    private static func record(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }
    private static func orNull(_ schema: JSON) -> JSON { ["anyOf": [schema, ["type": "null"]]] }
}

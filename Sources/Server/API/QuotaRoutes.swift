import CRM
import HTTPTypes
import Records

/// What people have set out to sell: `/v1/quotas`.
struct QuotaRoutes: Sendable {
    var endpoints: [Endpoint] {
        [
            .person(.get, "/v1/quotas", Self.list, list),
            .person(.put, "/v1/quotas/{user_id}/{month}", Self.set, set),
        ]
    }

    private func quotas(_ person: Person) -> Quotas {
        Quotas(in: person.scope, for: person.caller, of: person.catalog, today: person.policy.today())
    }

    private func list(_ call: Call, _ person: Person) async throws -> Reply {
        .json(try await quotas(person).list(try call.months(of: person.policy)))
    }

    /// What is no month names nothing, as an id that is none.
    private func set(_ call: Call, _ person: Person) async throws -> Reply {
        let user = try call.id("user_id")
        guard let month = Month(call.parameters["month"]) else { throw Problem.notFound }
        let body = try await call.json()
        try Form(body, known: ["amount"]).finish()
        let amount = try Money(body["amount"] ?? .null, at: "/amount")
        guard !amount.isNegative else { throw Problem.invalid([.init("/amount/amount", .range, "A quota is not negative.")]) }
        return Reply(try await quotas(person).set(user, month, to: amount, ifMatch: try call.precondition))
    }
}

extension QuotaRoutes {
    private static let list = Operation(
        "quotas.list", "Quotas and how much of each is won; everyone's for who reads all deals, else one's own or one's teams'",
        tag: "Forecast", parameters: [.fromMonth, .toMonth],
        responses: [
            200: ResponseDescription(
                "All of these months.", schema: .listSchema(of: ["$ref": "#/components/schemas/Quota"], paged: false))
        ], cost: .computing)
    private static let set = Operation(
        "quotas.set", "Set what a user is to sell in a month; for who may change all deals or runs the account", tag: "Forecast",
        parameters: [
            .id("user_id", "The user's id."),
            Parameter("month", in: .path, ["type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"], "The month, as 2026-10."), .ifMatch,
        ],
        body: BodyDescription(["$ref": "#/components/schemas/QuotaOrder"]),
        responses: [
            200: ResponseDescription(
                "The quota.", schema: ["$ref": "#/components/schemas/Quota"], headers: [("ETag", "The version, in quotes.")])
        ], problems: [.versionMismatch])

    private static func money(_ type: JSON) -> JSON {
        [
            "type": type, "required": ["amount", "currency"], "additionalProperties": false,
            "properties": [
                "amount": ["type": "string", "pattern": "^[0-9]{1,15}(\\.[0-9]{1,4})?$"],
                "currency": ["type": "string", "pattern": "^[A-Z]{3}$"],
            ],
        ]
    }

    static let schemas: [String: JSON] = [
        "QuotaOrder": .objectSchema(["amount": money("object")], required: ["amount"]),
        "Quota": .objectSchema(
            [
                "user_id": .idSchema, "month": ["type": "string"],
                "amount": ["type": "object", "required": ["amount", "currency"]],
                "won": [
                    "type": ["object", "null"], "required": ["amount", "currency"],
                    "description": "The owner's won deals that close in the month, in the quota's currency; null when a rate is missing.",
                ],
                "attainment": [
                    "type": ["string", "null"], "description": "won / amount with four decimals; null when amount is 0 or won unknown.",
                ],
            ], required: ["user_id", "month", "amount", "won", "attainment"]),
    ]
}

import CRM
import Foundation
import HTTPTypes
import Records
import Tenancy

/// What the tenant rents, what it has of it, and what another plan would mean.
struct EntitlementRoutes: Sendable {
    private let installation: Installation

    init(_ house: House) {
        installation = house.installation
    }

    var endpoints: [Endpoint] {
        [
            .person(.get, "/v1/entitlements", Self.entitlements, entitlements),
            .person(.get, "/v1/usage", Self.usage, usage),
            .person(.post, "/v1/billing/preview", Self.preview, effect: .reads, preview),
        ]
    }

    private func entitlements(_ call: Call, _ person: Person) async throws -> Reply {
        let held = person.scope.entitlements
        let limits = UsageReport.resources(person.catalog).map { resource in
            JSON.Member(resource, ["max": held.limits[resource].map { JSON($0) } ?? .null, "at_limit": "refuse"])
        }
        return .json([
            "plan": .string(held.plan.name), "version": JSON(held.plan.version), "state": .string(person.tenant.state.rawValue),
            "limits": .object(limits), "rates": .object(PlanTerms.rates.map { .init($0, held.rates[$0].map { JSON($0) } ?? .null) }),
            "features": Self.features(of: held),
            "banner": JSON(person.tenant.banner(on: person.policy.today(), in: person.policy.timeZone)),
        ])
    }

    /// Every feature, with whether the plan comes with it.
    static func features(of held: Entitlements) -> JSON {
        .object(Feature.allCases.map { .init($0.rawValue, .bool(held.allows($0))) })
    }

    private func usage(_ call: Call, _ person: Person) async throws -> Reply {
        let report = try await UsageReport(of: person.scope, person.catalog)
        return .json(["usage": report.document(person.scope.entitlements)])
    }

    /// Changes nothing: the plan's newest version beside what the tenant has now.
    private func preview(_ call: Call, _ person: Person) async throws -> Reply {
        guard person.rights.admin.billing else { throw Problem(.forbidden, "Only those who run the account's billing may do this.") }
        return try await call.repeatablyReading(person) {
            var form = Form(try await call.json(), known: ["plan"])
            let name = form.text("plan", maximum: 40)
            try form.finish()
            guard let name, let plan = try await installation.plans.versions(of: name).first else {
                throw Problem.invalid([.init("/plan", .reference, "There is no such plan.")])
            }
            let limits = Entitlements(plan, person.tenant.overrides).limits
            let excess = try await UsageReport(of: person.scope, person.catalog).excess(over: limits)
            let body: JSON = [
                "price": plan.terms.price.document, "read_only": .object(excess.map { .init($0.resource, JSON($0.count)) }),
            ]
            return RecordAnswer(status: 200, body: body.bytes)
        }
    }
}

extension PlanPrice {
    var document: JSON { ["amount": .string(amount), "currency": .string(currency), "per": .string(per.rawValue)] }
}

extension EntitlementRoutes {
    private static let entitlements = Operation(
        "entitlements.get", "What the account's plan allows", tag: "Plan",
        responses: [
            200: ResponseDescription("The plan with what was agreed beside it.", schema: ["$ref": "#/components/schemas/Entitlements"])
        ])
    private static let usage = Operation(
        "usage.get", "What the account has of what its plan limits: the numbers that refusals quote", tag: "Plan",
        responses: [200: ResponseDescription("Every resource that a plan may limit.", schema: ["$ref": "#/components/schemas/Usage"])])
    private static let preview = Operation(
        "billing.preview", "What another plan would cost, and of what there would be too much", tag: "Plan", parameters: [.idempotencyKey],
        body: BodyDescription(["$ref": "#/components/schemas/PreviewOrder"]),
        responses: [
            200: ResponseDescription(
                "Nothing has changed. The newest beyond a limit could only be read and deleted; users beyond it could not sign in.",
                schema: ["$ref": "#/components/schemas/PlanPreview"])
        ], problems: [.idempotencyRunning, .idempotencyMismatch])

    private static let number: JSON = ["type": ["integer", "null"]]
    static let price: JSON = .objectSchema(
        [
            "amount": ["type": "string"], "currency": ["type": "string"],
            "per": ["type": "string", "enum": JSON(PlanPrice.Payer.allCases.map(\.rawValue))],
        ], required: ["amount", "currency", "per"])

    /// One resource of a usage report.
    static let usageEntry: JSON = .objectSchema(
        ["used": ["type": "integer"], "max": number, "resets_at": ["type": ["string", "null"], "format": "date-time"]],
        required: ["used", "max", "resets_at"])

    static let schemas: [String: JSON] = [
        "Entitlements": .objectSchema(
            [
                "plan": ["type": "string"], "version": ["type": "integer"], "state": ["type": "string"],
                "limits": [
                    "type": "object",
                    "additionalProperties": .objectSchema(
                        ["max": number, "at_limit": ["type": "string", "enum": ["refuse"]]], required: ["max", "at_limit"]),
                ],
                "rates": ["type": "object", "additionalProperties": number],
                "features": ["type": "object", "additionalProperties": ["type": "boolean"]],
                "banner": ["type": ["string", "null"], "description": "What everyone of the account should know about its standing."],
            ], required: ["plan", "version", "state", "limits", "rates", "features", "banner"]),
        "Usage": .objectSchema(["usage": ["type": "object", "additionalProperties": usageEntry]], required: ["usage"]),
        "PreviewOrder": .objectSchema(["plan": ["type": "string", "minLength": 1, "maxLength": 40]], required: ["plan"]),
        "PlanPreview": .objectSchema(
            ["price": price, "read_only": ["type": "object", "additionalProperties": ["type": "integer", "minimum": 1]]],
            required: ["price", "read_only"]),
    ]
}

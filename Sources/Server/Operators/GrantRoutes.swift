import Foundation
import HTTPTypes
import Records
import Tenancy

/// Breaking the glass: operators let themselves into one account for a while.
struct GrantRoutes: Sendable {
    private let grants: Grants

    init(_ house: House) { grants = house.installation.grants }

    private static let all = "/operator/v1/tenants/{slug}/grants"

    var endpoints: [Endpoint] {
        [
            .operator(.get, Self.all, role: .viewer, Self.list, list),
            .operator(.post, Self.all, role: .support, Self.give, give),
            .operator(.delete, Self.all + "/{id}", role: .support, Self.revoke, revoke),
        ]
    }

    private func list(_ call: Call, _ caller: Operator) async throws -> Reply {
        let slug = call.parameters["slug"]
        // The newest first: the key counts down.
        let rows = Array(try await grants.all(of: slug).reversed().enumerated())
        return try WholeList(name: "grants \(slug)", rows: rows) { String(format: "%08d", 99_999_999 - $0.offset) }
            .page(call) { Self.document($0.element) }
    }

    private func give(_ call: Call, _ caller: Operator) async throws -> Reply {
        var form = Form(try await call.json(), known: ["minutes", "reason"])
        let minutes = form.integer("minutes", in: 1...Grants.longest)
        let reason = form.text("reason")
        if !form.has("minutes") { form.refuse("minutes", .required, "Say for how many minutes.") }
        try form.finish()
        let (grant, token) = try await grants.give(
            to: call.parameters["slug"], minutes: minutes ?? 1, operatorID: caller.id,
            by: Instruction(actor: caller.actor, reason: reason, requestID: call.requestID))
        return .json(
            .object([
                .init("id", .string(grant.id.text)), .init("token", .string(token.text)),
                .init("expires_at", .string(grant.expiresAt.apiText)),
            ]), status: .created)
    }

    private func revoke(_ call: Call, _ caller: Operator) async throws -> Reply {
        let instruction = Instruction(actor: caller.actor, reason: try call.query.text("reason"), requestID: call.requestID)
        guard try await grants.revoke(call.id(), of: call.parameters["slug"], by: instruction) else { throw Problem.notFound }
        return .noContent
    }

    private static func document(_ grant: Grant) -> JSON {
        [
            "id": .string(grant.id.text), "actor": .string(grant.actor), "reason": .string(grant.reason),
            "created_at": .string(grant.createdAt.apiText), "expires_at": .string(grant.expiresAt.apiText),
            "revoked_at": JSON(grant.revokedAt?.apiText),
        ]
    }
}

extension GrantRoutes {
    private static let slug = Parameter("slug", in: .path, ["type": "string"], "The tenant's short name.")
    private static let list = Operation(
        "grants.list", "Who was let into an account, when and why, the newest first", tag: "Grants", parameters: [slug, .limit, .after],
        responses: [
            200: ResponseDescription("A page of grants.", schema: .listSchema(of: ["$ref": "#/components/schemas/Grant"]))
        ], problems: [.cursor])
    private static let give = Operation(
        "grants.create",
        """
        Let yourself into an account: the token is a bearer token of /v1 until it expires. The account's administrators read of it, and of \
        every request made with it, in their audit
        """, tag: "Grants", parameters: [slug], body: BodyDescription(["$ref": "#/components/schemas/GrantOrder"]),
        responses: [201: ResponseDescription("The token, shown once.", schema: ["$ref": "#/components/schemas/NewGrant"])])
    private static let revoke = Operation(
        "grants.delete", "End a grant within a second", tag: "Grants",
        parameters: [slug, .id("id", "The grant's id."), .reason],
        responses: [204: ResponseDescription("It has ended.")])

    private static let one: [String: JSON] = [
        "id": .idSchema, "actor": ["type": "string"], "reason": ["type": "string"], "created_at": .timeSchema, "expires_at": .timeSchema,
        "revoked_at": ["type": ["string", "null"], "format": "date-time"],
    ]

    static let schemas: [String: JSON] = [
        "Grant": .objectSchema(one, required: one.keys.sorted()),
        "NewGrant": .objectSchema(
            ["id": .idSchema, "token": ["type": "string"], "expires_at": .timeSchema], required: ["id", "token", "expires_at"]),
        "GrantOrder": .objectSchema(
            ["minutes": ["type": "integer", "minimum": 1, "maximum": JSON(Grants.longest)], "reason": .textSchema],
            required: ["minutes", "reason"]),
    ]
}

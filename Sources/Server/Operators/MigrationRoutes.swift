import HTTPTypes
import Records
import Tenancy

/// How far every tenant's schema is, which ones wait or failed and why, and another attempt: `/operator/v1/migrations`.
struct MigrationRoutes: Sendable {
    private let migrator: Migrator

    init(_ house: House) { migrator = house.installation.migrator }

    var endpoints: [Endpoint] {
        [
            .operator(.get, "/operator/v1/migrations", role: .viewer, Self.list, list),
            .operator(.post, "/operator/v1/migrations/{slug}/retry", role: .support, Self.retry, retry),
        ]
    }

    private func list(_ call: Call, _ caller: Operator) async throws -> Reply {
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        var standing: Migrator.Standing?
        if let word = call.query["state"] {
            standing = Migrator.Standing(rawValue: word)
            guard standing != nil else { throw Problem(.malformed, "The query parameter \"state\" is current, pending or quarantined.") }
        }
        let mark = PageMark(list: "migrations \(standing?.rawValue ?? "")")
        let after = try call.query["after"].map { cursor throws(Problem) in try mark.last(in: cursor) }
        let tenants = try await migrator.page(after: after, standing, limit: limit + 1)
        let shown = tenants.prefix(limit)
        return .page(
            shown.map(document), next: tenants.count > limit ? shown.last.map { mark.text(after: $0.slug) } : nil, of: call)
    }

    private func retry(_ call: Call, _ caller: Operator) async throws -> Reply {
        var form = Form(try await call.json(), known: ["reason"])
        let reason = form.text("reason")
        try form.finish()
        return .json(
            document(
                try await migrator.retry(
                    call.parameters["slug"], by: Instruction(actor: caller.actor, reason: reason, requestID: call.requestID))))
    }

    private func document(_ tenant: Tenant) -> JSON {
        [
            "tenant": .string(tenant.slug), "cell": .string(tenant.cell), "state": .string(migrator.standing(of: tenant).rawValue),
            "schema_version": JSON(tenant.schemaVersion), "latest": JSON(migrator.latest),
            "pending": JSON(max(0, migrator.latest - tenant.schemaVersion)), "reason": JSON(tenant.quarantinedReason),
        ]
    }
}

extension MigrationRoutes {
    private static let one: JSON = ["$ref": "#/components/schemas/Migration"]

    private static let list = Operation(
        "migrations.list", "How far each tenant's schema is, by short name", tag: "Migrations",
        parameters: [
            .limit, .after,
            Parameter(
                "state", in: .query, ["type": "string", "enum": JSON(Migrator.Standing.allCases.map(\.rawValue))],
                "Only those that stand so."),
        ], responses: [200: ResponseDescription("A page of tenants.", schema: .listSchema(of: one))], problems: [.cursor])
    private static let retry = Operation(
        "migrations.retry", "Migrate one tenant: one that waits, or again one that failed", tag: "Migrations",
        parameters: [Parameter("slug", in: .path, ["type": "string"], "The tenant's short name.")],
        body: BodyDescription(["$ref": "#/components/schemas/Reason"]),
        responses: [200: ResponseDescription("How it stands now.", schema: one)])

    private static let members: [String: JSON] = [
        "tenant": ["type": "string"], "cell": ["type": "string"],
        "state": ["type": "string", "enum": JSON(Migrator.Standing.allCases.map(\.rawValue))],
        "schema_version": ["type": "integer"], "latest": ["type": "integer"],
        "pending": ["type": "integer", "minimum": 0, "description": "How many files are still to be run."],
        "reason": ["type": ["string", "null"], "description": "Why it could not be migrated."],
    ]
    static let schemas: [String: JSON] = ["Migration": .objectSchema(members, required: members.keys.sorted())]
}

import CRM
import HTTPTypes
import Records
import Tenancy

/// What tenants may be furnished with: `/operator/v1/blueprints`, and with what a tenant is.
struct BlueprintRoutes: Sendable {
    private let installation: Installation
    private let blueprints: Blueprints
    private let catalog: Catalog

    init(_ house: House) {
        (installation, blueprints, catalog) = (house.installation, house.blueprints, house.catalog)
    }

    private static let ofTenant = "/operator/v1/tenants/{slug}/blueprints/{name}"

    var endpoints: [Endpoint] {
        [
            .operator(.get, "/operator/v1/blueprints", role: .viewer, Self.list, list),
            .operator(.post, Self.ofTenant, role: .admin, Self.apply, apply),
            .operator(.delete, Self.ofTenant, role: .admin, Self.remove, remove),
        ]
    }

    private func list(_ call: Call, _ caller: Operator) async throws -> Reply {
        try WholeList(name: "blueprints", rows: blueprints.all, key: \.name).page(call) { blueprint in
            [
                "name": .string(blueprint.name), "title": .string(blueprint.title), "summary": .string(blueprint.summary),
                "contents": blueprint.contents,
            ]
        }
    }

    private func apply(_ call: Call, _ caller: Operator) async throws -> Reply {
        let work = try await work(call)
        var form = Form(try await call.json(), known: ["reason"])
        let reason = form.text("reason")
        try form.finish()
        let outcomes = try await work.apply(by: Instruction(actor: caller.actor, reason: reason, requestID: call.requestID))
        return .json(BlueprintReport(call.parameters["name"], outcomes).document)
    }

    /// A body with a reason may come; not every client sends one with a DELETE.
    private func remove(_ call: Call, _ caller: Operator) async throws -> Reply {
        let work = try await work(call)
        var form = Form(try await call.jsonIfAny(), known: ["reason"])
        let reason = form.text("reason", required: false)
        try form.finish()
        let outcomes = try await work.remove(by: Instruction(actor: caller.actor, reason: reason, requestID: call.requestID))
        return .json(BlueprintReport(call.parameters["name"], outcomes).document)
    }

    private func work(_ call: Call) async throws -> BlueprintWork {
        guard let blueprint = blueprints[call.parameters["name"]],
            let tenant = try await installation.directory.find(slug: call.parameters["slug"]), tenant.state.allowsReads
        else { throw Problem.notFound }
        return try await BlueprintWork(blueprint, for: tenant, in: installation, catalog)
    }
}

extension BlueprintRoutes {
    private static let parameters = [
        Parameter("slug", in: .path, ["type": "string"], "The tenant's short name."),
        Parameter("name", in: .path, ["type": "string"], "The blueprint's name."),
    ]
    private static let report = ResponseDescription(
        "What became of each part.", schema: ["$ref": "#/components/schemas/BlueprintReport"])

    private static let list = Operation(
        "blueprints.list", "What tenants may be furnished with, by name", tag: "Blueprints", parameters: [.limit, .after],
        responses: [
            200: ResponseDescription(
                "A page of blueprints.", schema: .listSchema(of: ["$ref": "#/components/schemas/Blueprint"]))
        ], problems: [.cursor])
    private static let apply = Operation(
        "blueprints.apply",
        "Furnish a tenant: record types, fields, pipelines, views, templates, sample records; again, it changes nothing",
        tag: "Blueprints", parameters: parameters, body: BodyDescription(["$ref": "#/components/schemas/Reason"]),
        responses: [200: report], problems: [.conflict, .planLimit])
    private static let remove = Operation(
        "blueprints.remove", "Take away what nobody uses and nobody has changed of it; the tenant's data stays", tag: "Blueprints",
        parameters: parameters, body: BodyDescription(["$ref": "#/components/schemas/BlueprintRemoval"], required: false),
        responses: [200: report], problems: [.conflict])

    private static let part: [String: JSON] = [
        "type": ["type": "string"], "id": .idSchema, "title": ["type": "string"],
        "outcome": ["type": "string", "enum": JSON(BlueprintWork.Outcome.Word.allCases.map(\.rawValue))],
        "reason": ["type": ["string", "null"], "description": "Why it was not made, or stays."],
    ]
    private static let counts: JSON = ["type": "object", "additionalProperties": ["type": "integer", "minimum": 1]]

    static let schemas: [String: JSON] = [
        "Blueprint": .objectSchema(
            ["name": ["type": "string"], "title": ["type": "string"], "summary": ["type": "string"], "contents": counts],
            required: ["name", "title", "summary", "contents"]),
        "BlueprintRemoval": .objectSchema(["reason": .optionalTextSchema]),
        "BlueprintReport": .objectSchema(
            [
                "blueprint": ["type": "string"], "counts": counts,
                "parts": ["type": "array", "items": .objectSchema(part, required: part.keys.sorted())],
            ], required: ["blueprint", "counts", "parts"]),
    ]
}

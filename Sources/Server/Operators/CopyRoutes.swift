import CRM
import Foundation
import HTTPTypes
import Jobs
import Postgres
import Records
import Secrets
import Tenancy

/// A tenant made again beside itself, or elsewhere: `/operator/v1/tenants/{slug}/clone` and `/move`. Jobs do it.
struct CopyRoutes: Sendable {
    private let installation: Installation
    private let view: TenantView

    init(_ house: House) {
        installation = house.installation
        view = TenantView(installation: house.installation, catalog: house.catalog)
    }

    private static let tenant = "/operator/v1/tenants/{slug}"

    var endpoints: [Endpoint] {
        [
            .operator(.post, Self.tenant + "/clone", role: .admin, Self.clone, clone),
            .operator(.post, Self.tenant + "/move", role: .admin, Self.move, move),
        ]
    }

    private func clone(_ call: Call, _ caller: Operator) async throws -> Reply {
        var form = Form(try await call.json(), known: ["as", "mask", "reason"])
        let slug = form.text("as")
        let isMasked = form.flag("mask") ?? false
        let reason = form.text("reason")
        try form.finish()
        let tenant = try await readable(call)
        let clone = TenantClone(as: slug ?? "", masked: isMasked)
        try await clone.check(tenant, installation)
        let instruction = Instruction(actor: caller.actor, reason: reason, requestID: call.requestID)
        try await installation.audit.append("clone", target: tenant.slug, by: instruction)
        let job = CloneTenant(clone, by: instruction)
        return try await ordered(job, key: job.key, of: tenant)
    }

    private func move(_ call: Call, _ caller: Operator) async throws -> Reply {
        var form = Form(try await call.json(), known: ["cell", "reason"])
        let cell = form.text("cell")
        let reason = form.text("reason")
        if let cell, !installation.cells.all.contains(where: { $0.name == cell }) {
            // One that is a moment old comes with the next look.
            try await installation.directory.refresh()
            if !installation.cells.all.contains(where: { $0.name == cell }) {
                form.refuse("cell", .reference, TenancyError.unknownCell(cell).message)
            }
        }
        try form.finish()
        let tenant = try await readable(call)
        if tenant.cell == cell, tenant.movingTo == nil { return .json(try await view.documentWithUsage(tenant)) }
        let job = MoveTenant(to: cell ?? "", by: Instruction(actor: caller.actor, reason: reason, requestID: call.requestID))
        return try await ordered(job, key: MoveTenant.key, of: tenant)
    }

    private func readable(_ call: Call) async throws -> Tenant {
        guard let tenant = try await installation.directory.find(slug: call.parameters["slug"]) else { throw Problem.notFound }
        guard tenant.state.allowsReads else {
            throw Problem(.conflict, "Of a tenant that is \(tenant.state.rawValue) there is nothing to copy.")
        }
        return tenant
    }

    /// The job of this order, or the one that was ordered before and is not done yet.
    private func ordered<J: Job>(_ job: J, key: String, of tenant: Tenant) async throws -> Reply {
        let id = UUID.v7()
        let scope = try installation.directory.scope(for: tenant)
        _ = try await scope.run([.enqueue(job, id: id, key: key)])
        let desk = JobDesk(installation)
        var found = try await desk.find(id)
        if found == nil {
            var filter = JobDesk.Filter()
            (filter.kind, filter.tenant) = (J.kind.name, tenant.slug)
            found = try await desk.page(filter, limit: 200).first { $0.uniqueKey == key }
        }
        guard let found else { throw PostgresError.unexpected("A job is missing.") }
        let address = "/operator/v1/jobs/\(found.id.text)"
        return .json(JobDocument.of(found), status: .accepted, location: address)
    }
}

extension CopyRoutes {
    private static let slug = Parameter("slug", in: .path, ["type": "string"], "The tenant's short name.")
    private static let accepted = ResponseDescription(
        "The job.", schema: ["$ref": "#/components/schemas/Job"], headers: [("Location", "The job's address.")])

    private static let clone = Operation(
        "tenants.clone",
        """
        Make another tenant with the same rows, without ways in and mail in flight; its reminders are paused. With `mask` names, addresses, \
        numbers and texts are replaced by others of the same form, and files stay behind
        """, tag: "Tenants", parameters: [slug], body: BodyDescription(["$ref": "#/components/schemas/CloneOrder"]),
        responses: [202: accepted], problems: [.conflict])
    private static let move = Operation(
        "tenants.move",
        """
        Move a tenant to another cell, its waiting jobs too; nothing is written for the seconds that it takes. Its own cell takes back a move \
        that has not come to its end
        """, tag: "Tenants", parameters: [slug], body: BodyDescription(["$ref": "#/components/schemas/MoveOrder"]),
        responses: [
            200: ResponseDescription("It is there already.", schema: ["$ref": "#/components/schemas/Tenant"]), 202: accepted,
        ], problems: [.conflict])

    static let schemas: [String: JSON] = [
        "CloneOrder": .objectSchema(
            ["as": .textSchema, "mask": ["type": "boolean", "default": false], "reason": .textSchema], required: ["as", "reason"]),
        "MoveOrder": .objectSchema(["cell": .textSchema, "reason": .textSchema], required: ["cell", "reason"]),
    ]
}

import CRM
import Foundation
import HTTPTypes
import Jobs
import Postgres
import Records
import Secrets
import Tenancy

/// Looking after tenants: `/operator/v1/tenants`.
struct TenantRoutes: Sendable {
    private let installation: Installation
    private let passwords: PasswordPolicy
    private let scryptCost: ScryptCost
    private let allowsPrivateHosts: Bool
    private let catalog: Catalog
    private let view: TenantView
    private let blueprints: Blueprints

    init(_ house: House) {
        installation = house.installation
        passwords = house.passwords
        scryptCost = house.settings.scryptCost
        allowsPrivateHosts = house.settings.allowsPrivateHosts
        catalog = house.catalog
        blueprints = house.blueprints
        view = TenantView(installation: house.installation, catalog: house.catalog)
    }

    private static let tenant = "/operator/v1/tenants/{slug}"

    var endpoints: [Endpoint] {
        [
            .operator(.get, "/operator/v1/tenants", role: .viewer, Self.list, list),
            .operator(.put, Self.tenant, role: .admin, Self.put, put),
            .operator(.get, Self.tenant, role: .viewer, Self.show, show),
            .operator(
                .post, Self.tenant + "/mark_past_due", role: .support,
                Self.verb("mark_past_due", "Say that a tenant has not paid: it is suspended when the grace ends"), markPastDue),
            .operator(
                .post, Self.tenant + "/mark_paid", role: .support, Self.verb("mark_paid", "Say that a tenant has paid; ends a trial too"),
                markPaid),
            .operator(.post, Self.tenant + "/suspend", role: .support, Self.verb("suspend", "Close a tenant to writing"), suspend),
            .operator(.post, Self.tenant + "/resume", role: .support, Self.verb("resume", "Open a suspended tenant again"), resume),
            .operator(
                .post, Self.tenant + "/schedule_deletion", role: .admin,
                Self.verb("schedule_deletion", "Have a tenant deleted on a later day"),
                scheduleDeletion),
            .operator(
                .post, Self.tenant + "/cancel_deletion", role: .admin, Self.verb("cancel_deletion", "Keep a tenant after all"),
                cancelDeletion),
            .operator(.post, Self.tenant + "/export", role: .admin, Self.export, export),
            .operator(.post, Self.tenant + "/change_plan", role: .admin, Self.changePlan, changePlan),
        ]
    }

    private func list(_ call: Call, _ caller: Operator) async throws -> Reply {
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        let words = call.query["q"]
        var state: TenantState?
        if let text = call.query["state"] {
            state = TenantState(rawValue: text)
            guard state != nil else { throw Problem(.malformed, "The query parameter \"state\" names a state.") }
        }
        let mark = PageMark(list: "tenants \(words ?? "") \(state?.rawValue ?? "")")
        let tenants = try await installation.tenants.page(
            after: try call.query["after"].map { cursor throws(Problem) in try mark.last(in: cursor) }, holding: words, state: state,
            limit: limit + 1)
        let shown = tenants.prefix(limit)
        return .page(
            try shown.map { try view.document($0) }, next: tenants.count > limit ? shown.last.map { mark.text(after: $0.slug) } : nil,
            of: call)
    }

    private func put(_ call: Call, _ caller: Operator) async throws -> Reply {
        let slug = call.parameters["slug"]
        let order = try TenantOrder(
            slug: slug, try await call.json(), passwords: passwords, allowsPrivateHosts: allowsPrivateHosts, blueprints: blueprints)
        let blueprint = order.blueprint.flatMap { blueprints[$0] }
        if let blueprint { try await installation.refuseBeyondPlan(blueprint, order.plan) }
        let instruction = Instruction(actor: caller.actor, requestID: call.requestID)
        let provisioned = try await installation.provisioning.provision(await order.request(cost: scryptCost), by: instruction)
        if let blueprint { try await installation.furnish(provisioned.tenant, with: blueprint, catalog, by: instruction) }
        // Whoever has no password yet chooses one by the link in a mail. The same order again sends it again if need be.
        if !order.hasPassword, provisioned.tenant.state.allowsWrites {
            _ = try await installation.directory.scope(for: provisioned.tenant).run([
                SendMail.promised(.invitation(by: nil), to: provisioned.tenant.adminID)
            ])
        }
        let document = try await view.documentWithUsage(provisioned.tenant)
        return provisioned.isNew
            ? .json(document, status: .created, location: "/operator/v1/tenants/\(slug)") : .json(document)
    }

    private func show(_ call: Call, _ caller: Operator) async throws -> Reply {
        guard let tenant = try await installation.directory.find(slug: call.parameters["slug"]) else { throw Problem.notFound }
        return .json(try await view.documentWithUsage(tenant))
    }

    private func markPastDue(_ call: Call, _ caller: Operator) async throws -> Reply {
        var form = Form(try await call.json(), known: ["reason", "grace"])
        let reason = form.text("reason")
        let grace = Self.duration("grace", in: &form)
        try form.finish()
        let instruction = Instruction(actor: caller.actor, reason: reason, requestID: call.requestID)
        return .json(
            try await view.documentWithUsage(installation.lifecycle.markPastDue(call.parameters["slug"], grace: grace, by: instruction)))
    }

    private func markPaid(_ call: Call, _ caller: Operator) async throws -> Reply {
        let (slug, instruction) = try await instruction(call, caller)
        return .json(try await view.documentWithUsage(installation.lifecycle.markPaid(slug, by: instruction)))
    }

    private func suspend(_ call: Call, _ caller: Operator) async throws -> Reply {
        let (slug, instruction) = try await instruction(call, caller)
        return .json(try await view.documentWithUsage(installation.lifecycle.suspend(slug, by: instruction)))
    }

    private func resume(_ call: Call, _ caller: Operator) async throws -> Reply {
        let (slug, instruction) = try await instruction(call, caller)
        return .json(try await view.documentWithUsage(installation.lifecycle.resume(slug, by: instruction)))
    }

    private func scheduleDeletion(_ call: Call, _ caller: Operator) async throws -> Reply {
        var form = Form(try await call.json(), known: ["reason", "after"])
        let reason = form.text("reason")
        let delay = Self.duration("after", in: &form) ?? .seconds(30 * ISODuration.day)
        try form.finish()
        let instruction = Instruction(actor: caller.actor, reason: reason, requestID: call.requestID)
        let tenant = try await installation.lifecycle.scheduleDeletion(
            call.parameters["slug"], after: delay, by: instruction)
        return .json(try await view.documentWithUsage(tenant))
    }

    /// Nil when it is not given, or cannot be read.
    private static func duration(_ name: String, in form: inout Form) -> Duration? {
        guard let text = form.textIfGiven(name) else { return nil }
        guard let seconds = ISODuration.seconds(text), seconds <= 3650 * ISODuration.day else {
            form.refuse(name, .format, "This is a duration of at most ten years as ISO 8601 writes it, such as P30D.")
            return nil
        }
        return .seconds(seconds)
    }

    private func cancelDeletion(_ call: Call, _ caller: Operator) async throws -> Reply {
        let (slug, instruction) = try await instruction(call, caller)
        return .json(try await view.documentWithUsage(installation.lifecycle.cancelDeletion(slug, by: instruction)))
    }

    private func changePlan(_ call: Call, _ caller: Operator) async throws -> Reply {
        let body = try await call.json()
        var form = Form(body, known: ["plan", "version", "overrides", "reason"])
        let plan = form.text("plan", maximum: 40)
        let version = form.integer("version", in: 1...Int(Int32.max))
        let overrides = Overrides(in: &form, body, catalog)
        let reason = form.text("reason")
        try form.finish()
        let tenant = try await installation.changePlan(
            of: call.parameters["slug"], to: PlanChange(plan: plan ?? "", version: version, overrides: overrides),
            by: Instruction(actor: caller.actor, reason: reason, requestID: call.requestID))
        return .json(try await view.documentWithUsage(tenant))
    }

    /// A job writes the file; it lies at the job's `content` then.
    private func export(_ call: Call, _ caller: Operator) async throws -> Reply {
        let (slug, instruction) = try await instruction(call, caller)
        guard let tenant = try await installation.directory.find(slug: slug) else { throw Problem.notFound }
        guard tenant.state.allowsReads else {
            throw Problem(.conflict, "Of a tenant that is \(tenant.state.rawValue) there is nothing to export.")
        }
        let id = UUID.v7()
        let scope = try installation.directory.scope(for: tenant)
        try await installation.audit.append("export", target: slug, by: instruction)
        _ = try await scope.run([.enqueue(ExportTenant(orderedBy: instruction.actor), id: id)])
        guard let job = try await JobDesk(installation).find(id) else { throw PostgresError.unexpected("A job is missing.") }
        return .json(JobDocument.of(job), status: .accepted, location: "/operator/v1/jobs/\(id.text)")
    }

    /// Whom a verb is about, and why: nobody does anything to a tenant without saying so.
    private func instruction(_ call: Call, _ caller: Operator) async throws -> (slug: String, Instruction) {
        var form = Form(try await call.json(), known: ["reason"])
        let reason = form.text("reason")
        try form.finish()
        return (call.parameters["slug"], Instruction(actor: caller.actor, reason: reason, requestID: call.requestID))
    }
}

extension TenantRoutes {
    private static let slug = Parameter("slug", in: .path, ["type": "string"], "The tenant's short name.")
    private static let one: JSON = ["$ref": "#/components/schemas/Tenant"]

    private static let list = Operation(
        "tenants.list", "Every tenant, in the order of their short names", tag: "Tenants",
        parameters: [
            .limit, .after, Parameter("q", in: .query, ["type": "string"], "Part of the short name or the name."),
            Parameter(
                "state", in: .query, ["type": "string", "enum": JSON(TenantState.allCases.map(\.rawValue))], "Only those in this state."),
        ], responses: [200: ResponseDescription("A page of tenants.", schema: .listSchema(of: one))], problems: [.cursor])
    private static let put = Operation(
        "tenants.put", "Make a tenant; the same order again finds it", tag: "Tenants", parameters: [slug],
        body: BodyDescription(["$ref": "#/components/schemas/TenantOrder"]),
        responses: [
            200: ResponseDescription("It was there already.", schema: one),
            201: ResponseDescription("It can be used.", schema: one, headers: [("Location", "The tenant's address.")]),
        ], problems: [.conflict])
    private static let show = Operation(
        "tenants.get", "One tenant", tag: "Tenants", parameters: [slug], responses: [200: ResponseDescription("The tenant.", schema: one)])

    private static let changePlan = Operation(
        "tenants.change_plan", "Give a tenant another plan, or agree something beside it", tag: "Tenants", parameters: [slug],
        body: BodyDescription(["$ref": "#/components/schemas/PlanChange"]),
        responses: [200: ResponseDescription("The tenant as it is now; every process knows within two seconds.", schema: one)])

    private static let export = Operation(
        "tenants.export", "Have everything a tenant has written into a file that another installation takes in", tag: "Tenants",
        parameters: [slug], body: BodyDescription(["$ref": "#/components/schemas/Reason"]),
        responses: [
            202: ResponseDescription(
                "The job; its file at /operator/v1/jobs/{id}/content.", schema: ["$ref": "#/components/schemas/Job"],
                headers: [("Location", "The job's address.")])
        ], problems: [.conflict])
    private static func verb(_ name: String, _ summary: String) -> Operation {
        let body = ["schedule_deletion": "DeletionOrder", "mark_past_due": "PastDueOrder"][name] ?? "Reason"
        return Operation(
            "tenants.\(name)", summary, tag: "Tenants", parameters: [slug],
            body: BodyDescription(["$ref": .string("#/components/schemas/\(body)")]),
            responses: [200: ResponseDescription("The tenant as it is now.", schema: one)], problems: [.conflict])
    }

    static let schemas: [String: JSON] = [
        "Tenant": TenantView.schema,
        "TenantOrder": .objectSchema(
            [
                "name": .textSchema, "plan": ["type": "string"], "cell": ["type": "string"],
                "blueprint": ["type": "string", "maxLength": 40, "description": "One of /operator/v1/blueprints."],
                "settings": TenantSettings.patchSchema, "test": ["type": "boolean"],
                "trial_days": ["type": "integer", "minimum": 1, "maximum": 3650],
                "admin": .objectSchema(
                    [
                        "email": ["type": "string", "format": "email", "maxLength": 500], "name": .textSchema,
                        "password": ["type": "string", "minLength": 12, "maxLength": 1000],
                    ], required: ["email", "name"]),
            ], required: ["name", "admin"]),
        "PlanChange": .objectSchema(
            [
                "plan": ["type": "string", "minLength": 1, "maxLength": 40],
                "version": [
                    "type": ["integer", "null"], "minimum": 1, "maximum": JSON(Int(Int32.max)), "description": "The newest without it.",
                ],
                "overrides": [
                    "type": ["object", "null"], "additionalProperties": false,
                    "properties": ["limits": PlanWords.limits, "rates": PlanWords.rates, "features": PlanWords.features],
                    "description": "What is agreed beside the plan; without it that stays as it was, null takes all of it away.",
                ], "reason": .textSchema,
            ], required: ["plan", "reason"]),
        "Reason": .objectSchema(["reason": .textSchema], required: ["reason"]),
        "PastDueOrder": .objectSchema(
            [
                "reason": .textSchema,
                "grace": [
                    "type": ["string", "null"], "format": "duration",
                    "description": "How long everything still works. Without it as long as the installation's setting says.",
                ],
            ], required: ["reason"]),
        "DeletionOrder": .objectSchema(
            ["reason": .textSchema, "after": ["type": ["string", "null"], "format": "duration", "default": "P30D"]], required: ["reason"]),
    ]
}

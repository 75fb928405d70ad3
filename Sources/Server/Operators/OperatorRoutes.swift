import HTTPTypes
import Records
import Tenancy

/// What operators know of the installation itself: cells, plans, each other, and what was done.
struct OperatorRoutes: Sendable {
    private let installation: Installation
    private let catalog: Catalog

    init(_ house: House) {
        installation = house.installation
        catalog = house.catalog
    }

    var endpoints: [Endpoint] {
        [
            .operator(.get, "/operator/v1/cells", role: .viewer, Self.listCells, listCells),
            .operator(.get, "/operator/v1/plans", role: .viewer, Self.listPlans, listPlans),
            .operator(.get, "/operator/v1/plans/{name}", role: .viewer, Self.showPlan, showPlan),
            .operator(.put, "/operator/v1/plans/{name}", role: .admin, Self.putPlan, putPlan),
            .operator(.get, "/operator/v1/audit", role: .viewer, Self.listAudit, listAudit),
            .operator(.get, "/operator/v1/audit/verify", role: .viewer, Self.verifyAudit, verifyAudit),
            .operator(.get, "/operator/v1/operators", role: .admin, Self.listOperators, listOperators),
            .operator(.post, "/operator/v1/operators", role: .admin, Self.createOperator, createOperator),
            .operator(.delete, "/operator/v1/operators/{name}", role: .admin, Self.revokeOperator, revokeOperator),
        ]
    }

    private func listCells(_ call: Call, _ caller: Operator) async throws -> Reply {
        let counts = try await installation.tenants.countByCell()
        return try WholeList(name: "cells", rows: installation.cells.all, key: \.name).page(call) { cell in
            [
                "name": .string(cell.name), "state": .string(cell.state.rawValue), "tenants": JSON(counts[cell.name] ?? 0),
                "tenant_limit": JSON(cell.tenantLimit), "schema_version": JSON(cell.schemaVersion),
            ]
        }
    }

    private func listPlans(_ call: Call, _ caller: Operator) async throws -> Reply {
        try WholeList(name: "plans", rows: try await installation.plans.newest(), key: \.key.name).page(call, \.document)
    }

    private func showPlan(_ call: Call, _ caller: Operator) async throws -> Reply {
        guard let plan = try await installation.plans.versions(of: call.parameters["name"]).first else { throw Problem.notFound }
        return .json(plan.document)
    }

    /// A changed body makes the next version, the same one answers the version that is there.
    private func putPlan(_ call: Call, _ caller: Operator) async throws -> Reply {
        let order = try PlanOrder(call.parameters["name"], try await call.json(), catalog)
        let (plan, isNew) = try await installation.plans.put(
            order.name, order.terms, by: Instruction(actor: caller.actor, reason: order.reason, requestID: call.requestID))
        return isNew ? .json(plan.document, status: .created, location: "/operator/v1/plans/\(order.name)") : .json(plan.document)
    }

    private func listAudit(_ call: Call, _ caller: Operator) async throws -> Reply {
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        let target = call.query["target"]
        let mark = PageMark(list: "audit \(target ?? "")")
        var before: Int?
        if let cursor = call.query["after"] {
            before = Int(try mark.last(in: cursor))
            guard before != nil else { throw Problem(.cursor, "This is no cursor of a page; start from the first page.") }
        }
        let entries = try await installation.audit.entries(before: before, target: target, limit: limit + 1)
        let shown = entries.prefix(limit)
        let documents: [JSON] = shown.map { entry in
            [
                "seq": JSON(entry.seq), "at": .string(entry.at.apiText), "actor": .string(entry.actor), "action": .string(entry.action),
                "target": JSON(entry.target), "reason": JSON(entry.reason), "prev_hash": .string(entry.prevHash),
                "hash": .string(entry.hash),
            ]
        }
        return .page(documents, next: entries.count > limit ? shown.last.map { mark.text(after: String($0.seq)) } : nil, of: call)
    }

    /// Reads the whole chain; `known` is a head that an earlier look answered.
    private func verifyAudit(_ call: Call, _ caller: Operator) async throws -> Reply {
        let known = call.query["known"].map { AuditChain.Head($0) }
        if case .some(.none) = known { throw Problem(.malformed, "The query parameter \"known\" is a head as this address answers it.") }
        return .json(AuditReport.document(try await installation.auditChain.verify(against: known.flatMap(\.self))))
    }

    private func listOperators(_ call: Call, _ caller: Operator) async throws -> Reply {
        // The oldest first.
        let list = WholeList(name: "operators", rows: try await installation.operators.all()) { "\($0.createdAt.apiText) \($0.id)" }
        return try list.page(call, Self.document)
    }

    private func createOperator(_ call: Call, _ caller: Operator) async throws -> Reply {
        var form = Form(try await call.json(), known: ["name", "role", "reason"])
        let reason = form.text("reason", required: false)
        let name = form.text("name", maximum: 100)
        let word = form.text("role")
        let role = word.flatMap { Operator.Role(rawValue: $0) }
        if word != nil && role == nil {
            form.refuse("role", .enum, "This is one of \(Operator.Role.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        try form.finish()
        guard let name, let role else { throw Problem.notFound }
        let (new, token) = try await installation.operators.create(
            name: name, role: role, by: Instruction(actor: caller.actor, reason: reason, requestID: call.requestID))
        let members = Self.document(new).members ?? []
        return .json(.object(members + [.init("token", .string(token.text))]), status: .created)
    }

    private func revokeOperator(_ call: Call, _ caller: Operator) async throws -> Reply {
        let instruction = Instruction(actor: caller.actor, reason: try call.query.text("reason"), requestID: call.requestID)
        try await installation.operators.revoke(name: call.parameters["name"], by: instruction)
        return .noContent
    }

    private static func document(_ someone: Operator) -> JSON {
        [
            "id": .string(someone.id.text), "name": .string(someone.name), "role": .string(someone.role.rawValue),
            "created_at": .string(someone.createdAt.apiText), "last_used_at": JSON(someone.lastUsedAt?.apiText),
            "revoked_at": JSON(someone.revokedAt?.apiText),
        ]
    }
}

import Records
import Tenancy

extension OperatorRoutes {
    private static func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }
    private static func name(_ description: String) -> Parameter { Parameter("name", in: .path, ["type": "string"], description) }

    static let listCells = Operation(
        "cells.list", "Where tenants live, by name", tag: "Installation", parameters: [.limit, .after],
        responses: [200: ResponseDescription("A page of cells.", schema: .listSchema(of: reference("Cell")))], problems: [.cursor])
    static let listPlans = Operation(
        "plans.list", "The plans, each in its newest version, by name", tag: "Installation", parameters: [.limit, .after],
        responses: [200: ResponseDescription("A page of plans.", schema: .listSchema(of: reference("Plan")))], problems: [.cursor])
    static let showPlan = Operation(
        "plans.get", "The newest version of a plan", tag: "Installation", parameters: [name("The plan's name.")],
        responses: [200: ResponseDescription("The plan.", schema: reference("Plan"))])
    static let putPlan = Operation(
        "plans.put", "Make the next version of a plan; tenants keep the one they were sold", tag: "Installation",
        parameters: [name("The plan's name.")], body: BodyDescription(reference("PlanOrder")),
        responses: [
            200: ResponseDescription("The newest version says the same already.", schema: reference("Plan")),
            201: ResponseDescription("The new version.", schema: reference("Plan"), headers: [("Location", "The plan's address.")]),
        ])
    static let listAudit = Operation(
        "audit.list", "What operators did, the newest first; each row holds the hash of the one before", tag: "Installation",
        parameters: [.limit, .after, Parameter("target", in: .query, ["type": "string"], "Only what was done to this.")],
        responses: [200: ResponseDescription("A page of rows.", schema: .listSchema(of: reference("AuditRow")))], problems: [.cursor])
    static let verifyAudit = Operation(
        "audit.verify", "Whether every row of the audit is there and as it was written, the last ones included", tag: "Installation",
        parameters: [
            Parameter(
                "known", in: .query, ["type": "string"],
                "The `head` of an earlier answer that you kept: then what stood there then is looked for too.")
        ], responses: [200: ResponseDescription("What was found.", schema: reference("AuditReport"))])
    static let listOperators = Operation(
        "operators.list", "Who has, or had, an operator's token, the oldest first", tag: "Operators", parameters: [.limit, .after],
        responses: [200: ResponseDescription("A page of operators.", schema: .listSchema(of: reference("Operator")))], problems: [.cursor])
    static let createOperator = Operation(
        "operators.create", "Make an operator; the token is shown once", tag: "Operators",
        body: BodyDescription(reference("OperatorOrder")),
        responses: [201: ResponseDescription("The operator and the token.", schema: reference("NewOperator"))], problems: [.conflict])
    static let revokeOperator = Operation(
        "operators.delete", "End an operator's access within a second", tag: "Operators",
        parameters: [name("The operator's name."), .reason],
        responses: [204: ResponseDescription("It has ended.")])

    private static let role: JSON = ["type": "string", "enum": JSON(Operator.Role.allCases.map(\.rawValue))]
    private static let someone: [String: JSON] = [
        "id": .idSchema, "name": ["type": "string"], "role": role, "created_at": .timeSchema,
        "last_used_at": ["type": ["string", "null"], "format": "date-time"],
        "revoked_at": ["type": ["string", "null"], "format": "date-time"],
    ]
    private static let plan: [String: JSON] = [
        "name": ["type": "string"], "version": ["type": "integer"],
        "limits": ["type": "object", "additionalProperties": ["type": "integer"]],
        "rates": ["type": "object", "additionalProperties": ["type": "integer"]],
        "features": ["type": "object", "additionalProperties": ["type": "boolean"]], "price": EntitlementRoutes.price,
    ]
    private static let planOrder: [String: JSON] = [
        "limits": PlanWords.limits, "rates": PlanWords.rates, "features": PlanWords.features, "reason": .optionalTextSchema,
        "price": .objectSchema(
            [
                "amount": ["type": "string", "pattern": "^[0-9]{1,15}(\\.[0-9]{1,4})?$"],
                "currency": ["type": "string", "pattern": "^[A-Z]{3}$"],
                "per": ["type": ["string", "null"], "enum": .array(PlanPrice.Payer.allCases.map { .string($0.rawValue) } + [.null])],
            ], required: ["amount", "currency"]),
    ]
    private static let cell: [String: JSON] = [
        "name": ["type": "string"], "state": ["type": "string", "enum": ["open", "closed"]], "tenants": ["type": "integer"],
        "tenant_limit": ["type": "integer"], "schema_version": ["type": "integer"],
    ]
    private static let auditRow: [String: JSON] = [
        "seq": ["type": "integer"], "at": .timeSchema, "actor": ["type": "string"], "action": ["type": "string"],
        "target": ["type": ["string", "null"]], "reason": ["type": ["string", "null"]], "prev_hash": ["type": "string"],
        "hash": ["type": "string"],
    ]

    static let schemas: [String: JSON] = [
        "Cell": .objectSchema(cell, required: cell.keys.sorted()), "Plan": .objectSchema(plan, required: plan.keys.sorted()),
        "PlanOrder": .objectSchema(planOrder, required: ["price"]),
        "AuditRow": .objectSchema(auditRow, required: auditRow.keys.sorted()),
        "Operator": .objectSchema(someone, required: someone.keys.sorted()),
        "NewOperator": .objectSchema(
            someone.merging(["token": ["type": "string"]]) { $1 }, required: someone.keys.sorted() + ["token"]),
        "OperatorOrder": .objectSchema(
            ["name": ["type": "string", "minLength": 1, "maxLength": 100], "role": role, "reason": .optionalTextSchema],
            required: ["name", "role"]),
        "AuditReport": AuditReport.schema,
    ]
}

import CRM
import HTTPTypes
import Records
import Tenancy

/// What tenants used and what they were billed: `/operator/v1/tenants/{slug}/metering` and `/invoices`.
struct TenantBillingRoutes: Sendable {
    private let installation: Installation

    init(_ house: House) {
        installation = house.installation
    }

    private static let tenant = "/operator/v1/tenants/{slug}"

    var endpoints: [Endpoint] {
        [
            .operator(.get, Self.tenant + "/metering", role: .viewer, Self.metering, metering),
            .operator(.get, Self.tenant + "/invoices", role: .viewer, Self.list, list),
            .operator(.post, Self.tenant + "/invoices", role: .admin, Self.issue, issue),
            .operator(.get, Self.tenant + "/invoices/{id}", role: .viewer, Self.show, show),
            .operator(.post, Self.tenant + "/invoices/{id}/settle", role: .support, Self.settle, settle),
        ]
    }

    /// Deleted ones included: what they owe does not go with them.
    private func tenant(_ call: Call) async throws -> Tenant {
        guard let tenant = try await installation.directory.find(slug: call.parameters["slug"]) else { throw Problem.notFound }
        return tenant
    }

    private func metering(_ call: Call, _ caller: Operator) async throws -> Reply {
        guard let period = call.query["period"].flatMap(BillingPeriod.init) else {
            throw Problem(.malformed, "The query parameter \"period\" is needed: a month, such as 2026-10.")
        }
        let readings = try await installation.metering.readings(of: try await tenant(call).id, in: period)
        return .json([
            "data": .array(
                readings.map { reading in
                    [
                        "day": .string(reading.day.text), "records": JSON(reading.records), "seats": JSON(reading.seats),
                        "storage_bytes": JSON(reading.storageBytes), "mails": JSON(reading.mails), "api_calls": JSON(reading.apiCalls),
                    ]
                })
        ])
    }

    private func list(_ call: Call, _ caller: Operator) async throws -> Reply {
        try await call.invoices(of: try await tenant(call).id, in: installation.invoices)
    }

    private func show(_ call: Call, _ caller: Operator) async throws -> Reply {
        try await call.invoice(of: try await tenant(call).id, in: installation.invoices)
    }

    private func issue(_ call: Call, _ caller: Operator) async throws -> Reply {
        var form = Form(try await call.json(), known: ["period", "reason"])
        let word = form.text("period", maximum: 7)
        let period = word.flatMap(BillingPeriod.init)
        if word != nil, period == nil { form.refuse("period", .format, "This is a month, such as 2026-10.") }
        let reason = form.text("reason")
        try form.finish()
        guard let period else { throw Problem.notFound }
        do {
            let issued = try await Billing(installation).issue(
                try await tenant(call), period, by: Instruction(actor: caller.actor, reason: reason, requestID: call.requestID))
            return .json(["data": .array(issued.map(\.invoice.document))])
        } catch let refusal as Invoices.Refusal {
            throw Problem(.conflict, refusal.message)
        }
    }

    private func settle(_ call: Call, _ caller: Operator) async throws -> Reply {
        var form = Form(try await call.json(), known: ["reason", "reference"])
        let reason = form.text("reason")
        let reference = form.text("reference", required: false)
        try form.finish()
        let (tenant, id) = (try await tenant(call), try call.id())
        _ = try await Billing(installation).settle(
            id, of: tenant, way: "operator", reference: reference ?? caller.actor,
            by: Instruction(actor: caller.actor, reason: reason, requestID: call.requestID))
        return try await call.invoice(of: tenant.id, in: installation.invoices)
    }
}

extension TenantBillingRoutes {
    private static let slug = Parameter("slug", in: .path, ["type": "string"], "The tenant's short name.")
    private static let month: JSON = ["type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"]

    private static let metering = Operation(
        "tenants.metering", "What a tenant had at the end of each day of a month (UTC), and what it did on it", tag: "Billing",
        parameters: [slug, Parameter("period", in: .query, month, required: true, "The month.")],
        responses: [
            200: ResponseDescription(
                "A row for each day that is over and was read.",
                schema: .listSchema(of: ["$ref": "#/components/schemas/MeterReading"], paged: false))
        ])
    private static let list = Operation(
        "tenants.list_invoices", "What a tenant was billed, the newest first", tag: "Billing", parameters: [slug, .limit, .after],
        responses: [200: InvoiceRoutes.page], problems: [.cursor])
    private static let issue = Operation(
        "tenants.issue_invoice", "Bill a tenant for a month that is over; again, it finds what it made", tag: "Billing", parameters: [slug],
        body: BodyDescription(["$ref": "#/components/schemas/InvoiceOrder"]),
        responses: [
            200: ResponseDescription(
                "The month's invoices, one for each currency; none when nothing was to be paid, and for a test tenant.",
                schema: .listSchema(of: Invoice.reference, paged: false))
        ], problems: [.conflict])
    private static let show = Operation(
        "tenants.get_invoice", "An invoice; a browser gets a page to print", tag: "Billing", parameters: [slug, InvoiceRoutes.id],
        responses: [200: InvoiceRoutes.one])
    private static let settle = Operation(
        "tenants.settle_invoice", "Say that an invoice is paid; the first word counts", tag: "Billing",
        parameters: [slug, InvoiceRoutes.id],
        body: BodyDescription(["$ref": "#/components/schemas/Settlement"]), responses: [200: InvoiceRoutes.one])

    private static let count: JSON = ["type": "integer", "minimum": 0]
    private static let reading: [String: JSON] = [
        "day": ["type": "string", "format": "date"], "records": count, "seats": count, "storage_bytes": count, "mails": count,
        "api_calls": count,
    ]

    static let schemas: [String: JSON] = [
        "MeterReading": .objectSchema(reading, required: reading.keys.sorted()),
        "InvoiceOrder": .objectSchema(["period": month, "reason": .textSchema], required: ["period", "reason"]),
        "Settlement": .objectSchema(
            [
                "reason": .textSchema,
                "reference": ["type": ["string", "null"], "maxLength": 500, "description": "By which the payment is found at the bank."],
            ], required: ["reason"]),
    ]
}

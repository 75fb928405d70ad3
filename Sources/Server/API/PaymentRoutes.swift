import CRM
import Foundation
import HTTPTypes
import Payments
import Records
import Secrets
import Tenancy

/// Paying, on pages of the payment provider's, and what the provider tells us: `/v1/billing/checkout`, `/v1/invoices/{id}/checkout`,
/// `/v1/billing/webhook`.
struct PaymentRoutes: Sendable {
    private let installation: Installation
    /// Nil where nobody collects payments.
    private let desk: PaymentDesk?

    init(_ house: House) {
        installation = house.installation
        desk = house.settings.payments
    }

    var endpoints: [Endpoint] {
        [
            .person(.post, "/v1/billing/checkout", Self.subscribe, effect: .pays, subscribe),
            .person(.post, "/v1/invoices/{id}/checkout", Self.pay, effect: .pays, pay),
            .anyone(.post, "/v1/billing/webhook", Self.webhook, receive),
        ]
    }

    private func open() throws(Problem) -> PaymentDesk {
        guard let desk else { throw Problem(.conflict, "Payments are not collected here; ask whoever runs the service how to pay.") }
        return desk
    }

    private func subscribe(_ call: Call, _ person: Person) async throws -> Reply {
        try person.requireBilling()
        return try await call.repeatablyReading(person) {
            var form = Form(try await call.json(), known: ["plan"])
            let name = form.text("plan", maximum: 40)
            try form.finish()
            guard let name, let plan = try await installation.plans.versions(of: name).first else {
                throw Problem.invalid([.init("/plan", .reference, "There is no such plan.")])
            }
            let seats = try await UsageReport(of: person.scope, person.catalog).used[Resource.users] ?? 1
            return RecordAnswer(
                status: 200, body: try await open().checkout(plan, for: person.scope, seats: seats, key: key(call, person)).body)
        }
    }

    private func pay(_ call: Call, _ person: Person) async throws -> Reply {
        try person.requireBilling()
        return try await call.repeatablyReading(person) {
            guard let invoice = try await installation.invoices.find(try call.id(), of: person.tenant.id) else { throw Problem.notFound }
            return RecordAnswer(status: 200, body: try await open().checkout(invoice, for: person.tenant, key: key(call, person)).body)
        }
    }

    /// The provider's key for a request: the caller's own where there is one, so that a repeated request opens one page.
    private func key(_ call: Call, _ person: Person) -> String {
        guard let given = call.headers[.idempotencyKey] else { return UUID().uuidString }
        return Digest.sha256("\(person.tenant.id) \(person.credentialID) \(call.path) \(given)").hex
    }

    private func receive(_ call: Call) async throws -> Reply {
        guard let desk else { throw Problem.notFound }
        try await desk.receive(try await call.bytes(), signature: call.headers[.stripeSignature])
        return .json(["received": true])
    }
}

extension CheckoutPage {
    fileprivate var body: [UInt8] { JSON.object([.init("id", .string(id)), .init("url", .string(url))]).bytes }
}

extension PaymentRoutes {
    private static let page = ResponseDescription(
        "Where to pay: a page of the payment provider's.", schema: ["$ref": "#/components/schemas/CheckoutPage"])
    private static let problems: [Problem.Code] = [.conflict, .overloaded, .idempotencyRunning, .idempotencyMismatch]

    private static let subscribe = Operation(
        "billing.checkout", "Open a page on which a plan is subscribed to, for everyone the account has now", tag: "Plan",
        parameters: [.idempotencyKey], body: BodyDescription(["$ref": "#/components/schemas/PreviewOrder"]), responses: [200: page],
        problems: problems)
    private static let pay = Operation(
        "invoices.checkout", "Open a page on which an invoice is paid", tag: "Plan", parameters: [InvoiceRoutes.id, .idempotencyKey],
        responses: [200: page], problems: problems)
    private static let webhook = Operation(
        "billing.webhook", "Where the payment provider tells what has happened; signed in the header Stripe-Signature", tag: "Plan",
        body: BodyDescription(["type": "object"]),
        responses: [
            200: ResponseDescription(
                "It is kept, and acted upon once.", schema: .objectSchema(["received": ["type": "boolean"]], required: ["received"]))
        ], problems: [.malformed, .notFound])

    static let schemas: [String: JSON] = [
        "CheckoutPage": .objectSchema(["id": ["type": "string"], "url": ["type": "string"]], required: ["id", "url"])
    ]
}

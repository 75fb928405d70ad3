import CRM
import Foundation
import HTTPTypes
import Records
import Tenancy

/// Whom invoices are addressed to: `/v1/billing/account`, for those who run the account's billing.
struct BillingAccountRoutes: Sendable {
    private let accounts: BillingAccounts

    init(_ house: House) {
        accounts = house.installation.billingAccounts
    }

    var endpoints: [Endpoint] {
        [
            .person(.get, "/v1/billing/account", Self.show, show),
            .person(.put, "/v1/billing/account", Self.put, effect: .pays, put),
        ]
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        try person.requireBilling()
        return .json(try await accounts.find(person.tenant.id).document)
    }

    private func put(_ call: Call, _ person: Person) async throws -> Reply {
        try person.requireBilling()
        var form = Form(try await call.json(), known: ["name", "email", "address", "tax_id"])
        var account = BillingAccount()
        account.name = form.text("name", required: false)
        account.email = form.textIfGiven("email")
        if let email = account.email, !EmailAddress.isWellFormed(email) {
            form.refuse("email", .format, "This is an e-mail address such as ann@example.com.")
        }
        account.taxID = form.text("tax_id", required: false, maximum: 40)
        if let place = form.object("address") {
            var inner = Form(place, known: ["street", "city", "region", "postal_code", "country"], at: "/address")
            account.address.street = inner.text("street", required: false)
            account.address.city = inner.text("city", required: false)
            account.address.region = inner.text("region", required: false)
            account.address.postalCode = inner.text("postal_code", required: false, maximum: 20)
            account.country = inner.textIfGiven("country")?.uppercased()
            if let country = account.country, !Country.isKnown(country) {
                inner.refuse("country", .format, "This is a country as ISO 3166 writes it: DE.")
            }
            form.add(inner)
        }
        try form.finish()
        return .json(try await accounts.put(account, of: person.tenant.id).document)
    }
}

extension BillingAccount {
    var document: JSON {
        [
            "name": JSON(name), "email": JSON(email),
            "address": [
                "street": JSON(address.street), "city": JSON(address.city), "region": JSON(address.region),
                "postal_code": JSON(address.postalCode), "country": JSON(country),
            ], "tax_id": JSON(taxID),
            "subscription": subscription.map { subscription in
                [
                    "status": .string(subscription.status.rawValue), "plan": JSON(subscription.plan),
                    "seats": subscription.seats.map { JSON($0) } ?? .null,
                    "paid_until": JSON(subscription.periodEnd.map { Date(timeIntervalSince1970: Double($0)).apiText }),
                    "ends_then": .bool(subscription.endsAtPeriodEnd),
                ]
            } ?? .null,
        ]
    }
}

extension BillingAccountRoutes {
    private static let country: JSON = ["type": ["string", "null"], "pattern": "^[A-Z]{2}$"]
    private static let address: [String: JSON] = [
        "street": .optionalTextSchema, "city": .optionalTextSchema, "region": .optionalTextSchema,
        "postal_code": ["type": ["string", "null"], "maxLength": 20], "country": country,
    ]
    private static let order: [String: JSON] = [
        "name": .optionalTextSchema, "email": ["type": ["string", "null"], "format": "email", "maxLength": 500],
        "tax_id": ["type": ["string", "null"], "maxLength": 40],
        "address": [
            "type": ["object", "null"], "additionalProperties": false,
            "properties": .object(address.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }),
        ],
    ]
    private static let subscription: JSON = [
        "type": ["object", "null"], "additionalProperties": false, "required": ["status", "plan", "seats", "paid_until", "ends_then"],
        "properties": [
            "status": ["type": "string", "enum": JSON(BillingAccount.Status.allCases.map(\.rawValue))],
            "plan": ["type": ["string", "null"]],
            "seats": ["type": ["integer", "null"]], "paid_until": ["type": ["string", "null"], "format": "date-time"],
            "ends_then": ["type": "boolean", "description": "It is not renewed when what is paid ends."],
        ],
        "description": "What the payment provider collects, as it was last read there.",
    ]
    private static let one = ResponseDescription("The account.", schema: ["$ref": "#/components/schemas/BillingAccount"])

    private static let show = Operation(
        "billing.get_account", "Whom invoices are addressed to, and what is collected", tag: "Plan", responses: [200: one])
    private static let put = Operation(
        "billing.put_account", "Say whom invoices are addressed to; the country decides the tax", tag: "Plan",
        body: BodyDescription(["$ref": "#/components/schemas/BillingAddressee"]), responses: [200: one])

    static let schemas: [String: JSON] = [
        "BillingAddressee": .objectSchema(order),
        "BillingAccount": .objectSchema(
            order.merging(["address": .objectSchema(address, required: address.keys.sorted()), "subscription": subscription]) { $1 },
            required: ["name", "email", "address", "tax_id", "subscription"]),
    ]
}

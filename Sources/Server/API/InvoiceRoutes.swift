import CRM
import Foundation
import HTTPTypes
import Records
import Tenancy

/// What the account was billed: `/v1/invoices`, for those who run its billing.
struct InvoiceRoutes: Sendable {
    private let invoices: Invoices

    init(_ house: House) {
        invoices = house.installation.invoices
    }

    var endpoints: [Endpoint] {
        [
            .person(.get, "/v1/invoices", Self.list, list),
            .person(.get, "/v1/invoices/{id}", Self.show, show),
        ]
    }

    private func list(_ call: Call, _ person: Person) async throws -> Reply {
        try person.requireBilling()
        return try await call.invoices(of: person.tenant.id, in: invoices)
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        try person.requireBilling()
        return try await call.invoice(of: person.tenant.id, in: invoices)
    }
}

extension Person {
    /// Refuses with `.forbidden`.
    func requireBilling() throws(Problem) {
        guard rights.admin.billing else { throw Problem(.forbidden, "Only those who run the account's billing may do this.") }
    }
}

extension Call {
    /// A page of a tenant's invoices.
    func invoices(of tenant: UUID, in invoices: Invoices) async throws -> Reply {
        let limit = try query.integer("limit", in: 1...200, otherwise: 50)
        let mark = PageMark(list: "invoices \(tenant)")
        var last: UUID?
        if let cursor = query["after"] {
            last = UUID(text: try mark.last(in: cursor))
            guard last != nil else { throw Problem(.cursor, "This is no cursor of a page; start from the first page.") }
        }
        let found = try await invoices.page(of: tenant, before: last, limit: limit + 1)
        let shown = found.prefix(limit)
        return .page(
            shown.map(\.document), next: found.count > limit ? shown.last.map { mark.text(after: $0.id.uuidString) } : nil, of: self)
    }

    /// One of a tenant's invoices, in the form that is more welcome: JSON, or a page to print.
    func invoice(of tenant: UUID, in invoices: Invoices) async throws -> Reply {
        guard let invoice = try await invoices.find(try id(), of: tenant) else { throw Problem.notFound }
        let form = MediaType.preferred(by: headers[.accept], of: ["application/json", "text/html"])
        var reply = form == "text/html" ? InvoicePage.reply(invoice) : .json(invoice.document)
        reply.headers[.vary] = "Accept"
        return reply
    }
}

extension InvoiceRoutes {
    static let id = Parameter.id("id", "The invoice's id.")
    static let page = ResponseDescription("The newest first.", schema: .listSchema(of: Invoice.reference))
    static let one = ResponseDescription("As JSON, or as a page to print.", schema: Invoice.reference, orForms: ["text/html"])

    private static let list = Operation(
        "invoices.list", "What the account was billed, for those who run its billing", tag: "Plan", parameters: [.limit, .after],
        responses: [200: page], problems: [.cursor])
    private static let show = Operation(
        "invoices.get", "An invoice; a browser gets a page to print", tag: "Plan", parameters: [id], responses: [200: one],
        problems: [.notFound])

    static let schemas: [String: JSON] = ["Invoice": Invoice.schema]
}

import Foundation
import Tenancy

/// Bills tenants: reads what is still to be read of them, and makes the invoices of a period.
package struct Billing: Sendable {
    private let installation: Installation

    package init(_ installation: Installation) { self.installation = installation }

    /// See `Invoices.issue`. Of a tenant whose schema cannot be reached, or is gone, counts what was read before.
    package func issue(_ tenant: Tenant, _ period: BillingPeriod, by instruction: Instruction) async throws -> [(
        invoice: Invoice, isNew: Bool
    )] {
        if tenant.state.allowsReads, tenant.quarantinedReason == nil { _ = try await Meter(installation).catchUp(tenant) }
        return try await installation.invoices.issue(tenant, period, by: instruction)
    }

    /// Says that an invoice is paid. A tenant that was past due, and owes nothing more, is active again. Answers whether this was the first word
    /// of it.
    package func settle(_ id: UUID, of tenant: Tenant, way: String, reference: String, by instruction: Instruction) async throws -> Bool {
        let isFirst = try await installation.invoices.settle(id, of: tenant, way: way, reference: reference, by: instruction)
        guard isFirst, tenant.state == .pastDue, try await installation.invoices.openCount(of: tenant.id) == 0 else { return isFirst }
        let subscription = try await installation.billingAccounts.find(tenant.id).subscription
        guard subscription.map({ $0.status == .active }) ?? true else { return isFirst }
        _ = try await installation.lifecycle.markPaid(tenant.slug, by: instruction)
        return isFirst
    }
}

import Foundation
import Logging
import Payments
import Postgres
import Records
import Secrets
import Tenancy

/// Where payments are ordered and where the provider's events arrive.
///
/// An event is a hint and nothing more. It is kept as it came, once; then what it is about is read from the provider, and the tenant is brought
/// to what was read. So the order in which events come, and how often, makes no difference.
package struct PaymentDesk: Sendable {
    private let installation: Installation
    private let provider: any PaymentProvider
    /// What plans are sold at: the provider's names of their prices.
    private let prices: [String: String]
    private let origin: WebOrigin
    private let log: Logger

    package init(
        _ installation: Installation, _ provider: any PaymentProvider, prices: [String: String], origin: WebOrigin, log: Logger
    ) {
        self.installation = installation
        self.provider = provider
        self.prices = prices
        self.origin = origin
        self.log = log
    }

    // What tenants order.

    /// Opens a page on which a plan is subscribed to, for as many people as the tenant has now.
    ///
    /// - Parameter key: the same key again opens the same page.
    package func checkout(_ plan: Plan, for scope: TenantScope, seats: Int, key: String) async throws -> CheckoutPage {
        guard let price = prices[plan.key.name] else {
            throw Problem.invalid([.init("/plan", .reference, "This plan is not sold here; ask whoever runs the service.")])
        }
        let quantity = plan.terms.price.per == .user ? max(1, seats) : 1
        return try await open(.subscription(price: price, quantity: quantity), for: scope.tenant, key: key)
    }

    /// Opens a page on which an invoice is paid.
    package func checkout(_ invoice: Invoice, for tenant: Tenant, key: String) async throws -> CheckoutPage {
        guard invoice.state == .open else { throw Problem(.conflict, "The invoice \(invoice.number) is paid already.") }
        let content = CheckoutOrder.Content.invoice(
            id: invoice.id.text, title: "Invoice \(invoice.number)", amount: invoice.total, currency: invoice.currency)
        return try await open(content, for: tenant, key: key)
    }

    private func open(_ content: CheckoutOrder.Content, for tenant: Tenant, key: String) async throws -> CheckoutPage {
        do {
            let page = "\(origin.of(tenant.slug))/settings"
            let order = CheckoutOrder(
                customer: try await customer(of: tenant), tenant: tenant.id.text, content: content,
                successURL: "\(page)?paid=yes", cancelURL: page)
            return try await provider.openCheckout(order, key: key)
        } catch let error as PaymentError {
            log.error("A checkout could not be opened.", metadata: ["tenant": "\(tenant.slug)", "error": "\(error)"])
            throw Problem(.overloaded, "Payments cannot be taken at the moment; try again.", retryAfter: 30)
        }
    }

    private func customer(of tenant: Tenant) async throws -> String {
        let account = try await installation.billingAccounts.find(tenant.id)
        if let known = account.customerID { return known }
        let id = tenant.id.text
        let made = try await provider.makeCustomer(
            PaymentCustomer(name: account.name ?? tenant.name, email: account.email ?? tenant.adminEmail, tenant: id),
            key: "customer-\(id)")
        return try await installation.billingAccounts.nameCustomer(made, of: tenant.id)
    }

    // What the provider tells.

    /// Keeps an event and acts upon it. Whatever comes of the second, it is kept: a worker goes on with it. Refuses with `.malformed` what the
    /// provider did not sign.
    package func receive(_ body: [UInt8], signature: String?, now: Date = .now) async throws {
        let event: PaymentEvent
        do {
            event = try provider.event(from: body, signature: signature, now: now)
        } catch PaymentError.forged(let reason) {
            throw Problem(.malformed, reason)
        } catch {
            throw Problem(.malformed, "The body is no event.")
        }
        guard try await installation.paymentEvents.keep(event.id, type: event.type, body) else { return }
        await act(event, attempts: 1)
    }

    /// Acts upon what waits, until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            do {
                while try await actOnNext() {}
            } catch {
                if !Task.isCancelled { log.warning("Events of payments could not be read yet.", metadata: ["error": "\(error)"]) }
            }
            // Cancellation ends the sleep and, with the next look at the condition, the loop.
            try? await Task.sleep(for: .seconds(2))
        }
    }

    /// Whether there was one.
    package func actOnNext() async throws -> Bool {
        guard let waiting = try await installation.paymentEvents.next() else { return false }
        guard let event = PaymentEvent(kept: waiting) else {
            // It was read once when it came.
            try await installation.paymentEvents.done(waiting.id)
            return true
        }
        await act(event, attempts: waiting.attempts)
        return true
    }

    private func act(_ event: PaymentEvent, attempts: Int) async {
        do {
            try await apply(event)
            try await installation.paymentEvents.done(event.id)
        } catch {
            log.warning("An event of a payment waits.", metadata: ["event": "\(event.id)", "error": "\(error)"])
            let delay = Duration.seconds(min(3600, 5 << min(attempts, 10)))
            // If this fails too, the event is anyone's again in a minute.
            try? await installation.paymentEvents.putOff(event.id, by: delay, because: "\(error)")
        }
    }

    private func apply(_ event: PaymentEvent) async throws {
        guard let subject = try await provider.subject(of: event), let customer = subject.customer,
            let reading = try await installation.billingAccounts.beginReading(of: customer)
        else { return }
        let found = try await provider.subscription(of: customer)
        try await installation.billingAccounts.write(found.flatMap { BillingAccount.Subscription($0, prices) }, reading)
        if let paid = subject.paid, let id = UUID(text: paid.id),
            let tenant = try await installation.directory.find(slug: reading.slug)
        {
            _ = try await Billing(installation).settle(
                id, of: tenant, way: provider.name, reference: paid.reference, by: instruction("An invoice is paid."))
        }
        try await enforce(reading)
    }

    /// Brings the tenant to what is known. What is known may change meanwhile; whoever changed it does the same, and the last one sees it all.
    private func enforce(_ reading: BillingAccounts.Reading) async throws {
        while let known = try await installation.billingAccounts.known(reading.tenantID) {
            guard let tenant = try await installation.directory.find(slug: reading.slug) else { return }
            try await bring(tenant, to: known.account.subscription)
            let later = try await installation.billingAccounts.known(reading.tenantID)
            if later?.applied == known.applied { return }
        }
    }

    private func bring(_ tenant: Tenant, to subscription: BillingAccount.Subscription?) async throws {
        guard let subscription else { return }
        let lifecycle = installation.lifecycle
        switch subscription.status {
        case .active, .trialing:
            var tenant = tenant
            if tenant.state == .suspended, try await installation.audit.wasSuspendedByCalendar(tenant.slug) {
                tenant = try await lifecycle.resume(tenant.slug, by: instruction("The subscription is paid."))
            }
            if tenant.state == .trial || tenant.state == .pastDue {
                tenant = try await lifecycle.markPaid(tenant.slug, by: instruction("The subscription is paid."))
            }
            if let plan = subscription.plan, plan != tenant.plan.name, tenant.state.allowsWrites {
                _ = try await installation.changePlan(
                    of: tenant.slug, to: PlanChange(plan: plan), by: instruction("The plan was subscribed to."))
            }
        case .pastDue, .unpaid, .canceled:
            guard tenant.state == .active else { return }
            _ = try await lifecycle.markPastDue(
                tenant.slug,
                by: instruction(subscription.status == .canceled ? "The subscription has ended." : "A payment has failed."))
        case .incomplete, .incompleteExpired, .paused: return
        }
    }

    private func instruction(_ reason: String) -> Instruction { Instruction(actor: provider.name, reason: reason) }
}

extension PaymentEvent {
    /// Read back from what was kept when it came.
    fileprivate init?(kept waiting: PaymentEvents.Waiting) {
        // What was kept had been read; if a later release cannot read it, nobody can.
        guard let body = try? JSON(parsing: waiting.body), let object = body["data"]?["object"] else { return nil }
        self.init(
            id: waiting.id, type: body["type"]?.string ?? "", objectKind: object["object"]?.string ?? "", objectID: object["id"]?.string)
    }
}

extension BillingAccount.Subscription {
    /// Nil for one in a state that we do not know.
    fileprivate init?(_ found: PaymentSubscription, _ prices: [String: String]) {
        guard let status = BillingAccount.Status(rawValue: found.status) else { return nil }
        self.init(
            id: found.id, status: status, plan: found.price.flatMap { price in prices.first { $0.value == price }?.key },
            seats: found.quantity, periodEnd: found.periodEnd, endsAtPeriodEnd: found.endsAtPeriodEnd)
    }
}

import Foundation

/// Who collects payments for us. It knows our tenants as customers, and tells of what happens by events, which are only hints: what is true is
/// asked for.
package protocol PaymentProvider: Sendable {
    /// As our records name it: `stripe`.
    var name: String { get }

    /// Makes a customer and answers its id; the same key again finds the same one.
    func makeCustomer(_ customer: PaymentCustomer, key: String) async throws(PaymentError) -> String

    /// Opens a page on which a customer pays; the same key again finds the same one.
    func openCheckout(_ order: CheckoutOrder, key: String) async throws(PaymentError) -> CheckoutPage

    /// What a customer has subscribed to now: what is collected, else what was last; nil when there was never anything.
    func subscription(of customer: String) async throws(PaymentError) -> PaymentSubscription?

    /// What an event is about, as it is now; nil when it is nothing of ours, or no longer there.
    func subject(of event: PaymentEvent) async throws(PaymentError) -> PaymentSubject?

    /// Reads what came to our address. Refuses with `.forged` what the provider did not sign, or signed long before or after `now`.
    func event(from body: [UInt8], signature: String?, now: Date) throws(PaymentError) -> PaymentEvent
}

/// Whom the provider is to know.
package struct PaymentCustomer: Sendable {
    package let name: String
    package let email: String
    /// By which we find it again.
    package let tenant: String

    package init(name: String, email: String, tenant: String) {
        self.name = name
        self.email = email
        self.tenant = tenant
    }
}

/// What is to be paid on a page of the provider's.
package struct CheckoutOrder: Sendable {
    package enum Content: Sendable {
        /// Month after month, for so many people.
        case subscription(price: String, quantity: Int)
        /// Once. The amount is a decimal with the digits of its currency.
        case invoice(id: String, title: String, amount: String, currency: String)
    }

    package let customer: String
    package let tenant: String
    package let content: Content
    /// Where the customer is led afterwards.
    package let successURL: String
    package let cancelURL: String

    package init(customer: String, tenant: String, content: Content, successURL: String, cancelURL: String) {
        self.customer = customer
        self.tenant = tenant
        self.content = content
        self.successURL = successURL
        self.cancelURL = cancelURL
    }
}

/// A page of the provider's on which something is paid.
package struct CheckoutPage: Sendable, Hashable {
    package let id: String
    package let url: String
}

/// A subscription as the provider has it.
package struct PaymentSubscription: Sendable, Hashable {
    package let id: String
    /// In the provider's words; see Stripe's "subscription status".
    package let status: String
    package let price: String?
    package let quantity: Int?
    /// Until when it is paid, in seconds after 1970.
    package let periodEnd: Int?
    package let endsAtPeriodEnd: Bool
}

/// Something the provider says has happened.
package struct PaymentEvent: Sendable, Hashable {
    package let id: String
    package let type: String
    /// What it is about.
    package let objectKind: String
    package let objectID: String?

    package init(id: String, type: String, objectKind: String, objectID: String?) {
        self.id = id
        self.type = type
        self.objectKind = objectKind
        self.objectID = objectID
    }
}

/// What an event is about, read from the provider.
package struct PaymentSubject: Sendable, Hashable {
    package let customer: String?
    package let paid: PaidInvoice?

    /// One of our invoices that is paid, and by which the payment is found there.
    package struct PaidInvoice: Sendable, Hashable {
        package let id: String
        package let reference: String
    }
}

/// Why the provider did not do what it was asked.
package enum PaymentError: Error, Sendable, Equatable {
    /// It was not the provider who said this.
    case forged(String)
    /// It answered with a refusal, in its words.
    case refused(status: Int, String)
    /// It cannot be reached or does not answer as it says it does.
    case unavailable(String)
    /// The task was cancelled.
    case cancelled
}

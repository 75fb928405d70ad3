import Foundation
import Outgoing
import Secrets

/// Stripe, by its public API (docs.stripe.com/api), pinned to one version of it.
package struct Stripe: PaymentProvider {
    private let key: String
    private let webhookSecrets: [String]
    private let base: String
    private let client: OutgoingClient

    package let name = "stripe"

    /// The version whose shapes are read here.
    static let version = "2025-03-31.basil"

    /// - Parameters:
    ///   - webhookSecrets: what events are signed with: one, or two while it is changed.
    ///   - base: where it answers, without a slash at the end.
    package init(key: String, webhookSecrets: [String], base: String = "https://api.stripe.com") {
        self.key = key
        self.webhookSecrets = webhookSecrets
        self.base = base
        client = OutgoingClient()
    }

    package func makeCustomer(_ customer: PaymentCustomer, key: String) async throws(PaymentError) -> String {
        let made: StripeObject = try await post(
            "/v1/customers", [("name", customer.name), ("email", customer.email), ("metadata[tenant]", customer.tenant)], key: key)
        return made.id
    }

    package func openCheckout(_ order: CheckoutOrder, key: String) async throws(PaymentError) -> CheckoutPage {
        var form = [
            ("customer", order.customer), ("client_reference_id", order.tenant), ("metadata[tenant]", order.tenant),
            ("success_url", order.successURL), ("cancel_url", order.cancelURL),
        ]
        switch order.content {
        case .subscription(let price, let quantity):
            form += [
                ("mode", "subscription"), ("line_items[0][price]", price), ("line_items[0][quantity]", String(quantity)),
                ("subscription_data[metadata][tenant]", order.tenant),
            ]
        case .invoice(let id, let title, let amount, let currency):
            form += [
                ("mode", "payment"), ("metadata[invoice]", id), ("payment_intent_data[metadata][invoice]", id),
                ("line_items[0][quantity]", "1"), ("line_items[0][price_data][currency]", currency.lowercased()),
                ("line_items[0][price_data][unit_amount]", Self.smallestUnits(amount)),
                ("line_items[0][price_data][product_data][name]", title),
            ]
        }
        let session: StripeSession = try await post("/v1/checkout/sessions", form, key: key)
        guard let url = session.url else { throw .unavailable("Stripe opened a checkout without an address.") }
        return CheckoutPage(id: session.id, url: url)
    }

    /// `28.56` as 2856: Stripe counts the smallest units of a currency.
    static func smallestUnits(_ amount: String) -> String {
        let digits = amount.filter { $0 != "." }.drop { $0 == "0" }
        return digits.isEmpty ? "0" : String(digits)
    }

    package func subscription(of customer: String) async throws(PaymentError) -> PaymentSubscription? {
        let query = [("customer", customer), ("status", "all"), ("limit", "100")]
        let list: StripeList<StripeSubscription> = try await get("/v1/subscriptions?\(Self.encoded(query))")
        return list.data.min { $0.precedes($1) }.map { subscription in
            let item = subscription.items?.data.first
            return PaymentSubscription(
                id: subscription.id, status: subscription.status, price: item?.price?.id, quantity: item?.quantity,
                periodEnd: item?.currentPeriodEnd ?? subscription.currentPeriodEnd,
                endsAtPeriodEnd: subscription.cancelAtPeriodEnd ?? false)
        }
    }

    package func subject(of event: PaymentEvent) async throws(PaymentError) -> PaymentSubject? {
        guard let id = event.objectID else { return nil }
        do throws(PaymentError) {
            switch event.objectKind {
            case "subscription":
                let subscription: StripeSubscription = try await get("/v1/subscriptions/\(Self.encoded(id))")
                return PaymentSubject(customer: subscription.customer?.id, paid: nil)
            case "invoice":
                let invoice: StripeInvoice = try await get("/v1/invoices/\(Self.encoded(id))")
                return PaymentSubject(customer: invoice.customer?.id, paid: nil)
            case "checkout.session":
                let session: StripeSession = try await get("/v1/checkout/sessions/\(Self.encoded(id))")
                let isPaid = session.mode == "payment" && session.paymentStatus == "paid"
                let paid = (isPaid ? session.metadata?["invoice"] : nil).map {
                    PaymentSubject.PaidInvoice(id: $0, reference: session.paymentIntent?.id ?? session.id)
                }
                return PaymentSubject(customer: session.customer?.id, paid: paid)
            default: return nil
            }
        } catch {
            // What is gone there tells nothing any more.
            if case .refused(404, _) = error { return nil }
            throw error
        }
    }

    package func event(from body: [UInt8], signature: String?, now: Date) throws(PaymentError) -> PaymentEvent {
        try StripeSignature(secrets: webhookSecrets).check(body, signature, now: now)
        let event: StripeEvent = try Self.read(body)
        return PaymentEvent(id: event.id, type: event.type, objectKind: event.data.object.object ?? "", objectID: event.data.object.id)
    }

    // How it is spoken to.

    private func get<Answer: Decodable>(_ path: String) async throws(PaymentError) -> Answer {
        try await send(OutgoingRequest(.get, base + path, headers: headers))
    }

    private func post<Answer: Decodable>(_ path: String, _ form: [(String, String)], key: String) async throws(PaymentError) -> Answer {
        let own = [("content-type", "application/x-www-form-urlencoded"), ("idempotency-key", key)]
        return try await send(
            OutgoingRequest(
                .post, base + path, headers: headers + own.map { (name: $0.0, value: $0.1) }, body: Array(Self.encoded(form).utf8)))
    }

    private var headers: [(name: String, value: String)] {
        [("authorization", "Bearer \(key)"), ("stripe-version", Self.version), ("accept", "application/json")]
    }

    private static let pauses: [Duration] = [.milliseconds(200), .seconds(1)]

    /// Once more, and once more, when it is busy or the network failed: reads change nothing, and writes have a key.
    private func send<Answer: Decodable>(_ request: OutgoingRequest) async throws(PaymentError) -> Answer {
        var failure = PaymentError.unavailable("")
        for pause in Self.pauses + [nil] as [Duration?] {
            do {
                let response = try await client.send(request)
                if (200..<300).contains(response.status) { return try Self.read(response.body) }
                failure = Self.refusal(response)
                guard response.status >= 500 || response.status == 429 || response.status == 409 else { throw failure }
            } catch let error as PaymentError {
                throw error
            } catch OutgoingError.cancelled {
                throw .cancelled
            } catch {
                failure = .unavailable("Stripe cannot be reached: \(error)")
            }
            guard let pause else { break }
            // Those who failed together shall not come again together.
            do { try await Task.sleep(for: pause * Double.random(in: 0.5...1.5)) } catch { throw .cancelled }
        }
        throw failure
    }

    private static func refusal(_ response: OutgoingResponse) -> PaymentError {
        // What is no refusal of its form is told by its status alone.
        let words = (try? JSONDecoder().decode(StripeRefusal.self, from: Data(response.body)))?.error.message
        return .refused(status: response.status, words ?? "status \(response.status)")
    }

    private static func read<Answer: Decodable>(_ body: [UInt8]) throws(PaymentError) -> Answer {
        do {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(Answer.self, from: Data(body))
        } catch {
            throw .unavailable("Stripe's answer is not what its documents say: \(error)")
        }
    }

    private static func encoded(_ form: [(String, String)]) -> String {
        form.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}

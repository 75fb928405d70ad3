import CRM
import Foundation
import Logging
import Payments
import Settings
import Tenancy

extension PaymentDesk {
    /// Nil where the settings name nobody who collects payments. Refuses with what is missing or wrong in them.
    init?(_ installation: Installation, _ settings: Settings, log: Logger) throws {
        guard let key = settings.stripeSecretKey else { return nil }
        guard let secret = settings.stripeWebhookSecret else {
            throw Refusal("`billing.stripe.secret_key` is set, and `billing.stripe.webhook_secret` is not.", .wrongSettings)
        }
        guard let base = URL(string: settings.stripeAPIBase), ["http", "https"].contains(base.scheme), base.host() != nil else {
            throw Refusal("`billing.stripe.api_base`: `\(settings.stripeAPIBase)` is no address like `https://host`.", .wrongSettings)
        }
        let prices = settings.stripePrices.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        let address = settings.stripeAPIBase
        self.init(
            installation,
            Stripe(
                key: key, webhookSecrets: secret.split(separator: " ").map(String.init),
                base: address.hasSuffix("/") ? String(address.dropLast()) : address),
            prices: Dictionary(prices.map { ($0[0], $0[1]) }) { _, last in last }, origin: WebOrigin(settings), log: log)
    }
}

import Foundation
import Postgres

/// What a version of a plan says: how much of what, how often, which features, for how much.
package struct PlanTerms: Sendable, Hashable {
    /// By resource; what is not here is unlimited.
    package let limits: [String: Int]
    /// By name; what is not here is unlimited.
    package let rates: [String: Int]
    package let features: [String: Bool]
    package let price: PlanPrice

    package init(limits: [String: Int], rates: [String: Int], features: [String: Bool], price: PlanPrice) {
        self.limits = limits
        self.rates = rates
        self.features = features
        self.price = price
    }

    /// Rates that a plan may name.
    package static let rates = [
        "api_burst_per_second", "api_per_day", "credential_burst_per_second", "credential_per_day", "statement_seconds",
    ]

    /// As a JSON object, as the control schema keeps it.
    var text: String {
        func sorted<Value>(_ values: [String: Value]) -> String {
            .object(values.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") })
        }
        let price: String = .object([
            ("amount", "\"\(price.amount)\""), ("currency", "\"\(price.currency)\""), ("per", "\"\(price.per.rawValue)\""),
        ])
        return .object([("limits", sorted(limits)), ("rates", sorted(rates)), ("features", sorted(features)), ("price", price)])
    }
}

/// What a month costs.
package struct PlanPrice: Sendable, Hashable, Codable {
    /// A decimal with the digits of its currency.
    package let amount: String
    /// ISO 4217.
    package let currency: String
    package let per: Payer

    /// What is paid for.
    package enum Payer: String, Sendable, Hashable, Codable, CaseIterable {
        case user
        /// The account as a whole.
        case tenant
    }

    package init(amount: String, currency: String, per: Payer = .user) {
        self.amount = amount
        self.currency = currency
        self.per = per
    }
}

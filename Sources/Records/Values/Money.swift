/// An amount in a currency, as a body writes it: `{"amount":"1200.50","currency":"EUR"}`.
package struct Money: Sendable, Hashable {
    /// A decimal as PostgreSQL reads it.
    package let amount: String
    /// ISO 4217.
    package let currency: String

    package var isNegative: Bool { amount.hasPrefix("-") }

    /// The amount with all the digits of its currency: `9.50`.
    package var printed: String {
        let digits = CurrencyCode.minorDigits(currency)
        let parts = amount.split(separator: ".", maxSplits: 1)
        guard digits > 0 else { return amount }
        let decimals = parts.count == 2 ? String(parts[1]) : ""
        return "\(parts[0])." + decimals + String(repeating: "0", count: max(0, digits - decimals.count))
    }

    /// Refuses with `.invalid` anything else, null included, in the words and with the pointers of a field that holds money.
    package init(_ value: JSON, at pointer: String) throws(Problem) {
        let shown: JSON
        do throws(Refused) {
            shown = try FieldKind.money(currency: nil).read(value, at: pointer).shown
        } catch {
            throw .invalid(error.errors)
        }
        guard let amount = shown["amount"]?.string, let currency = shown["currency"]?.string else {
            throw .invalid([.init(pointer, .required, "This is needed.")])
        }
        self.amount = amount
        self.currency = currency
    }
}

/// An amount in a currency, as a body writes it: `{"amount":"1200.50","currency":"EUR"}`.
package struct Money: Sendable, Hashable {
    /// A decimal as PostgreSQL reads it.
    package let amount: String
    /// ISO 4217.
    package let currency: String

    package var isNegative: Bool { amount.hasPrefix("-") }

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

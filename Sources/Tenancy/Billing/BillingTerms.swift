/// On what terms this installation bills its tenants; from the settings.
package struct BillingTerms: Sendable, Hashable {
    /// Who bills: the firm's name and then its address, line by line. Empty: nobody does, and no invoice is made.
    package var seller: [String] = []
    /// The seller's number for tax, as it has to stand on an invoice.
    package var sellerTaxID: String?
    /// Where a tenant is taken to be that has not said where it is (ISO 3166).
    package var country: String?
    /// Per cent by country, decimals; elsewhere there is no tax.
    package var taxRates: [String: ExactDecimal] = [:]
    /// What stands before the year in an invoice's number.
    package var numberPrefix = ""
    /// How long a tenant may take to pay.
    package var paymentDays = 14
    /// How to pay, as it stands at the foot of an invoice.
    package var note: String?

    package init() {}

    /// `DE=19` as country and per cent; nil for anything else.
    package static func taxRate(_ text: String) -> (country: String, rate: ExactDecimal)? {
        let halves = text.split(separator: "=", omittingEmptySubsequences: false)
        guard halves.count == 2, halves[0].wholeMatch(of: /[A-Z]{2}/) != nil, let rate = ExactDecimal(halves[1]), rate.units >= 0,
            rate.scale <= 4, rate.rounded(to: 0).units <= 100
        else { return nil }
        return (String(halves[0]), rate)
    }
}

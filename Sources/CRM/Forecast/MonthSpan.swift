import Records

/// Months from one to another, both included.
package struct MonthSpan: Sendable, Hashable {
    package let from: Month
    package let to: Month

    package static let longest = 60

    /// What a query asks for. Without both it is the fiscal year of today; with one it reaches to the other end of the fiscal year in which
    /// that lies. Refuses with `.malformed` what is no month, the wrong way round or longer than 60 months.
    package init(from: String?, to: String?, fiscalYearStart: String, today: Month) throws(Problem) {
        let (first, last) = (try Self.month("from", from), try Self.month("to", to))
        self.from = first ?? (last ?? today).startOfFiscalYear(fiscalYearStart)
        self.to = last ?? (first ?? today).startOfFiscalYear(fiscalYearStart).advanced(by: 11)
        guard self.from <= self.to, self.to.distance(from: self.from) < Self.longest else {
            throw Problem(.malformed, "The months go from the earlier to the later, at most \(Self.longest) of them.")
        }
    }

    private static func month(_ name: String, _ text: String?) throws(Problem) -> Month? {
        guard let text else { return nil }
        guard let month = Month(text) else { throw Problem(.malformed, "The query parameter \"\(name)\" is a month such as 2026-10.") }
        return month
    }
}

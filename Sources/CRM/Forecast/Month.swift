import Records
import Recurrence

/// A month of the calendar, as `2026-10`.
package struct Month: Sendable, Hashable, Comparable {
    /// Months after January of the year 0.
    private let number: Int

    private init(number: Int) { self.number = number }

    /// `YYYY-MM` and nothing else; nil when there is no such month.
    package init?(_ text: String) {
        guard CivilDate.isWellFormed(text + "-01"), let year = Int(text.prefix(4)), let month = Int(text.suffix(2)) else { return nil }
        number = year * 12 + month - 1
    }

    /// The month in which a day (`YYYY-MM-DD`) lies.
    package init?(ofDay day: String) {
        guard CivilDate.isWellFormed(day) else { return nil }
        self.init(String(day.prefix(7)))
    }

    package var text: String {
        let (year, month) = (String(number / 12), String(number % 12 + 1))
        return String(repeating: "0", count: max(0, 4 - year.count)) + year + (month.count == 1 ? "-0" : "-") + month
    }

    /// `2026-10-01`
    package var firstDay: String { text + "-01" }

    package func advanced(by months: Int) -> Month { Month(number: number + months) }

    /// How many months later than the other.
    package func distance(from other: Month) -> Int { number - other.number }

    package static func < (left: Month, right: Month) -> Bool { left.number < right.number }

    /// The first month of the fiscal year that this one belongs to; `start` is the setting `fiscal_year_start`, `MM-DD`, of which the month
    /// counts.
    package func startOfFiscalYear(_ start: String) -> Month {
        let first = (Int(start.prefix(2)) ?? 1) - 1
        return advanced(by: -((number % 12 - first + 12) % 12))
    }
}

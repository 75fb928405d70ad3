import Foundation
import Recurrence

/// A month of the calendar, by Greenwich, for which tenants are billed: `2026-10`.
package struct BillingPeriod: Sendable, Hashable, Comparable {
    package let month: CivilMonth

    private init(_ month: CivilMonth) { self.month = month }

    /// `YYYY-MM` and nothing else; nil when there is no such month.
    package init?(_ text: String) {
        guard let first = CivilDate(text + "-01") else { return nil }
        self.init(first.month)
    }

    /// The month of a day.
    package init(of day: CivilDate) { self.init(day.month) }

    package var text: String { String(first.text.prefix(7)) }
    package var first: CivilDate { CivilDate(number: day.number - day.parts.day + 1) }
    package var last: CivilDate { first.adding(days: length - 1) }
    package var length: Int { month.length }
    package var days: [CivilDate] { (0..<length).map { first.adding(days: $0) } }
    package var previous: BillingPeriod { BillingPeriod(of: first.adding(days: -1)) }
    package var next: BillingPeriod { BillingPeriod(of: last.adding(days: 1)) }

    /// Some day of it.
    private var day: CivilDate {
        // Every month has a first day, and only months of real days are made.
        CivilDate(year: month.year, month: month.month, day: 1) ?? .first
    }

    package static func < (left: Self, right: Self) -> Bool { left.month < right.month }
}

extension CivilDate {
    /// The day of an instant by Greenwich.
    package init(utc instant: Date) { self.init(number: Int((instant.timeIntervalSince1970 / 86_400).rounded(.down))) }
}

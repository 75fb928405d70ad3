import Foundation

/// How something comes again: "on the last Friday of every second month", as iCalendar (RFC 5545) writes it.
///
/// It means what python-dateutil 2.9 makes of the same text, which for odd combinations is more definite than the RFC:
/// - What is not said follows from the start: a yearly rule without days has the start's month and day, a monthly one its day, a weekly one
///   its weekday. A day that a month or year does not have is left out, never moved.
/// - All parts must hold at once. So `BYDAY=MO,1TU` is never: a Monday that is the first Tuesday. Ordinals count for nothing in daily and
///   weekly rules; in a yearly rule with BYMONTH they count within the month.
/// - BYSETPOS counts within the period. The first week of a weekly rule is only what is left of it from the start on.
/// - COUNT and UNTIL may both be there: the first that is reached ends it. UNTIL is included; a date alone means its midnight.
///
/// Foundation's `Calendar.RecurrenceRule` is not used: it leaves out or repeats days of plain rules, and is slow (see DECISIONS.md).
package struct RecurrenceRule: Sendable, Hashable {
    package enum Frequency: String, CaseIterable, Sendable {
        case daily = "DAILY"
        case weekly = "WEEKLY"
        case monthly = "MONTHLY"
        case yearly = "YEARLY"
    }

    /// The third Friday, or the last but one (-2), of a month or year.
    package struct NthWeekday: Sendable, Hashable {
        package let ordinal: Int
        package let weekday: Weekday
    }

    package enum End: Sendable, Hashable {
        /// By the clocks of the place.
        case local(CivilMoment)
        case instant(Date)
    }

    package let frequency: Frequency
    /// 1 is every period, 2 every second.
    package let interval: Int
    /// 1 to 12, in order; empty: all.
    package let months: [Int]
    /// 1 to 31 and, from the end, -1 to -31, in order; empty: all, or the start's.
    package let monthDays: [Int]
    package let weekdays: [Weekday]
    package let nthWeekdays: [NthWeekday]
    /// Which of a period's days, 1 to 366 and, from the end, -1 to -366, in order; empty: all.
    package let positions: [Int]
    package let count: Int?
    package let until: End?
    package let weekStart: Weekday

    /// Says each thing once and in order, and leaves out what makes no difference, so that rules with one meaning are equal.
    init(
        _ frequency: Frequency, interval: Int, months: Set<Int>, monthDays: Set<Int>, weekdays: Set<Weekday>, nthWeekdays: Set<NthWeekday>,
        positions: Set<Int>, count: Int?, until: End?, weekStart: Weekday
    ) {
        let countsWeekdays = frequency == .monthly || frequency == .yearly
        self.frequency = frequency
        self.interval = interval
        self.months = months.sorted()
        self.monthDays = monthDays.sorted()
        self.weekdays = (countsWeekdays ? weekdays : weekdays.union(nthWeekdays.map(\.weekday))).sorted { $0.rawValue < $1.rawValue }
        self.nthWeekdays = (countsWeekdays ? nthWeekdays : []).sorted {
            ($0.ordinal, $0.weekday.rawValue) < ($1.ordinal, $1.weekday.rawValue)
        }
        self.positions = positions.sorted()
        self.count = count
        self.until = until
        self.weekStart = frequency == .weekly && (interval > 1 || !positions.isEmpty) ? weekStart : .monday
    }

    /// The rule as it is stored and shown.
    package var text: String {
        var parts = ["FREQ=\(frequency.rawValue)"]
        func add(_ name: String, _ values: [String]) {
            if !values.isEmpty { parts.append("\(name)=\(values.joined(separator: ","))") }
        }
        add("INTERVAL", interval == 1 ? [] : [String(interval)])
        add("BYMONTH", months.map(String.init))
        add("BYMONTHDAY", monthDays.map(String.init))
        add("BYDAY", weekdays.map(\.code) + nthWeekdays.map { "\($0.ordinal)\($0.weekday.code)" })
        add("BYSETPOS", positions.map(String.init))
        add("COUNT", count.map { [String($0)] } ?? [])
        switch until {
        case .local(let moment): add("UNTIL", [moment.basicText])
        case .instant(let instant): add("UNTIL", [CivilMoment(utc: instant).basicText + "Z"])
        case nil: break
        }
        add("WKST", weekStart == .monday ? [] : [weekStart.code])
        return parts.joined(separator: ";")
    }
}

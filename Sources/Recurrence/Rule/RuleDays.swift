/// Which days a rule keeps once its start is known.
struct RuleDays: Sendable {
    /// Bits 1 to 12; none: all.
    private let months: UInt16
    /// Bits 1 to 31.
    private let monthDays: UInt32
    /// Bits 1 to 31, the last day of a month first.
    private let monthDaysFromEnd: UInt32
    private let weekdays: [Weekday]
    private let nthWeekdays: [RecurrenceRule.NthWeekday]
    /// The third Friday of the year, not of a month.
    private let countsInYear: Bool

    init(_ rule: RecurrenceRule, start: CivilDate) {
        let (_, month, day) = start.parts
        let saysDays = !rule.monthDays.isEmpty || !rule.weekdays.isEmpty || !rule.nthWeekdays.isEmpty
        let followsDay = !saysDays && (rule.frequency == .monthly || rule.frequency == .yearly)
        let followsMonth = !saysDays && rule.frequency == .yearly && rule.months.isEmpty
        months = (followsMonth ? [month] : rule.months).reduce(0) { $0 | 1 << UInt16($1) }
        monthDays = (followsDay ? [day] : rule.monthDays.filter { $0 > 0 }).reduce(0) { $0 | 1 << UInt32($1) }
        monthDaysFromEnd = rule.monthDays.filter { $0 < 0 }.reduce(0) { $0 | 1 << UInt32(-$1) }
        weekdays = !saysDays && rule.frequency == .weekly ? [start.weekday] : rule.weekdays
        nthWeekdays = rule.nthWeekdays
        countsInYear = rule.frequency == .yearly && rule.months.isEmpty
    }

    func keeps(_ date: CivilDate) -> Bool {
        let (year, month, day) = date.parts
        return days(of: CivilMonth(year, month)) & 1 << UInt32(day) != 0
    }

    /// Nil when there is none up to the year 9999, or in 400 years, after which the calendar repeats itself.
    func first(onOrAfter date: CivilDate) -> CivilDate? {
        let (year, month, day) = date.parts
        var (this, from) = (CivilMonth(year, month), UInt32.max << UInt32(day))
        for _ in 0...4_800 where this.year <= 9999 {
            let kept = days(of: this) & from
            if kept != 0 { return this.date(kept.trailingZeroBitCount) }
            (this, from) = (CivilMonth(number: this.number + 1), .max)
        }
        return nil
    }

    /// As bits.
    func days(of month: CivilMonth) -> UInt32 {
        guard months == 0 || months & 1 << UInt16(month.month) != 0 else { return 0 }
        var days = month.all
        if monthDays != 0 || monthDaysFromEnd != 0 {
            days &= SetBits(monthDaysFromEnd).reduce(monthDays) { $1 <= month.length ? $0 | 1 << UInt32(month.length + 1 - $1) : $0 }
        }
        if !weekdays.isEmpty { days &= weekdays.reduce(0) { $0 | month.all($1) } }
        if !nthWeekdays.isEmpty { days &= countsInYear ? counted(inYearOf: month) : counted(in: month) }
        return days
    }

    private func counted(in month: CivilMonth) -> UInt32 {
        nthWeekdays.reduce(0) { days, nth in
            let all = Array(SetBits(month.all(nth.weekday)))
            let index = nth.ordinal > 0 ? nth.ordinal - 1 : all.count + nth.ordinal
            return all.indices.contains(index) ? days | 1 << UInt32(all[index]) : days
        }
    }

    private func counted(inYearOf month: CivilMonth) -> UInt32 {
        let first = CivilMonth(month.year, 1).first
        let last = CivilMonth(month.year, 12).date(31)
        return nthWeekdays.reduce(0) { days, nth in
            let date =
                nth.ordinal > 0
                ? first.adding(days: nth.weekday.days(after: first.weekday) + (nth.ordinal - 1) * 7)
                : last.adding(days: (nth.ordinal + 1) * 7 - last.weekday.days(after: nth.weekday))
            let day = date.number - month.first.number + 1
            return (1...month.length).contains(day) ? days | 1 << UInt32(day) : days
        }
    }
}

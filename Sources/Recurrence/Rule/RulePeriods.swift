/// The days, weeks, months or years of a rule, numbered from the start's, and the days that each of them keeps.
struct RulePeriods: Sendable {
    private let rule: RecurrenceRule
    private let start: CivilDate
    private let days: RuleDays
    /// The first day of the week of the start.
    private let week: CivilDate
    /// After so many periods the calendar repeats itself (every 400 years are 146,097 days or 20,871 weeks): so many in a row without a
    /// day, and there will never be one.
    let cycle: Int

    init(_ rule: RecurrenceRule, start: CivilDate) {
        self.rule = rule
        self.start = start
        days = RuleDays(rule, start: start)
        week = start.adding(days: -start.weekday.days(after: rule.weekStart))
        // The longest is how many days a period keeps at most.
        let (whole, longest) =
            switch rule.frequency {
            case .daily: (146_097, 1)
            case .weekly: (20_871, !rule.weekdays.isEmpty ? rule.weekdays.count : rule.monthDays.isEmpty ? 1 : 7)
            case .monthly: (4_800, 31)
            case .yearly: (400, 366)
            }
        let asksTooMuch = !rule.positions.isEmpty && rule.positions.allSatisfy { abs($0) > longest }
        cycle = asksTooMuch ? 0 : whole / Self.commonDivisor(whole, rule.interval)
    }

    /// The last period that begins on a day or before it; 0 before the start.
    func index(of date: CivilDate) -> Int {
        let distance =
            switch rule.frequency {
            case .daily: date.number - start.number
            case .weekly: (date.number - week.number) / 7
            case .monthly: date.month.number - start.month.number
            case .yearly: date.parts.year - start.parts.year
            }
        return max(0, distance / rule.interval)
    }

    /// The days that a period keeps, in order, none before the start; nil beyond the year 9999.
    func days(of index: Int) -> [CivilDate]? {
        let distance = index * rule.interval
        let all: [CivilDate]
        switch rule.frequency {
        case .daily:
            guard let day = within(start.adding(days: distance)) else { return nil }
            all = days.keeps(day) ? [day] : []
        case .weekly:
            guard let first = within(index == 0 ? start : week.adding(days: distance * 7)) else { return nil }
            let end = week.adding(days: distance * 7 + 7)
            all = (first.number..<end.number).map(CivilDate.init(number:)).filter { $0 <= .last && days.keeps($0) }
        case .monthly:
            let month = CivilMonth(number: start.month.number + distance)
            guard month.year <= 9999 else { return nil }
            all = kept(in: month)
        case .yearly:
            let year = start.parts.year + distance
            guard year <= 9999 else { return nil }
            all = (1...12).flatMap { kept(in: CivilMonth(year, $0)) }
        }
        return chosen(all).filter { $0 >= start }
    }

    /// The next period that may keep a day, after one that does not; nil when there is none. Days and weeks are passed over up to the next
    /// day that the rule keeps.
    func index(afterEmpty index: Int) -> Int? {
        let next = index + 1
        let first: CivilDate
        switch rule.frequency {
        case .daily: first = start.adding(days: next * rule.interval)
        case .weekly: first = week.adding(days: next * rule.interval * 7)
        case .monthly, .yearly: return next
        }
        return days.first(onOrAfter: first).map { max(next, self.index(of: $0)) }
    }

    private func within(_ date: CivilDate) -> CivilDate? { date <= .last ? date : nil }

    private func kept(in month: CivilMonth) -> [CivilDate] { SetBits(days.days(of: month)).map(month.date) }

    /// By BYSETPOS.
    private func chosen(_ all: [CivilDate]) -> [CivilDate] {
        guard !rule.positions.isEmpty else { return all }
        let indices = Set(rule.positions.map { $0 > 0 ? $0 - 1 : all.count + $0 })
        return indices.filter(all.indices.contains).sorted().map { all[$0] }
    }

    private static func commonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : commonDivisor(b, a % b) }
}

import Foundation

/// When a firm is at work: hours for each day of the week, and days on which it is closed.
///
/// What counts is what the clock shows, as with quiet hours.
package struct BusinessHours: Sendable, Hashable {
    /// Minutes of the day in order, not overlapping, in the order of `Weekday`.
    private let hours: [[Range<Int>]]
    package let holidays: Set<CivilDate>

    /// Times of a day in any order; those that touch or overlap become one, and empty ones none.
    package init(_ hours: [Weekday: [Range<TimeOfDay>]], holidays: Set<CivilDate> = []) {
        self.hours = Weekday.allCases.map { weekday in
            let ordered = (hours[weekday] ?? []).map { $0.lowerBound.minutes..<$0.upperBound.minutes }.filter { !$0.isEmpty }
                .sorted { $0.lowerBound < $1.lowerBound }
            return ordered.reduce(into: []) { joined, range in
                if let last = joined.last, range.lowerBound <= last.upperBound {
                    joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
                } else {
                    joined.append(range)
                }
            }
        }
        self.holidays = holidays
    }

    /// Whether there is any work on a day.
    package func isBusinessDay(_ date: CivilDate) -> Bool { !hours(on: date).isEmpty }

    /// The first business day on or after a day; nil when there is none in any week.
    package func businessDay(onOrAfter date: CivilDate) -> CivilDate? { search(from: date, step: 1) }

    /// The business day that comes so many after a day, or before it when negative; for 0 the day itself or the next one.
    /// Nil when there is none in any week, or beyond the years 0001 to 9999.
    package func date(_ days: Int, businessDaysAfter date: CivilDate) -> CivilDate? {
        guard days != 0 else { return businessDay(onOrAfter: date) }
        let step = days.signum()
        var day = date
        for _ in 0..<abs(days) {
            guard let next = search(from: day.adding(days: step), step: step), (CivilDate.first...CivilDate.last).contains(next) else {
                return nil
            }
            day = next
        }
        return day
    }

    /// The instant itself or, on a day without work, the same time by the clock on the next business day; the instant where there is none.
    package func onBusinessDay(_ instant: Date, in zone: TimeZone) -> Date {
        let wall = zone.wall(at: instant)
        guard let day = businessDay(onOrAfter: wall.date), day != wall.date else { return instant }
        return zone.instant(of: CivilMoment(seconds: CivilMoment(day).seconds + wall.seconds - CivilMoment(wall.date).seconds))
    }

    package func isOpen(at instant: Date, in zone: TimeZone) -> Bool { isOpen(zone.wall(at: instant)) }

    /// The first moment of work from an instant on; nil when there is none in any week.
    package func opening(from instant: Date, in zone: TimeZone) -> Date? {
        var instant = instant
        while true {
            let wall = zone.wall(at: instant)
            if isOpen(wall) { return instant }
            guard let date = businessDay(onOrAfter: wall.date) else { return nil }
            // Days without work are passed over at once, up to the day before: there clocks may still be set.
            let isFar = date > wall.date.adding(days: 2)
            instant = isFar ? zone.start(of: date.adding(days: -1)) : zone.next(change(after: wall), after: instant)
        }
    }

    private func hours(on date: CivilDate) -> [Range<Int>] { holidays.contains(date) ? [] : hours[date.weekday.rawValue] }

    private func isOpen(_ wall: CivilMoment) -> Bool { hours(on: wall.date).contains { $0.contains(wall.secondOfDay / 60) } }

    /// The next time at which work begins or ends, or midnight.
    private func change(after wall: CivilMoment) -> CivilMoment {
        let minute = wall.secondOfDay / 60
        let next = hours(on: wall.date).flatMap { [$0.lowerBound, $0.upperBound] }.first { $0 > minute }
        return CivilMoment(wall.date, minutes: next ?? 1440)
    }

    /// Each holiday can take away one day; in a week more than there are holidays, one is left.
    private func search(from date: CivilDate, step: Int) -> CivilDate? {
        guard hours.contains(where: { !$0.isEmpty }) else { return nil }
        return (0..<7 * (holidays.count + 2)).lazy.map { date.adding(days: $0 * step) }.first(where: isBusinessDay)
    }
}

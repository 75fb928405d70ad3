import Foundation

/// A cron expression of five fields: minute, hour, day of month, month, day of week, as in `30 3 * * mon-fri`.
///
/// Lists, ranges, steps and the English names of months and days are understood, Sunday is 0 or 7, and when both fields of days are given
/// either suffices. `@hourly`, `@daily`, `@weekly` and `@monthly` are short forms.
package struct Cron: Sendable, Hashable {
    package let text: String
    private let minutes: Set<Int>
    private let hours: Set<Int>
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    /// Whether either field of days suffices: both were given.
    private let eitherDay: Bool
    /// Whether it means every hour: it then follows the clock on the wall through both passes of an hour that comes twice.
    private let isEveryHour: Bool

    package struct Malformed: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    package init(_ text: String) throws(Malformed) {
        self.text = text
        let words = (Self.short[text] ?? text).lowercased().split(separator: " ").map(String.init)
        guard words.count == 5 else {
            throw Malformed(description: "A cron expression has five fields: minute, hour, day of month, month, day of week.")
        }
        minutes = try Self.field(words[0], 0...59, "minute")
        hours = try Self.field(words[1], 0...23, "hour")
        days = try Self.field(words[2], 1...31, "day of month")
        months = try Self.field(words[3], 1...12, "month", names: Self.monthNames, first: 1)
        weekdays = Set(try Self.field(words[4], 0...7, "day of week", names: Self.dayNames, first: 0).map { $0 % 7 })
        eitherDay = !words[2].hasPrefix("*") && !words[4].hasPrefix("*")
        isEveryHour = hours.count == 24
        // Days of the month that no named month has.
        if !eitherDay, !months.contains(where: { month in days.contains { $0 <= Self.longest[month - 1] } }) {
            throw Malformed(description: "There is no such day in any of its months.")
        }
    }

    /// The first instant after this one at which it fires in the zone; nil when there is none within eight years (29 February falls out
    /// for as long).
    ///
    /// Of a local time that does not exist, the instant is taken that it would be with the offset before the gap; of one that exists twice,
    /// the first. An expression for every hour fires in both passes of an hour that comes twice, since it means a distance.
    package func next(after instant: Date, in zone: TimeZone) -> Date? {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        // The wall clock is computed with as if it were Greenwich's.
        let wall = instant.addingTimeInterval(TimeInterval(zone.secondsFromGMT(for: instant)))
        var day = calendar.startOfDay(for: wall.addingTimeInterval(-86_400))
        for _ in 0..<(8 * 366 + 2) {
            if matches(day, calendar), let found = first(on: day, after: instant, in: zone) { return found }
            day = day.addingTimeInterval(86_400)
        }
        return nil
    }

    private func matches(_ day: Date, _ calendar: Calendar) -> Bool {
        let parts = calendar.dateComponents([.month, .day, .weekday], from: day)
        guard let month = parts.month, let date = parts.day, let weekday = parts.weekday, months.contains(month) else { return false }
        let (isDay, isWeekday) = (days.contains(date), weekdays.contains(weekday - 1))
        return eitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    /// The first on this day of the wall clock.
    private func first(on day: Date, after instant: Date, in zone: TimeZone) -> Date? {
        var found: Date?
        for hour in hours {
            for minute in minutes {
                let wall = day.addingTimeInterval(TimeInterval(hour * 3600 + minute * 60))
                for candidate in instants(wall, in: zone) where candidate > instant { found = min(found ?? candidate, candidate) }
            }
        }
        return found
    }

    /// When clocks in the zone show this.
    private func instants(_ wall: Date, in zone: TimeZone) -> [Date] {
        // No zone is a day away from Greenwich, and none changes its offset twice within two days.
        let before = TimeInterval(zone.secondsFromGMT(for: wall.addingTimeInterval(-86_400)))
        let after = TimeInterval(zone.secondsFromGMT(for: wall.addingTimeInterval(86_400)))
        let early = wall.addingTimeInterval(-before)
        guard before != after else { return [early] }
        let late = wall.addingTimeInterval(-after)
        let shown = [early, late].filter { TimeInterval(zone.secondsFromGMT(for: $0)) == wall.timeIntervalSince($0) }
        // In the gap: an expression for every hour loses nothing, the hour is not there.
        if shown.isEmpty { return isEveryHour ? [] : [early] }
        return isEveryHour ? shown : [shown.min() ?? early]
    }

    private static func field(
        _ text: String, _ range: ClosedRange<Int>, _ name: String, names: [String] = [], first: Int = 0
    ) throws(Malformed) -> Set<Int> {
        var values: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", omittingEmptySubsequences: false)
            let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false).map { end in
                names.firstIndex(of: String(end)).map { $0 + first } ?? Int(end)
            }
            let step = halves.count == 2 ? Int(halves[1]) ?? 0 : 1
            let span: ClosedRange<Int>?
            switch (halves[0], ends.count) {
            case ("*", _): span = range
            case (_, 1):
                span = ends[0].flatMap { start in start <= range.upperBound ? start...(halves.count == 2 ? range.upperBound : start) : nil }
            case (_, 2): span = ends[0].flatMap { start in ends[1].flatMap { start <= $0 ? start...$0 : nil } }
            default: span = nil
            }
            guard halves.count <= 2, step > 0, let span, range.contains(span.lowerBound), range.contains(span.upperBound) else {
                throw Malformed(description: "The field for \(name) cannot be read: \(text).")
            }
            values.formUnion(stride(from: span.lowerBound, through: span.upperBound, by: step))
        }
        return values
    }

    private static let short = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *",
    ]
    private static let monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    private static let longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

import Foundation

/// When a schedule is due by the clocks of a place, in the five fields of cron: `30 9 * * MON-FRI`, or `@daily`.
///
/// As in Vixie cron a day must match both its fields if one of them begins with `*`, and else any of them.
///
/// Due once per local time: one that clocks skip is due by the offset before that (02:30 when clocks show 03:30), one that they show twice
/// is due the first time only. So `*/5 * * * *` rests for the hour that comes twice.
package struct CronExpression: Sendable, Hashable {
    private let minutes: UInt64
    private let hours: UInt64
    /// Bits 1 to 31.
    private let monthDays: UInt64
    private let months: UInt64
    /// In the order of `Weekday`.
    private let weekdays: [Weekday]
    private let needsBothDays: Bool

    /// Reads names and numbers, lists, ranges and steps; Sunday is 0 and 7.
    package init(_ text: String) throws(Unreadable) {
        guard text.utf8.count <= 400 else { throw Unreadable(0, "A schedule has at most 400 characters.") }
        var whole = Piece(capitals: text)
        if whole.first == UInt8(ascii: "@") {
            guard let fields = Self.shortcuts[whole.text] else {
                throw Unreadable(0, "\(whole.quoted) is not one of \(Self.shortcuts.keys.sorted().joined(separator: ", ").lowercased()).")
            }
            whole = Piece(capitals: fields)
        }
        let fields = whole.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard fields.count == 5 else {
            let place = fields.count > 5 ? fields[5].startIndex : whole.endIndex
            let names = "minute, hour, day of the month, month, day of the week"
            throw Unreadable(fields.isEmpty ? 0 : place, "A schedule has five fields: \(names); here are \(fields.count).")
        }
        minutes = try CronField.minute.read(fields[0])
        hours = try CronField.hour.read(fields[1])
        monthDays = try CronField.monthDay.read(fields[2])
        months = try CronField.month.read(fields[3])
        let days = try CronField.weekday.read(fields[4])
        weekdays = Weekday.allCases.filter { days & (1 << UInt64($0 == .sunday ? 0 : $0.rawValue + 1) | ($0 == .sunday ? 1 << 7 : 0)) != 0 }
        needsBothDays = [fields[2], fields[4]].contains { $0.first == UInt8(ascii: "*") }
    }

    /// The first instant after one at which it is due; nil when that never comes, as on 30 February.
    package func next(after instant: Date, in zone: TimeZone) -> Date? {
        // Up to a day after clocks were set forward, a time that they skipped may still be due: it stands before what they show now.
        let earlier = zone.secondsFromGMT(for: instant - 90_000)
        let back = max(0, zone.secondsFromGMT(for: instant) - earlier)
        var wall = CivilMoment(seconds: zone.wall(at: instant).seconds - back)
        var soonest: Date?
        while let next = next(after: wall) {
            wall = next
            switch zone.sight(of: next) {
            case .skipped(let due) where due > instant: soonest = min(soonest ?? due, due)
            case .shown(let due) where due > instant: return min(soonest ?? due, due)
            default: break
            }
        }
        return soonest
    }

    /// By the clocks alone, a minute that has begun left out.
    func next(after wall: CivilMoment) -> CivilMoment? {
        let date = wall.date
        if days(of: date.month) & 1 << UInt64(date.parts.day) != 0, let minute = minute(after: wall.secondOfDay / 60) {
            return CivilMoment(date, minutes: minute)
        }
        guard let first = minute(after: -1) else { return nil }
        let tomorrow = date.adding(days: 1)
        // The calendar repeats itself after 4,800 months.
        for number in tomorrow.month.number...tomorrow.month.number + 4_800 {
            let month = CivilMonth(number: number)
            guard month.year <= 9999 else { return nil }
            let begin = month == tomorrow.month ? tomorrow.parts.day : 1
            if let day = SetBits(days(of: month)).first(where: { $0 >= begin }) { return CivilMoment(month.date(day), minutes: first) }
        }
        return nil
    }

    private func days(of month: CivilMonth) -> UInt64 {
        guard months & 1 << UInt64(month.month) != 0 else { return 0 }
        let byWeekday = weekdays.reduce(0) { $0 | UInt64(month.all($1)) }
        return UInt64(month.all) & (needsBothDays ? monthDays & byWeekday : monthDays | byWeekday)
    }

    private func minute(after minute: Int) -> Int? {
        let (hour, rest) = minute < 0 ? (0, -1) : (minute / 60, minute % 60)
        if hours & 1 << UInt64(hour) != 0, let later = SetBits(minutes).first(where: { $0 > rest }) { return hour * 60 + later }
        return SetBits(hours).first { $0 > hour }.map { $0 * 60 + minutes.trailingZeroBitCount }
    }

    private static let shortcuts = [
        "@YEARLY": "0 0 1 1 *", "@ANNUALLY": "0 0 1 1 *", "@MONTHLY": "0 0 1 * *", "@WEEKLY": "0 0 * * 0", "@DAILY": "0 0 * * *",
        "@MIDNIGHT": "0 0 * * *", "@HOURLY": "0 * * * *",
    ]
}

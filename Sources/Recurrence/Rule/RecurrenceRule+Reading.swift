import Foundation

extension RecurrenceRule {
    /// Longer than any rule that says each thing once.
    package static let longest = 4_000

    /// Reads `FREQ=WEEKLY;BYDAY=MO,WE`, in capitals or not; each part once, in any order. Refuses what is unknown, not supported or out of
    /// range.
    package init(_ text: String) throws(Unreadable) {
        guard text.utf8.count <= Self.longest else {
            throw Unreadable(0, "A rule has at most \(Self.longest) characters.")
        }
        let whole = Piece(capitals: text)
        guard !whole.starts(with: "RRULE:".utf8) else { throw Unreadable(0, "Leave out the prefix RRULE: and begin with FREQ=.") }
        guard !whole.isEmpty else { throw Unreadable(0, "A rule begins as in FREQ=WEEKLY.") }
        var draft = RuleDraft()
        for part in whole.pieces(between: ";") { try draft.read(part) }
        guard let frequency = draft.frequency else {
            throw Unreadable(0, "A rule needs FREQ: DAILY, WEEKLY, MONTHLY or YEARLY.")
        }
        self.init(
            frequency, interval: draft.interval, months: draft.months, monthDays: draft.monthDays, weekdays: draft.weekdays,
            nthWeekdays: draft.nthWeekdays, positions: draft.positions, count: draft.count, until: draft.until, weekStart: draft.weekStart)
    }
}

/// What has been read of a rule so far.
private struct RuleDraft {
    private(set) var frequency: RecurrenceRule.Frequency?
    private(set) var interval = 1
    private(set) var months: Set<Int> = []
    private(set) var monthDays: Set<Int> = []
    private(set) var weekdays: Set<Weekday> = []
    private(set) var nthWeekdays: Set<RecurrenceRule.NthWeekday> = []
    private(set) var positions: Set<Int> = []
    private(set) var count: Int?
    private(set) var until: RecurrenceRule.End?
    private(set) var weekStart = Weekday.monday
    private var names: Set<String> = []

    /// One `NAME=value`.
    mutating func read(_ part: Piece) throws(Unreadable) {
        guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else {
            throw part.unreadable(
                part.isEmpty ? "Here a part is missing, as in INTERVAL=2." : "A part has the form NAME=value, not \(part.quoted).")
        }
        let name = part[..<equals]
        let value = part[(equals + 1)...]
        try read(name, value)
        guard names.insert(name.text).inserted else { throw name.unreadable("\(name.text) is said twice.") }
    }

    private mutating func read(_ name: Piece, _ value: Piece) throws(Unreadable) {
        switch name.text {
        case "FREQ":
            frequency = RecurrenceRule.Frequency(rawValue: value.text)
            guard frequency != nil else { throw value.unreadable("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY, not \(value.quoted).") }
        case "INTERVAL": interval = try value.number(1...999_999_999, "INTERVAL")
        case "COUNT": count = try value.number(1...999_999_999, "COUNT")
        case "UNTIL": until = try Self.end(value)
        case "WKST": weekStart = try Self.weekday(value, "WKST")
        case "BYMONTH": for month in value.pieces(between: ",") { months.insert(try month.number(1...12, "BYMONTH")) }
        case "BYMONTHDAY": for day in value.pieces(between: ",") { monthDays.insert(try day.place(31, "BYMONTHDAY")) }
        case "BYSETPOS": for position in value.pieces(between: ",") { positions.insert(try position.place(366, "BYSETPOS")) }
        case "BYDAY": for day in value.pieces(between: ",") { try readDay(day) }
        case "BYSECOND", "BYMINUTE", "BYHOUR":
            throw name.unreadable("\(name.text) is not supported: the time of day is the start's.")
        case "BYYEARDAY", "BYWEEKNO", "BYEASTER": throw name.unreadable("\(name.text) is not supported. \(Self.known)")
        case "DTSTART", "EXDATE", "RDATE", "EXRULE", "TZID":
            throw name.unreadable("\(name.text) does not belong to a rule: start, zone and exceptions stand beside it.")
        default: throw name.unreadable("\(name.quoted) is not known. \(Self.known)")
        }
    }

    private static let known = "A rule says FREQ, INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, COUNT, UNTIL, WKST."

    /// `MO`, `2FR`, `-1SU`
    private mutating func readDay(_ value: Piece) throws(Unreadable) {
        let code = value.suffix(2)
        let weekday = try Self.weekday(code, "BYDAY")
        let ordinal = value[..<code.startIndex]
        if ordinal.isEmpty {
            weekdays.insert(weekday)
        } else {
            nthWeekdays.insert(.init(ordinal: try ordinal.place(53, "The number before a day"), weekday: weekday))
        }
    }

    private static func weekday(_ value: Piece, _ name: String) throws(Unreadable) -> Weekday {
        guard let weekday = Weekday(code: value.text) else {
            throw value.unreadable("\(name) names days as MO, TU, WE, TH, FR, SA or SU, not \(value.quoted).")
        }
        return weekday
    }

    /// `20261130T090000` by the clocks of the place, with `Z` in UTC; `20261130` is midnight.
    private static func end(_ value: Piece) throws(Unreadable) -> RecurrenceRule.End {
        let bytes = Array(value)
        func digits(_ range: Range<Int>) -> Int? { CivilDate.digits(bytes[range]) }
        let isInstant = bytes.count == 16 && bytes[15] == UInt8(ascii: "Z")
        guard bytes.count == 8 || (bytes.count == 15 || isInstant) && bytes[8] == UInt8(ascii: "T"),
            let year = digits(0..<4), let month = digits(4..<6), let day = digits(6..<8),
            let date = CivilDate(year: year, month: month, day: day)
        else { throw value.unreadable("UNTIL is a time that exists, as 20261130T090000 or 20261130T080000Z, not \(value.quoted).") }
        guard bytes.count > 8 else { return .local(CivilMoment(date)) }
        guard let hour = digits(9..<11), let minute = digits(11..<13), let second = digits(13..<15), hour < 24, minute < 60, second < 60
        else {
            throw value.unreadable("UNTIL has a time of day from 000000 to 235959, not \(value.quoted).")
        }
        let moment = CivilMoment(seconds: CivilMoment(date).seconds + hour * 3600 + minute * 60 + second)
        return isInstant ? .instant(Date(timeIntervalSince1970: Double(moment.seconds))) : .local(moment)
    }
}

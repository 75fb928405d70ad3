import Foundation

/// A date and a time of day without a zone, counted in seconds as if it were UTC.
///
/// By arithmetic alone (Howard Hinnant, "chrono-compatible low-level date algorithms"): formatters take longer than all the rest.
package struct CivilMoment: Sendable, Hashable {
    /// Seconds after 1970-01-01T00:00:00.
    package let seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    /// What clocks in UTC show; a begun second counts as not begun.
    package init(utc instant: Date) { self.init(seconds: Int(instant.timeIntervalSince1970.rounded(.down))) }

    /// Midnight of `YYYY-MM-DD`; nil when there is no such day.
    package init?(date: String) {
        guard CivilDate.isWellFormed(date) else { return nil }
        let bytes = Array(date.utf8)
        guard let year = CivilDate.digits(bytes[0..<4]), let month = CivilDate.digits(bytes[5..<7]),
            let day = CivilDate.digits(bytes[8..<10])
        else { return nil }
        self.init(seconds: Self.days(year, month, day) * Self.day)
    }

    /// `YYYY-MM-DDTHH:MM` and nothing else; nil when there is no such day or minute.
    package init?(minute text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            let midnight = CivilMoment(date: String(decoding: bytes[0..<10], as: UTF8.self)),
            let hour = CivilDate.digits(bytes[11..<13]), let minute = CivilDate.digits(bytes[14..<16]), hour < 24, minute < 60
        else { return nil }
        self.init(seconds: midnight.seconds + hour * 3600 + minute * 60)
    }

    /// `2026-11-30`
    package var date: String {
        let (year, month, day) = civil
        return "\(Self.four(year))-\(Self.two(month))-\(Self.two(day))"
    }

    /// `2026-11-30T09:00`, the begun minute left out.
    package var minuteText: String { "\(date)T\(Self.two(secondOfDay / 3600)):\(Self.two(secondOfDay / 60 % 60))" }

    /// `2026-11-30T09:00:00`
    package var secondText: String { "\(minuteText):\(Self.two(secondOfDay % 60))" }

    /// `20261130T090000`, as iCalendar and vCard write it.
    package var basicText: String { String(secondText.filter { $0 != "-" && $0 != ":" }) }

    static let day = 86_400
    /// The years 0001 to 9999, beyond which four digits do not reach.
    static let writable = days(1, 1, 1) * day..<days(10_000, 1, 1) * day

    private var dayNumber: Int { seconds >= 0 ? seconds / Self.day : (seconds - Self.day + 1) / Self.day }
    private var secondOfDay: Int { seconds - dayNumber * Self.day }

    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private var civil: (year: Int, month: Int, day: Int) {
        let days = dayNumber + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    private static func four(_ year: Int) -> String { String(repeating: "0", count: max(0, 4 - String(year).count)) + String(year) }
}

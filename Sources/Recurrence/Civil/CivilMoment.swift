import Foundation

/// A date and a time of day without a zone, counted in seconds as if it were UTC.
package struct CivilMoment: Sendable, Hashable, Comparable {
    /// Seconds after 1970-01-01T00:00:00.
    package let seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    /// What clocks in UTC show; a begun second counts as not begun.
    package init(utc instant: Date) { self.init(seconds: Int(instant.timeIntervalSince1970.rounded(.down))) }

    /// Minutes may reach beyond the day: 1440 is midnight of the next.
    package init(_ date: CivilDate, minutes: Int = 0) { self.init(seconds: date.number * Self.day + minutes * 60) }

    package init(_ date: CivilDate, _ time: TimeOfDay) { self.init(date, minutes: time.minutes) }

    /// Midnight of `YYYY-MM-DD`; nil when there is no such day.
    package init?(date: String) {
        guard let date = CivilDate(date) else { return nil }
        self.init(date)
    }

    /// `YYYY-MM-DDTHH:MM` and nothing else; nil when there is no such day or minute.
    package init?(minute text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[10] == UInt8(ascii: "T"),
            let date = CivilDate(String(decoding: bytes[0..<10], as: UTF8.self)),
            let time = TimeOfDay(String(decoding: bytes[11...], as: UTF8.self))
        else { return nil }
        self.init(date, time)
    }

    package var date: CivilDate { CivilDate(number: seconds >= 0 ? seconds / Self.day : (seconds - Self.day + 1) / Self.day) }

    /// 0 to 86,399
    var secondOfDay: Int { seconds - date.number * Self.day }

    /// `2026-11-30T09:00`, the begun minute left out.
    package var minuteText: String { "\(date.text)T\(Digits.two(secondOfDay / 3600)):\(Digits.two(secondOfDay / 60 % 60))" }

    /// `2026-11-30T09:00:00`
    package var secondText: String { "\(minuteText):\(Digits.two(secondOfDay % 60))" }

    /// `20261130T090000`, as iCalendar and vCard write it.
    package var basicText: String { String(secondText.filter { $0 != "-" && $0 != ":" }) }

    package static func < (left: Self, right: Self) -> Bool { left.seconds < right.seconds }

    static let day = 86_400
    /// The years 0001 to 9999, beyond which four digits do not reach.
    static let writable = CivilMoment(.first).seconds..<CivilMoment(CivilDate.last, minutes: 1440).seconds
}

/// A day of the proleptic Gregorian calendar, counted in days after 1970-01-01.
///
/// By arithmetic alone (Howard Hinnant, "chrono-compatible low-level date algorithms"): formatters take longer than all the rest.
package struct CivilDate: Sendable, Hashable, Comparable {
    package let number: Int

    package init(number: Int) { self.number = number }

    /// Nil when there is no such day in the years 0001 to 9999.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...CivilMonth(year, month).length).contains(day) else { return nil }
        self.init(number: Self.number(year, month, day))
    }

    /// `YYYY-MM-DD` and nothing else; nil when there is no such day.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = Self.digits(bytes[0..<4]), let month = Self.digits(bytes[5..<7]), let day = Self.digits(bytes[8..<10])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    package static func isWellFormed(_ text: String) -> Bool { CivilDate(text) != nil }

    package static let first = CivilDate(number: number(1, 1, 1))
    package static let last = CivilDate(number: number(9999, 12, 31))

    package var parts: (year: Int, month: Int, day: Int) {
        let days = number + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    package var month: CivilMonth { CivilMonth(parts.year, parts.month) }

    /// 1970-01-01 was a Thursday.
    package var weekday: Weekday { Weekday.allCases[((number + 3) % 7 + 7) % 7] }

    /// `2026-11-30`
    package var text: String {
        let (year, month, day) = parts
        return "\(Digits.four(year))-\(Digits.two(month))-\(Digits.two(day))"
    }

    package func adding(days: Int) -> CivilDate { CivilDate(number: number + days) }

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }

    static func number(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// A number of decimal digits alone; nil for a sign, a space or a letter.
    package static func digits(_ bytes: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for byte in bytes {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}

/// Numbers as dates write them, with zeros in front.
enum Digits {
    static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    static func four(_ year: Int) -> String { String(repeating: "0", count: max(0, 4 - String(year).count)) + String(year) }
}

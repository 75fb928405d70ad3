import Foundation

/// An instant as logs write it. Foundation's formatters take as long as the rest of a line together; this is arithmetic.
struct LogTime {
    private let seconds: Int
    private let milliseconds: Int

    static var now: LogTime { LogTime(.now) }

    init(_ date: Date) {
        let all = Int((date.timeIntervalSince1970 * 1000).rounded(.down))
        seconds = Int((Double(all) / 1000).rounded(.down))
        milliseconds = all - seconds * 1000
    }

    /// `2026-11-22T10:00:00.123Z`
    var text: String {
        let (year, month, day) = civil
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock)Z"
    }

    /// `10:00:00.123`, in UTC.
    var clock: String {
        let second = (seconds % 86_400 + 86_400) % 86_400
        return "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)).\(padded(milliseconds, 3))"
    }

    /// Year, month and day of the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days).
    private var civil: (Int, Int, Int) {
        let days = Int((Double(seconds) / 86_400).rounded(.down)) + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

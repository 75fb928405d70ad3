import Foundation
import Recurrence

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
        let (year, month, day) = CivilDate(number: Int((Double(seconds) / 86_400).rounded(.down))).parts
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock)Z"
    }

    /// `10:00:00.123`, in UTC.
    var clock: String {
        let second = (seconds % 86_400 + 86_400) % 86_400
        return "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)).\(padded(milliseconds, 3))"
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

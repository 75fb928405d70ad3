import Foundation
import Synchronization

/// The time as the `Date` header writes it (RFC 9110, 5.6.7), made once per second.
final class HTTPDate: Sendable {
    private let last = Mutex<(second: Int, text: String)>((-1, ""))

    func text(at time: Date = .now) -> String {
        let second = Int(time.timeIntervalSince1970)
        return last.withLock { last in
            if last.second != second { last = (second, Self.format(time)) }
            return last.text
        }
    }

    static func format(_ time: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.weekday, .day, .month, .year, .hour, .minute, .second], from: time)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let two: (Int?) -> String = { number in String(String(100 + (number ?? 0)).dropFirst()) }
        let day = "\(days[(parts.weekday ?? 1) - 1]), \(two(parts.day)) \(months[(parts.month ?? 1) - 1]) \(parts.year ?? 1970)"
        return "\(day) \(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)) GMT"
    }
}

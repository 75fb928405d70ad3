/// A time that a clock shows, to the minute, as in settings: `09:00`.
package struct TimeOfDay: Sendable, Hashable, Comparable {
    /// Minutes after midnight, 0 to 1439.
    package let minutes: Int

    /// Nil for anything but `HH:MM` from 00:00 to 23:59.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":"), let hour = CivilDate.digits(bytes[0..<2]),
            let minute = CivilDate.digits(bytes[3..<5])
        else { return nil }
        self.init(hour: hour, minute: minute)
    }

    package static let midnight = TimeOfDay(minutesOfTheDay: 0)
    /// When a day's work begins, unless a setting says otherwise.
    package static let nine = TimeOfDay(minutesOfTheDay: 9 * 60)

    private init(minutesOfTheDay minutes: Int) { self.minutes = minutes }

    package init?(hour: Int, minute: Int = 0) {
        guard (0..<24).contains(hour), (0..<60).contains(minute) else { return nil }
        minutes = hour * 60 + minute
    }

    package var text: String { "\(Digits.two(minutes / 60)):\(Digits.two(minutes % 60))" }

    package static func < (left: Self, right: Self) -> Bool { left.minutes < right.minutes }
}

import Foundation

/// When nobody is reminded: from one time of the clock to another, over midnight if the second is the earlier.
///
/// What counts is what the clock shows. An hour that clocks show twice is quiet twice; one that they skip is not there.
package struct QuietHours: Sendable, Hashable {
    package let from: TimeOfDay
    /// The first minute that is not quiet.
    package let to: TimeOfDay

    /// Nil when both are the same.
    package init?(from: TimeOfDay, to: TimeOfDay) {
        guard from != to else { return nil }
        self.from = from
        self.to = to
    }

    package func isQuiet(at instant: Date, in zone: TimeZone) -> Bool { isQuiet(zone.wall(at: instant)) }

    /// The first moment from an instant on that is not quiet: the instant itself, or the end of the quiet hours it lies in.
    package func end(from instant: Date, in zone: TimeZone) -> Date {
        var instant = instant
        while true {
            let wall = zone.wall(at: instant)
            guard isQuiet(wall) else { return instant }
            let today = CivilMoment(wall.date, to)
            instant = zone.next(today > wall ? today : CivilMoment(wall.date.adding(days: 1), to), after: instant)
        }
    }

    private func isQuiet(_ wall: CivilMoment) -> Bool {
        let second = wall.secondOfDay
        let (from, to) = (from.minutes * 60, to.minutes * 60)
        return from < to ? (from..<to).contains(second) : second >= from || second < to
    }
}

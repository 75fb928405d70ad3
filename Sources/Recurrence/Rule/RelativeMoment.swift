import Foundation

/// A moment told by its distance from another: "two days before the contract ends, at nine", "an hour before the call".
///
/// Whole days of the distance are counted on the calendar, so that a day before nine is nine also when clocks are set in between; what is
/// left is counted in minutes that pass, so that an hour before is an hour.
package struct RelativeMoment: Sendable, Hashable {
    /// Negative: before.
    package let offsetMinutes: Int

    package init(offsetMinutes: Int) { self.offsetMinutes = offsetMinutes }

    /// From a date, which counts as a time of that day.
    package func instant(from date: CivilDate, at time: TimeOfDay, in zone: TimeZone) -> Date {
        instant(from: CivilMoment(date, time), in: zone)
    }

    /// From a time on the wall.
    package func instant(from moment: CivilMoment, in zone: TimeZone) -> Date {
        zone.instant(of: CivilMoment(seconds: moment.seconds + days * CivilMoment.day)) + Double(minutes * 60)
    }

    /// From an instant, whose days are those of a zone.
    package func instant(from instant: Date, in zone: TimeZone) -> Date {
        guard days != 0 else { return instant + Double(minutes * 60) }
        let fraction = instant.timeIntervalSince1970 - instant.timeIntervalSince1970.rounded(.down)
        return self.instant(from: zone.wall(at: instant), in: zone) + fraction
    }

    private var days: Int { offsetMinutes / 1440 }
    private var minutes: Int { offsetMinutes % 1440 }
}

import Foundation

/// A time on the wall of a place, to the minute: "nine o'clock in Berlin", whatever the offset is going to be.
///
/// A time that clocks skip uses the offset before the gap; one that they show twice means the first.
package struct LocalTime: Sendable, Hashable {
    /// `YYYY-MM-DDTHH:MM`
    package let local: String
    /// A zone's name as IANA writes it.
    package let zone: String
    /// When it is, by the rules known today.
    package let instant: Date

    /// Nil when there is no such day, minute or zone, or when the instant lies outside the years 0001 to 9999 in UTC.
    package init?(local: String, zone: String) {
        guard let wall = CivilMoment(minute: local), let clocks = TimeZoneName.zone(zone) else { return nil }
        let instant = clocks.instant(of: wall)
        guard CivilMoment.writable.contains(CivilMoment(utc: instant).seconds) else { return nil }
        self.local = local
        self.zone = zone
        self.instant = instant
    }

    /// The instant as every time in the API: RFC 3339 in UTC with milliseconds.
    package var utcText: String { CivilMoment(utc: instant).secondText + ".000Z" }

    /// What clocks in a zone show at an instant, `YYYY-MM-DDTHH:MM`; nil when there is no such zone.
    ///
    /// The way back is not always the same: of the two instants that show one time, the later comes back as the first.
    package static func text(of instant: Date, in zone: String) -> String? {
        TimeZoneName.zone(zone)?.wall(at: instant).minuteText
    }

    /// From the first instant of a date to the first of the next; nil when there is no such date or zone.
    ///
    /// 23 or 25 hours where clocks are set, and empty for a date that a place left out.
    package static func day(_ date: String, in zone: String) -> Range<Date>? {
        guard let date = CivilDate(date), let clocks = TimeZoneName.zone(zone) else { return nil }
        let start = clocks.start(of: date)
        let next = clocks.start(of: date.adding(days: 1))
        return start..<max(start, next)
    }
}

import Foundation
import Records
import Recurrence

/// When a user's digests leave: every day, or on the first day of the week, at the time from which reminders of dates count
/// (`reminder_defaults.at`), by the user's clocks.
struct DigestRhythm: Sendable {
    enum Span: String, Sendable {
        case daily, weekly

        var days: Int { self == .daily ? 1 : 7 }
    }

    let span: Span
    private let at: TimeOfDay
    private let weekStart: Weekday
    private let zone: TimeZone

    /// Nil for somebody who wants none.
    ///
    /// - Parameters:
    ///   - digest: `users.digest`.
    ///   - zone: the user's; the tenant's where it is not set or not known.
    init?(_ digest: String, zone: String?, _ settings: SettingsDocument) {
        guard let span = Span(rawValue: digest) else { return nil }
        let defaults = ReminderDefaults(settings)
        self.span = span
        at = defaults.at
        weekStart = settings["week_start"].string.flatMap { Weekday(name: $0) } ?? .monday
        self.zone = zone.flatMap { TimeZoneName.zone($0) } ?? TimeZoneName.zone(defaults.timeZone) ?? .gmt
    }

    /// The first digest at an instant or after it.
    func next(from instant: Date) -> Date {
        times(around: instant).first { $0 >= instant } ?? instant
    }

    /// The latest digest at an instant or before it.
    func last(until instant: Date) -> Date {
        times(around: instant).last { $0 <= instant } ?? instant
    }

    /// What it tells of, for people: its day, or the week that ends with it.
    func period(of time: Date) -> String {
        let day = zone.wall(at: time).date
        return span == .daily ? day.text : "\(day.adding(days: -7).text) – \(day.text)"
    }

    /// Enough of them before and after.
    private func times(around instant: Date) -> [Date] {
        let today = zone.wall(at: instant).date
        return (-8...8).map { today.adding(days: $0) }.filter { span == .daily || $0.weekday == weekStart }
            .map { zone.instant(of: CivilMoment($0, at)) }
    }
}

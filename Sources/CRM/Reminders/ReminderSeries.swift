import Foundation
import Recurrence

/// The times at which a reminder falls due for one recipient.
struct ReminderSeries: Sendable {
    /// What it counts from.
    enum Base: Sendable, Hashable {
        /// A time on a wall, in a zone of its own.
        case wall(CivilMoment, zone: String)
        /// A day, which begins for each recipient when their clocks say so.
        case date(CivilDate)
        case instant(Date)
    }

    struct Due: Sendable, Hashable {
        let instant: Date
        /// What clocks show then in `zone`.
        let local: String
        let zone: String
        /// What tells it from the others of its reminder, record and recipient. A day's is by the recipient's clocks, so that it comes once
        /// even when the recipient travels after it.
        let occasion: String
    }

    private let base: Base
    private let series: Series
    private let shift: RelativeMoment
    private let zoneName: String
    /// When it is not due, if ever, and where it moves then.
    private let work: (wait: WorkWait, hours: BusinessHours)?

    /// - Parameters:
    ///   - zone: the recipient's.
    ///   - time: when a day counts from.
    ///   - work: what it waits for when the firm is not at work, and when the firm is.
    init?(
        _ base: Base, offset: Int, rule: RecurrenceRule?, except exceptions: Set<CivilMoment>, in zone: String, at time: TimeOfDay,
        on work: (wait: WorkWait, hours: BusinessHours)? = nil
    ) {
        let name: String = if case .wall(_, let own) = base { own } else { zone }
        guard let clocks = TimeZoneName.zone(name) else { return nil }
        let start: CivilMoment =
            switch base {
            case .wall(let moment, _): moment
            case .date(let date): CivilMoment(date, time)
            case .instant(let instant): clocks.wall(at: instant)
            }
        self.base = base
        series = Series(start: start, rule: rule, except: exceptions, in: clocks)
        shift = RelativeMoment(offsetMinutes: offset)
        zoneName = name
        self.work = work
    }

    /// From an instant on, in order. What several moved to one time of work is there once.
    func due(from instant: Date) -> some Sequence<Due> {
        guard let work else { return AnySequence(times(from: instant).lazy.map(named)) }
        let today = series.zone.wall(at: instant).date
        // Whatever fell since the last day of business began may have moved to this.
        let start = work.hours.date(-1, businessDaysAfter: today).map { series.zone.instant(of: CivilMoment($0)) } ?? instant
        return AnySequence {
            let times = times(from: min(start, instant)).makeIterator()
            var last = Date.distantPast
            return AnyIterator<Due> {
                while let time = times.next() {
                    let moved = work.wait.time(from: time, work.hours, in: series.zone)
                    guard moved >= instant, moved != last else { continue }
                    last = moved
                    return named(moved)
                }
                return nil
            }
        }
    }

    private func times(from instant: Date) -> AnySequence<Date> {
        if case .instant(let exact) = base, series.rule == nil {
            let due = shift.instant(from: exact, in: series.zone)
            return AnySequence(due >= instant ? [due] : [])
        }
        // Whole days of the shift are of the calendar: at most an hour or two away from as many hours.
        let margin = shift.offsetMinutes == 0 ? 0 : Double(shift.offsetMinutes) * 60 + 2 * 86_400
        let early = shift.offsetMinutes == 0 ? instant : instant - margin
        return AnySequence(
            series.occurrences(from: early).lazy.map { shift.instant(from: $0.local, in: series.zone) }.filter { $0 >= instant })
    }

    /// The latest that lies before an instant and, if it comes again and again, not before another.
    func last(before end: Date, notBefore start: Date) -> Due? {
        let isSingle = series.rule == nil
        var found: Due?
        for due in due(from: isSingle ? .distantPast : start).prefix(Self.most) {
            guard due.instant < end else { break }
            found = due
        }
        return found
    }

    /// How many are looked at in search of one.
    private static let most = 5_000

    private func named(_ instant: Date) -> Due {
        let local = series.zone.wall(at: instant).minuteText
        let occasion: String = if case .date = base { local } else { CivilMoment(utc: instant).secondText }
        return Due(instant: instant, local: local, zone: zoneName, occasion: occasion)
    }
}

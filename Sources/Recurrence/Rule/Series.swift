import Foundation

/// Something that falls due at a place again and again, or only once: a start, how it comes again, and when it does not.
///
/// The first time is the start if the rule has it; without a rule the start is all. Nothing is due after the year 9999.
package struct Series: Sendable {
    package let start: CivilMoment
    package let rule: RecurrenceRule?
    /// Local times that are left out. They count: a rule with COUNT does not grow longer by them.
    package let exceptions: Set<CivilMoment>
    package let zone: TimeZone

    package init(start: CivilMoment, rule: RecurrenceRule? = nil, except exceptions: Set<CivilMoment> = [], in zone: TimeZone) {
        self.start = start
        self.rule = rule
        self.exceptions = exceptions
        self.zone = zone
    }

    /// What falls due from a local time on (or from the start), in order, computed as it is asked for.
    ///
    /// A far beginning costs no more than a near one, unless the rule has COUNT, which has to be counted from the start. One step looks at
    /// 400 years at most, and then says that there is no more.
    package func moments(from: CivilMoment? = nil) -> SeriesMoments { SeriesMoments(self, from: from ?? start) }

    /// The same by instants. Two local times of which the clocks skip one can be one instant.
    package func occurrences(from instant: Date) -> some Sequence<Occurrence> & IteratorProtocol<Occurrence> {
        // Clocks are never set by more than a day; and not so near the end of time that a day could not be taken off.
        let from = CivilMoment(seconds: zone.wall(at: instant).seconds - 2 * CivilMoment.day)
        return Occurrences(moments: moments(from: from), zone: zone, from: instant)
    }

    package struct Occurrence: Sendable, Hashable {
        package let local: CivilMoment
        package let instant: Date
    }

    private struct Occurrences: Sequence, IteratorProtocol {
        var moments: SeriesMoments
        let zone: TimeZone
        let from: Date

        mutating func next() -> Occurrence? {
            while let local = moments.next() {
                let instant = zone.instant(of: local)
                if instant >= from { return Occurrence(local: local, instant: instant) }
            }
            return nil
        }
    }
}

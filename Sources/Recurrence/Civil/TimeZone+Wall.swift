import Foundation

extension TimeZone {
    /// What this zone's clocks make of one time of the wall.
    enum Sight {
        /// They show it, here for the first time.
        case shown(Date)
        /// They are set forward past it; the instant follows from the offset before that.
        case skipped(Date)
    }

    /// Python's `fold=0` (PEP 495): the offset before a change holds until clocks have passed what they skip or show twice.
    func sight(of wall: CivilMoment) -> Sight {
        // No offset ever reached 16 hours, and no zone changed its clocks twice within 32: one change at most lies between these two.
        let before = secondsFromGMT(for: Date(wall.seconds - Self.farthest))
        let first = Date(wall.seconds - before)
        if secondsFromGMT(for: first) == before { return .shown(first) }
        let after = secondsFromGMT(for: Date(wall.seconds + Self.farthest))
        let second = Date(wall.seconds - after)
        return secondsFromGMT(for: second) == after ? .shown(second) : .skipped(first)
    }

    /// When clocks show a time first or, if they skip it, when they would by the offset before that.
    package func instant(of wall: CivilMoment) -> Date {
        switch sight(of: wall) {
        case .shown(let instant), .skipped(let instant): instant
        }
    }

    /// The first instant of a day. Where clocks skip midnight that is the moment they are set; a day skipped as a whole
    /// (Samoa, 2011-12-30) begins where the next one does.
    func start(of date: CivilDate) -> Date {
        let midnight = CivilMoment(date)
        return switch sight(of: midnight) {
        case .shown(let instant): instant
        case .skipped(let instant): nextDaylightSavingTimeTransition(after: Date(midnight.seconds - Self.farthest)) ?? instant
        }
    }

    /// What clocks here show at an instant.
    package func wall(at instant: Date) -> CivilMoment {
        CivilMoment(seconds: CivilMoment(utc: instant).seconds + secondsFromGMT(for: instant))
    }

    /// When clocks that run on from an instant show a later time, at most a day ahead; or, if they are set before that, when they are set.
    func next(_ wall: CivilMoment, after instant: Date) -> Date {
        let offset = secondsFromGMT(for: instant)
        let reached = wall.seconds - offset
        if secondsFromGMT(for: Date(reached)) == offset { return Date(reached) }
        var same = CivilMoment(utc: instant).seconds
        var changed = reached
        while changed - same > 1 {
            let middle = same + (changed - same) / 2
            if secondsFromGMT(for: Date(middle)) == offset { same = middle } else { changed = middle }
        }
        return Date(changed)
    }

    private static let farthest = 16 * 3600
}

extension Date {
    fileprivate init(_ seconds: Int) { self.init(timeIntervalSince1970: Double(seconds)) }
}

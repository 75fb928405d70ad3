import Foundation

/// The local times at which a series falls due, one after another.
package struct SeriesMoments: Sequence, IteratorProtocol, Sendable {
    private let series: Series
    private let from: CivilMoment
    private let periods: RulePeriods?
    /// The period that is looked at next.
    private var index = 0
    /// What is left of the period looked at last.
    private var days: ArraySlice<CivilDate> = []
    /// How many times COUNT still allows.
    private var left: Int
    private var isOver = false

    init(_ series: Series, from: CivilMoment) {
        self.series = series
        self.from = from
        periods = series.rule.map { RulePeriods($0, start: series.start.date) }
        left = series.rule?.count ?? .max
        if let periods, series.rule?.count == nil { index = periods.index(of: from.date) }
    }

    package mutating func next() -> CivilMoment? {
        while !isOver, let moment = nextOfRule() {
            if moment >= from, !series.exceptions.contains(moment) { return moment }
        }
        isOver = true
        return nil
    }

    private mutating func nextOfRule() -> CivilMoment? {
        guard let periods else {
            isOver = true
            return series.start
        }
        guard left > 0, let day = nextDay(periods) else { return nil }
        let moment = CivilMoment(seconds: CivilMoment(day).seconds + series.start.secondOfDay)
        guard !isBeyondEnd(moment) else { return nil }
        left -= 1
        return moment
    }

    private mutating func nextDay(_ periods: RulePeriods) -> CivilDate? {
        let last = index + periods.cycle
        while days.isEmpty, index <= last {
            guard let next = periods.days(of: index) else { return nil }
            days = next[...]
            guard let following = next.isEmpty ? periods.index(afterEmpty: index) : index + 1 else { return nil }
            index = following
        }
        return days.popFirst()
    }

    private func isBeyondEnd(_ moment: CivilMoment) -> Bool {
        switch series.rule?.until {
        case .local(let end): moment > end
        case .instant(let end): series.zone.instant(of: moment) > end
        case nil: false
        }
    }
}

import Postgres
import Records
import Recurrence

/// From the beginning of one day or month to the end of another, in the zone of the firm; open where nothing was said.
package struct ReportPeriod: Sendable, Hashable {
    private let from: Bound?
    private let to: Bound?
    private let timeZone: String

    /// A day, or a month by its first day.
    private struct Bound: Hashable {
        let date: String
        let isMonth: Bool

        init?(_ text: String) {
            isMonth = text.utf8.count == 7
            date = isMonth ? text + "-01" : text
            guard CivilDate.isWellFormed(date) else { return nil }
        }
    }

    /// - Parameters:
    ///   - from: `2026-10-15` or `2026-10`, included; `to` likewise.
    ///   - timeZone: where the days begin.
    package init(from: String?, to: String?, timeZone: String) throws(Problem) {
        self.from = try Self.bound("from", from)
        self.to = try Self.bound("to", to)
        self.timeZone = timeZone
        if let from = self.from, let to = self.to, from.date > to.date, !(to.isMonth && from.date.hasPrefix(to.date.prefix(7))) {
            throw Problem(.malformed, "The query parameter \"from\" lies behind \"to\".")
        }
    }

    private static func bound(_ name: String, _ text: String?) throws(Problem) -> Bound? {
        guard let text else { return nil }
        if let bound = Bound(text) { return bound }
        throw Problem(.malformed, "The query parameter \"\(name)\" is a day that exists (2026-10-15) or a month (2026-10).")
    }

    /// ` AND ...`: the moment lies within.
    func covers(_ moment: String) -> SQL {
        var condition = SQL()
        if let from {
            condition += SQL(code: " AND \(moment) >= ") + "(\(from.date)::date::timestamp AT TIME ZONE \(timeZone)::text)"
        }
        if let to {
            let length: SQL = to.isMonth ? "interval '1 month'" : "interval '1 day'"
            condition += SQL(code: " AND \(moment) < ") + "((\(to.date)::date + \(length)) AT TIME ZONE \(timeZone)::text)"
        }
        return condition
    }
}

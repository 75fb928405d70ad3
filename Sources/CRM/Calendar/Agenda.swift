import Foundation
import Postgres
import Records
import Recurrence
import Tenancy

/// What one person has before him: open tasks that are his, the meetings and calls he holds, and what he is reminded of, by the days of his
/// own zone.
///
/// A task is its assignee's, or its owner's while nobody is assigned.
package struct Agenda: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog

    package init(in scope: TenantScope, for caller: Caller, of catalog: Catalog) {
        self.scope = scope
        self.caller = caller
        self.catalog = catalog
    }

    package static let longest = 31
    /// How much is shown of what could be endless.
    package static let most = 1_000
    package static let mostOverdue = 200
    package static let mostUpcoming = 10
    package static let mostReminded = AgendaReminders.most

    /// - Parameters:
    ///   - date: the first day; today when nil.
    ///   - zone: where the person is who has set none.
    package func answer(from date: String?, days: Int, zone: String, now: Date) async throws -> JSON {
        let own = try await scope.rows("SELECT time_zone FROM users WHERE id = \(caller.userID)").first?.optionalText(0)
        let window = try Window(
            from: date, days: days, zone: [own, zone].compactMap(\.self).first(where: TimeZoneName.isKnown) ?? "UTC", now)
        let (start, end) = (window.instants.lowerBound, window.instants.upperBound)
        let answers = try await scope.run(
            [
                page(
                    tasks("t.due_at >= \(start) AND t.due_at < \(end)") + " UNION ALL " + talks("a.at >= \(start) AND a.at < \(end)"),
                    Self.most),
                page(tasks("t.due_at < \(start)"), Self.mostOverdue),
                page(tasks("t.due_at >= \(end)") + " UNION ALL " + talks("a.at >= \(end)"), Self.mostUpcoming),
            ], isRepeatable: true)
        var lists = try answers.map { rows in try rows.map { try Self.item($0, window.zone) } }
        // What recurs has no end, so what comes next is looked for in some days only.
        let horizon = end.addingTimeInterval(Double(Self.longest) * 86_400)
        let reminders = try await AgendaReminders(
            scope: scope, caller: caller, catalog: catalog, zone: window.zone, instants: start..<horizon, now: now
        ).items()
        lists[0] = Self.merged(lists[0], reminders.filter { $0.at < end }, Self.most)
        lists[2] = Self.merged(lists[2], reminders.filter { $0.at >= end }, Self.mostUpcoming)
        let documents = lists.map { JSON.array($0.map(\.document)) }
        return [
            "from": .string(window.from), "to": .string(window.to), "time_zone": .string(window.zone), "data": documents[0],
            "overdue": documents[1], "upcoming": documents[2],
        ]
    }

    private static func merged(_ some: [AgendaItem], _ others: [AgendaItem], _ most: Int) -> [AgendaItem] {
        Array((some + others).sorted { ($0.at, $0.id) < ($1.at, $1.id) }.prefix(most))
    }

    private func page(_ items: SQL, _ limit: Int) -> SQL {
        """
        SELECT kind, at, id, title, status
        FROM (\(items)) AS items (kind, at, id, title, status) ORDER BY at, id LIMIT \(limit)
        """
    }

    private func tasks(_ when: SQL) -> SQL {
        let type = catalog[Tasks.type.name] ?? Tasks.type
        let title: SQL = caller.shows("title", of: type) ? "t.title" : "NULL"
        return """
            SELECT 'task', t.due_at, t.id, \(title), t.status FROM tasks AS t
            WHERE t.deleted_at IS NULL AND t.status = 'open' AND \(when) AND \(caller.hasToDo("t"))
                AND \(caller.reads(["due", "status"], of: type, "t"))
            """
    }

    private func talks(_ when: SQL) -> SQL {
        let type = catalog[Activities.type.name] ?? Activities.type
        let title: SQL = caller.shows("subject", of: type) ? "a.subject" : "NULL"
        return """
            SELECT a.kind, a.at, a.id, \(title), NULL FROM activities AS a
            WHERE a.deleted_at IS NULL AND a.kind IN ('meeting', 'call') AND \(when) AND a.owner_id = \(caller.userID)
                AND \(caller.reads(["at", "kind"], of: type, "a"))
            """
    }

    private static func item(_ row: Row, _ zone: String) throws -> AgendaItem {
        let kind = try row.text(0)
        let type = kind == "task" ? Tasks.type.name : Activities.type.name
        let at = try row.date(1)
        var members: [JSON.Member] = [
            .init("kind", .string(kind)), .init("at", .string(at.apiText)), .init("local", JSON(LocalTime.text(of: at, in: zone))),
            .init("record", ["type": .string(type), "id": .string(try row.text(2)), "title": JSON(row.optionalText(3))]),
        ]
        if let status = row.optionalText(4) { members.append(.init("status", .string(status))) }
        return AgendaItem(at: at, id: try row.text(2), document: .object(members))
    }
}

extension Agenda {
    /// Days of a zone, the first and the last included.
    struct Window {
        let from: String
        let to: String
        let zone: String
        let instants: Range<Date>

        init(from date: String?, days: Int, zone: String, _ now: Date) throws(Problem) {
            let today = String((LocalTime.text(of: now, in: zone) ?? "").prefix(10))
            let first = date ?? today
            // Four digits must be enough for the days around it too.
            guard let midnight = CivilMoment(date: first), ("1000-01-01"..."9998-12-31").contains(first) else {
                throw Problem(.malformed, "The query parameter \"date\" is a date that exists, as 2026-11-30, of the years 1000 to 9998.")
            }
            let last = CivilMoment(seconds: midnight.seconds + (days - 1) * 86_400).date.text
            guard let start = LocalTime.day(first, in: zone)?.lowerBound, let end = LocalTime.day(last, in: zone)?.upperBound, start <= end
            else { throw Problem(.internalError, "These days have no beginning or no end.") }
            (from, to, self.zone, instants) = (first, last, zone, start..<end)
        }
    }
}

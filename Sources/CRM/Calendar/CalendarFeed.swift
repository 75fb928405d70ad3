import Foundation
import Postgres
import Records
import Tenancy

/// One person's calendar for other programs: the meetings and calls he holds, from 90 days back to a year ahead, and his tasks.
///
/// Of tasks the open ones are in it, and those that were due in the same time. What his role does not show is not in it.
package struct CalendarFeed: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog

    package init(in scope: TenantScope, for caller: Caller, of catalog: Catalog) {
        self.scope = scope
        self.caller = caller
        self.catalog = catalog
    }

    /// How many events, and how many todos; those nearest to the end of the time come first.
    package static let most = 2_000

    package func bytes(now: Date) async throws -> [UInt8] {
        let answers = try await scope.run(
            [talks(from: now - 90 * 86_400, to: now + 365 * 86_400), tasks(from: now - 90 * 86_400, to: now + 365 * 86_400)],
            isRepeatable: true)
        return ICalendar(
            name: scope.tenant.name, events: try answers[0].map(Self.event), todos: try answers[1].map(Self.todo)
        ).bytes
    }

    private func talks(from start: Date, to end: Date) -> SQL {
        let type = catalog[Activities.type.name] ?? Activities.type
        return """
            SELECT \(common("a", subject: "subject", of: type)), a.at, \(shown("duration_minutes", "a.duration_minutes", of: type)), a.kind
            FROM activities AS a
            WHERE a.deleted_at IS NULL AND a.kind IN ('meeting', 'call') AND a.owner_id = \(caller.userID) AND a.at BETWEEN \(start) AND \(end)
                AND \(caller.reads(["at", "kind"], of: type, "a"))
            ORDER BY a.at DESC, a.id LIMIT \(Self.most)
            """
    }

    private func tasks(from start: Date, to end: Date) -> SQL {
        let type = catalog[Tasks.type.name] ?? Tasks.type
        return """
            SELECT \(common("t", subject: "title", of: type)), \(shown("due", "t.due_at", of: type)),
                \(shown("priority", "t.priority", of: type)), t.status, t.completed_at
            FROM tasks AS t
            WHERE t.deleted_at IS NULL AND (t.status = 'open' OR t.due_at BETWEEN \(start) AND \(end)) AND \(caller.hasToDo("t"))
                AND \(caller.reads(["status"], of: type, "t"))
            ORDER BY t.status = 'open' DESC, t.due_at DESC NULLS LAST, t.id LIMIT \(Self.most)
            """
    }

    /// The columns that `common(_:)` reads.
    private func common(_ r: String, subject: String, of type: RecordType) -> SQL {
        SQL(code: "\(r).id, \(r).version, \(r).updated_at, ")
            + [shown(subject, "\(r).\(subject)", of: type), shown("body", "\(r).body", of: type), shown("tags", "\(r).tags", of: type)]
            .joined(separator: ", ")
    }

    private func shown(_ field: String, _ column: String, of type: RecordType) -> SQL {
        SQL(code: caller.shows(field, of: type) ? column : "NULL")
    }

    private static func common(_ row: Row, otherwise title: String) throws -> ICalendar.Common {
        let changed = try row.date(2)
        return ICalendar.Common(
            uid: "\(try row.text(0))@tenantry", stamp: changed, summary: row.optionalText(3) ?? title, description: row.optionalText(4),
            categories: row.isNull(5) ? [] : try row.texts(5), lastModified: changed, sequence: try row.int(1))
    }

    private static func event(_ row: Row) throws -> ICalendar.Event {
        let start = try row.date(6)
        let isMeeting = try row.text(8) == "meeting"
        return ICalendar.Event(
            try common(row, otherwise: isMeeting ? "Meeting" : "Call"), start: start,
            end: try row.optionalInt(7).map { start + Double($0) * 60 }, status: .confirmed)
    }

    private static func todo(_ row: Row) throws -> ICalendar.Todo {
        let priority: ICalendar.Todo.Priority =
            switch row.optionalText(7) {
            case "high": .high
            case "low": .low
            default: .normal
            }
        let status: ICalendar.Todo.Status =
            switch try row.text(8) {
            case "done": .done(try row.optionalDate(9))
            case "cancelled": .cancelled
            default: .open
            }
        return ICalendar.Todo(try common(row, otherwise: "Task"), due: try row.optionalDate(6), priority: priority, status: status)
    }
}

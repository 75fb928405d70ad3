import Foundation
import Jobs
import Postgres
import Records
import Tenancy

/// Moves what is due when something that decides it has changed: a reminder, a date that reminders count from, a task.
///
/// Every write of a record promises it in its own transaction, through the change log (`awaited`), so nothing that changes a date can pass it
/// by: merges, undos, batches, restores, imports. What was due before the change and was not sent is over.
struct PlanReminders: Job {
    static let kind = JobKind("plan_reminders") { kind in
        kind.queue = "reminders"
        kind.timeout = .seconds(900)
        kind.retry = RetryPolicy(base: .seconds(1), cap: .seconds(300))
        kind.maximumAttempts = 50
    }

    let type: String
    let record: UUID
    /// When it was changed, in seconds since 1970.
    let armed: Double
    /// Whether it is someone whose clocks have changed; nil: no.
    var isTraveller: Bool?
    /// Of a second look: a transaction that was young when the first had ended.
    var horizon: String?

    /// An expression over the new row of `changes`: promises the work when reminders may be concerned.
    static func awaited(_ type: RecordType) -> SQL? {
        let promise = SQL.promising(
            PlanReminders.self,
            """
            jsonb_build_object('type', changes.type, 'record', changes.record_id, 'armed', extract(epoch FROM cell.tenant_now()),
                'isTraveller', changes.fields ? 'time_zone')
            """)
        let condition: SQL
        switch type.name {
        case Reminders.type.name:
            condition = "changes.fields ?| ARRAY['when', 'rrule', 'exdate', 'about', 'recipients', 'active', 'deleted_at']"
        case Tasks.type.name:
            condition = """
                changes.fields ?| ARRAY['due', 'reminders', 'status', 'deleted_at'] AND (coalesce(changes.fields #> '{reminders,after}', '[]') <> '[]'
                    OR EXISTS (SELECT FROM tasks AS t WHERE t.id = changes.record_id AND t.reminders <> '{}'))
                """
        case "users":
            condition = "changes.fields ? 'time_zone' AND EXISTS (SELECT FROM reminders AS m WHERE \(isByField))"
        case "contacts":
            condition = """
                EXISTS (SELECT FROM reminders AS m WHERE m.about_type = changes.type AND \(isByField)
                    AND (m.about_id IS NULL OR m.about_id = changes.record_id)
                    AND changes.fields ?| ARRAY[m.moment_field, 'deleted_at', 'time_zone'])
                OR changes.fields ? 'time_zone' AND EXISTS (SELECT FROM reminders AS m WHERE \(isByField) AND \(tells("changes.record_id::text")))
                """
        default:
            guard type.isSubject else { return nil }
            condition = """
                EXISTS (SELECT FROM reminders AS m WHERE m.about_type = changes.type AND \(isByField)
                    AND (m.about_id IS NULL OR m.about_id = changes.record_id) AND changes.fields ?| ARRAY[m.moment_field, 'deleted_at'])
                """
        }
        return "CASE WHEN " + condition + " THEN " + promise + " END"
    }

    private static let isByField: SQL = "m.moment_field IS NOT NULL AND m.active AND m.deleted_at IS NULL"

    /// Whether the reminder `m` names somebody as a recipient.
    private static func tells(_ id: SQL) -> SQL { "lower(m.recipients::text) LIKE '%' || \(id) || '%'" }

    /// Statements that promise to plan everything anew that reminds.
    ///
    /// - Parameter armed: an expression: what was due before is past. In seconds since 1970.
    static func everything(armed: SQL) -> [SQL] {
        [
            planning("reminders", armed, where: "m.active AND m.deleted_at IS NULL"),
            planning("tasks", armed, where: "m.deleted_at IS NULL AND m.status = 'open' AND m.due_at IS NOT NULL AND m.reminders <> '{}'"),
        ]
    }

    /// Statements that promise what follows changed settings, by their dotted names: whatever counts from a day or waits for work
    /// moves at once.
    static func following(_ settings: [String]) -> [SQL] {
        func has(_ names: [String]) -> Bool { settings.contains { name in names.contains { name == $0 || name.hasPrefix($0 + ".") } } }
        var conditions: [SQL] = []
        if has(["time_zone", "reminder_defaults"]) { conditions.append(isByField) }
        if has(["business_hours", "holidays"]) {
            conditions.append(WorkWait.isAsked + " AND m.active AND m.deleted_at IS NULL")
        }
        guard !conditions.isEmpty else { return [] }
        return [planning("reminders", "extract(epoch FROM cell.tenant_now())", where: conditions.joined(separator: " OR "))]
    }

    private static func planning(_ type: String, _ armed: SQL, where condition: SQL) -> SQL {
        "SELECT "
            + SQL.promising(PlanReminders.self, "jsonb_build_object('type', \(type)::text, 'record', m.id, 'armed', \(armed))")
            + SQL(code: " FROM \(type) AS m WHERE ") + condition
    }

    static func handler(_ base: Catalog) -> JobHandler {
        JobHandler(PlanReminders.self) { job, context in
            try await job.plan(in: context.scope, base)
                ? .done : .again(after: .milliseconds(500), because: "What it moves is just at work.")
        }
    }

    private var start: Date { Date(timeIntervalSince1970: armed) }

    /// False when something that it has to move is at work with what it knew before.
    private func plan(in scope: TenantScope, _ base: Catalog) async throws -> Bool {
        switch type {
        case Tasks.type.name: return try await planTask(in: scope)
        case Reminders.type.name:
            guard let desk = try await ReminderDesk.open(record, record: nil, in: scope, base), desk.reminder.isActive else { return true }
            return try await plan(desk)
        case "users": return try await planAll(Self.isByField, in: scope, base)
        default:
            let rows = try await scope.rows(
                "SELECT m.id FROM reminders AS m WHERE m.about_type = \(type) AND \(Self.isByField) AND (m.about_id IS NULL OR m.about_id = \(record))"
            )
            var isDone = true
            for row in rows {
                guard let desk = try await ReminderDesk.open(try row.uuid(0), record: record, in: scope, base),
                    let about = try await desk.record(record)
                else { continue }
                if try await !plan(desk, about) { isDone = false }
            }
            guard isTraveller == true, type == "contacts" else { return isDone }
            let told = Self.tells("\(record.text)::text")
            return try await planAll("\(Self.isByField) AND \(told)", in: scope, base) && isDone
        }
    }

    /// All reminders of a kind, for each record.
    private func planAll(_ condition: SQL, in scope: TenantScope, _ base: Catalog) async throws -> Bool {
        var isDone = true
        for row in try await scope.rows("SELECT m.id FROM reminders AS m WHERE " + condition + " ORDER BY m.id") {
            guard let desk = try await ReminderDesk.open(try row.uuid(0), record: nil, in: scope, base), desk.reminder.isActive else {
                continue
            }
            if try await !plan(desk) { isDone = false }
        }
        return isDone
    }

    private func plan(_ desk: ReminderDesk) async throws -> Bool {
        guard desk.reminder.isByField, desk.reminder.aboutID == nil else {
            let about = try await desk.record(nil)
            return desk.reminder.isByField && about == nil ? true : try await plan(desk, about)
        }
        return try await planAll(desk)
    }

    /// One record, or a reminder that has one time for all.
    private func plan(_ desk: ReminderDesk, _ about: RemindedRecord?) async throws -> Bool {
        if !desk.isOfAllAtOnce {
            let over = try await desk.series(about: about).compactMap { recipient, series in
                series.last(before: start, notBefore: desk.reminder.createdAt).map { desk.occurrence($0, recipient, about: about) }
            }
            let statements = Occurrence.entering(over.map { ($0, .skipped("past")) })
            if !statements.isEmpty { _ = try await desk.scope.run(statements) }
        }
        let due = DueReminder(reminder: desk.reminder.id, record: desk.reminder.isByField ? about?.id : nil, armed: armed)
        return try await move(due, to: desk.look(at: about, from: start), in: desk.scope)
    }

    /// Every record of the type; what lay in the past of a reminder that is about all is not even told of.
    private func planAll(_ desk: ReminderDesk) async throws -> Bool {
        if let horizon {
            let isOver: SQL = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > \(horizon)::xid8"
            guard try await desk.scope.rows(isOver).first?.bool(0) == true else { return false }
        }
        let isDone = try await TypeWidePlan(desk: desk, armed: armed).make(replacing: true)
        guard horizon == nil else { return isDone }
        // Whoever was writing a record meanwhile did not know of the reminder, and this did not see the record: a look again when they have all
        // ended.
        guard let young = try await desk.scope.rows("SELECT pg_current_xact_id()", isRepeatable: false).first?.text(0) else {
            return isDone
        }
        _ = try await desk.scope.run([
            .enqueue(
                PlanReminders(type: Reminders.type.name, record: desk.reminder.id, armed: armed, horizon: young), at: .now + 1,
                key: "again \(desk.reminder.id)", replacing: true)
        ])
        return isDone
    }

    private func planTask(in scope: TenantScope) async throws -> Bool {
        let due = DueReminder(reminder: nil, record: record, armed: armed)
        guard let task = try await RemindingTask.find(record, in: scope) else { return try await move(due, to: nil, in: scope) }
        let over = Occurrence.entering(task.occurrences.filter { $0.due.instant < start }.map { ($0, .skipped("past")) })
        if !over.isEmpty { _ = try await scope.run(over) }
        return try await move(due, to: task.occurrences.map(\.due.instant).first { $0 >= start }, in: scope)
    }

    private func move(_ due: DueReminder, to time: Date?, in scope: TenantScope) async throws -> Bool {
        guard let time else {
            _ = try await scope.run([.cancel(DueReminder.self, key: due.key)])
            return true
        }
        return try await scope.run([.enqueue(due, at: time, key: due.key, replacing: true)])[0].first?.int(0) ?? 0 > 0
    }
}

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

    /// An expression over the new row of `changes`: promises the work when reminders may be concerned.
    static func awaited(_ type: RecordType) -> SQL? {
        let promise = SQL.promising(
            PlanReminders.self,
            "jsonb_build_object('type', changes.type, 'record', changes.record_id, 'armed', extract(epoch FROM now()))")
        let condition: SQL
        switch type.name {
        case Reminders.type.name:
            condition = "changes.fields ?| ARRAY['when', 'rrule', 'exdate', 'about', 'recipients', 'active', 'deleted_at']"
        case Tasks.type.name:
            condition = """
                changes.fields ?| ARRAY['due', 'reminders', 'status', 'deleted_at'] AND (coalesce(changes.fields #> '{reminders,after}', '[]') <> '[]'
                    OR EXISTS (SELECT FROM tasks AS t WHERE t.id = changes.record_id AND t.reminders <> '{}'))
                """
        default:
            guard type.isSubject else { return nil }
            condition = """
                EXISTS (SELECT FROM reminders AS m WHERE m.about_type = changes.type AND m.moment_field IS NOT NULL AND m.active
                    AND m.deleted_at IS NULL AND (m.about_id IS NULL OR m.about_id = changes.record_id)
                    AND changes.fields ?| ARRAY[m.moment_field, 'deleted_at'])
                """
        }
        return "CASE WHEN " + condition + " THEN " + promise + " END"
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
        default:
            let rows = try await scope.rows(
                """
                SELECT id FROM reminders WHERE about_type = \(type) AND moment_field IS NOT NULL AND active AND deleted_at IS NULL
                    AND (about_id IS NULL OR about_id = \(record))
                """)
            var isDone = true
            for row in rows {
                guard let desk = try await ReminderDesk.open(try row.uuid(0), record: record, in: scope, base),
                    let about = try await desk.record(record)
                else { continue }
                if try await !plan(desk, about) { isDone = false }
            }
            return isDone
        }
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
        var last = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        var isDone = true
        while let page = try await desk.records("r.id > \(last) AND r.deleted_at IS NULL", limit: 500), let end = page.last {
            let promises = page.compactMap { record in
                desk.look(at: record, from: start).map { time in
                    let due = DueReminder(reminder: desk.reminder.id, record: record.id, armed: armed)
                    return Promise(due, at: time, key: due.key)
                }
            }
            if !promises.isEmpty {
                let written = try await desk.scope.run([.enqueue(promises, replacing: true)])[0].first?.int(0) ?? 0
                if written < promises.count { isDone = false }
            }
            last = end.id
        }
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

import Foundation
import Jobs
import Postgres
import Records
import Tenancy

/// Looks every night for records that no reminder about all of their type knows of, whatever went wrong: promised are those of which nothing
/// is, and what was missed within a day is made up for.
struct SweepReminders: Job {
    static let kind = JobKind("sweep_reminders") { kind in
        kind.queue = "maintenance"
        kind.priority = .bulk
        kind.timeout = .seconds(1800)
        kind.cellLimit = 2
    }

    static func handler(_ base: Catalog) -> JobHandler {
        JobHandler(SweepReminders.self) { _, context in
            // Nothing that was past when the reminder became what it is.
            let rows = try await context.scope.rows(
                """
                SELECT m.id, extract(epoch FROM least(cell.tenant_now(), greatest(cell.tenant_now() - interval '1 day', m.updated_at)))
                FROM reminders AS m
                WHERE m.moment_field IS NOT NULL AND m.about_id IS NULL AND m.active AND m.deleted_at IS NULL ORDER BY m.id
                """)
            for row in rows {
                guard let desk = try await ReminderDesk.open(try row.uuid(0), record: nil, in: context.scope, base) else { continue }
                // What is promised stays as it is.
                _ = try await TypeWidePlan(desk: desk, armed: try row.double(1)).make(replacing: false)
            }
            return .done
        }
    }
}

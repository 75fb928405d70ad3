import Foundation
import Postgres
import Recurrence
import Tenancy

/// A task that reminds whoever is to do it, so many minutes before it is due.
struct RemindingTask: Sendable {
    /// In the order of time.
    let occurrences: [Occurrence]

    /// Nil for one that is done, gone or reminds of nothing.
    static func find(_ id: UUID, in scope: TenantScope) async throws -> RemindingTask? {
        let row = try await scope.rows(
            """
            SELECT t.due_at, t.reminders::text[], u.id,
                coalesce(u.time_zone, t.due_zone)
            FROM tasks AS t JOIN users AS u ON u.id = coalesce(t.assignee_id, t.owner_id)
            WHERE t.id = \(id) AND t.deleted_at IS NULL AND t.status = 'open' AND t.due_at IS NOT NULL AND t.reminders <> '{}'
            """
        ).first
        guard let row else { return nil }
        let due = try row.date(0)
        let recipient = Reminded.user(try row.uuid(2))
        let zone = TimeZoneName.isKnown(try row.text(3)) ? try row.text(3) : "UTC"
        return RemindingTask(
            occurrences: try row.texts(1).compactMap { Int($0) }.sorted(by: >).map { minutes in
                let instant = due - Double(minutes * 60)
                return Occurrence(
                    reminder: nil, aboutType: "tasks", aboutID: id, recipient: recipient,
                    due: .init(
                        instant: instant, local: LocalTime.text(of: instant, in: zone) ?? "", zone: zone,
                        occasion: CivilMoment(utc: instant).secondText))
            })
    }
}

import Foundation
import Postgres
import Records
import Recurrence
import Tenancy

/// One reminder with everything that decides when it is due: read anew whenever its time has come or something has moved it.
struct ReminderDesk: Sendable {
    let scope: TenantScope
    let catalog: Catalog
    let reminder: KnownReminder
    let defaults: ReminderDefaults
    /// When the latest entry in the ledger was due, of the record in question.
    let last: Date?

    /// Nil when there is no such reminder any more.
    static func open(_ id: UUID, record: UUID?, in scope: TenantScope, _ base: Catalog) async throws -> ReminderDesk? {
        let about: SQL = record.map { "\($0)::uuid" } ?? "m.about_id"
        let row = try await scope.rows(
            "SELECT " + KnownReminder.columns + ", \(Shape.column), \(ReminderDefaults.column), "
                + "(SELECT max(o.due_at) FROM occurrences AS o WHERE o.reminder_id = m.id AND (" + about
                + " IS NULL OR o.about_id = " + about
                + ") AND o.due_at <= (SELECT cell.tenant_now())) FROM reminders AS m WHERE m.id = \(id)"
        ).first
        guard let row, let reminder = try KnownReminder(row) else { return nil }
        let column = KnownReminder.columnCount
        let catalog = try row.optionalText(column).map { try Shape(parsing: $0).applied(to: base) } ?? base
        return ReminderDesk(
            scope: scope, catalog: catalog, reminder: reminder,
            defaults: ReminderDefaults(try SettingsDocument(parsing: row.optionalText(column + 1) ?? "{}")),
            last: try row.optionalDate(column + 2))
    }

    /// Whether every record of a type is told of at one and the same time.
    var isOfAllAtOnce: Bool { !reminder.isByField && reminder.aboutType != nil && reminder.aboutID == nil }

    /// Records of the type behind `last`, in the order of ids; nil where the type or its field is no more.
    func records(_ condition: SQL, limit: Int) async throws -> [RemindedRecord]? {
        guard let type = reminder.aboutType.flatMap({ catalog[$0] }), let columns = RemindedRecord.columns(reminder.field, of: type) else {
            return nil
        }
        return try await scope.rows(
            "SELECT " + columns + SQL(code: " FROM \(type.table) AS r WHERE ") + condition + " ORDER BY r.id LIMIT \(limit)"
        ).map { try RemindedRecord($0) }
    }

    /// The record of that id, or the one that the reminder is about.
    func record(_ id: UUID?) async throws -> RemindedRecord? {
        guard let id = id ?? reminder.aboutID else { return nil }
        return try await records("r.id = \(id)", limit: 1)?.first
    }

    func occurrence(_ due: ReminderSeries.Due, _ recipient: String, about record: RemindedRecord?) -> Occurrence {
        Occurrence(
            reminder: reminder.id, aboutType: record == nil ? nil : reminder.aboutType, aboutID: record?.id, field: reminder.field,
            recipient: recipient, due: due)
    }

    /// The times of each recipient.
    func series(about record: RemindedRecord?) async throws -> [(recipient: String, series: ReminderSeries)] {
        let keys = Reminded.keys(of: reminder, about: record)
        // A time on a wall is the same for all.
        let zones = reminder.isByField ? try await Reminded.resolved(keys, in: scope, defaults) : [:]
        return keys.compactMap { key in
            reminder.series(record, in: zones[key]?.zone ?? defaults.timeZone, defaults).map { (key, $0) }
        }
    }

    /// When to look at a record next, before it is known whose clocks decide: at its next time by the earliest clocks there are, since
    /// recipients may come, go and travel meanwhile. Nil when there is no next time.
    func look(at record: RemindedRecord?, from instant: Date) -> Date? {
        guard reminder.isByField else {
            return reminder.series(record, in: defaults.timeZone, defaults)?.due(from: instant).first { _ in true }?.instant
        }
        guard case .date? = record?.base else {
            // Whole days before a time are of the recipient's calendar: an hour or two apart.
            return reminder.series(record, in: "UTC", defaults)?.due(from: instant - Self.widest).first { _ in true }.map {
                max(instant, $0.instant - 2 * 3600)
            }
        }
        return reminder.series(record, in: Self.earliest, defaults)?.due(from: instant - Self.widest).first { _ in true }.map {
            max(instant, $0.instant)
        }
    }

    /// UTC+14.
    private static let earliest = "Etc/GMT-14"
    /// From the earliest clocks to the latest.
    static let widest: TimeInterval = 26 * 3600
}

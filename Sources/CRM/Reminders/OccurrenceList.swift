import Foundation
import Postgres
import Records
import Recurrence
import Tenancy

/// The ledger as people read it, with what is still to come.
package struct OccurrenceList: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog

    package init(in scope: TenantScope, for caller: Caller, of catalog: Catalog) {
        self.scope = scope
        self.caller = caller
        self.catalog = catalog
    }

    /// How many of one reminder are looked at.
    package static let most = 1_000
    package static let statuses = ["planned", "sent", "skipped", "failed", "unknown"]

    /// An occurrence by the order of lists: time, then id.
    package struct Entry: Sendable {
        package let key: String
        package let document: JSON
    }

    private static let columns: SQL = """
        o.id, o.reminder_id, o.about_type, o.about_id, o.recipient, o.due_at, o.local, o.time_zone, o.status, o.reason, o.attempts,
        o.message_id, CASE WHEN o.status = 'sent' THEN (extract(epoch FROM o.settled_at - o.due_at) * 1000)::bigint END
        """

    /// What fell due of every reminder and task that the caller may read, newest first.
    ///
    /// - Parameter last: the key of the last one seen.
    package func page(status: String?, after last: String?, limit: Int) async throws -> [Entry] {
        try await scope.rows(statement(status: status, after: last, limit: limit)).map(Self.entry)
    }

    func statement(status: String?, after last: String?, limit: Int) -> SQL {
        let parts = last.map { $0.split(separator: " ").map(String.init) }
        let place: SQL =
            if let parts, parts.count == 2, let at = Date(rfc3339: parts[0]), let id = UUID(text: parts[1]) {
                " AND (o.due_at, o.id) < (\(at), \(id))"
            } else {
                ""
            }
        let chosen: SQL = status.map { " AND o.status = \($0)" } ?? ""
        let reminders = catalog[Reminders.type.name] ?? Reminders.type
        let tasks = catalog[Tasks.type.name] ?? Tasks.type
        return "SELECT " + Self.columns + " FROM occurrences AS o WHERE CASE WHEN o.reminder_id IS NULL THEN "
            + "EXISTS (SELECT FROM tasks AS t WHERE t.id = o.about_id AND " + caller.readable(tasks, "t") + ") ELSE "
            + "EXISTS (SELECT FROM reminders AS m WHERE m.id = o.reminder_id AND " + caller.readable(reminders, "m") + ") END"
            + chosen + place + " ORDER BY o.due_at DESC, o.id DESC LIMIT \(limit)"
    }

    /// What fell due of a reminder within a window, and what is going to, in the order of time; refuses with `.notFound`.
    package func entries(of id: UUID, from start: Date, to end: Date, now: Date) async throws -> [Entry] {
        let reminders = catalog[Reminders.type.name] ?? Reminders.type
        let found = try await scope.rows("SELECT r.id FROM reminders AS r WHERE r.id = \(id) AND " + caller.readable(reminders))
        guard !found.isEmpty, let desk = try await ReminderDesk.open(id, record: nil, in: scope, catalog) else { throw Problem.notFound }
        let rows = try await scope.rows(
            "SELECT " + Self.columns + """
                 FROM occurrences AS o WHERE o.reminder_id = \(id) AND o.due_at >= \(start) AND o.due_at <= \(end)
                ORDER BY o.due_at, o.id LIMIT \(Self.most)
                """)
        var entries = try rows.map(Self.entry)
        var known = Set(try rows.map { try $0.uuid(0) })
        if desk.reminder.isActive {
            for occurrence in try await planned(desk, from: max(start, now), to: end) where known.insert(occurrence.id).inserted {
                entries.append(Self.entry(occurrence))
            }
        }
        return Array(entries.sorted { $0.key < $1.key }.prefix(Self.most))
    }

    private func planned(_ desk: ReminderDesk, from start: Date, to end: Date) async throws -> [Occurrence] {
        guard start <= end else { return [] }
        func of(_ about: RemindedRecord?) async throws -> [Occurrence] {
            try await desk.series(about: about).flatMap { recipient, series in
                series.due(from: start).prefix(Self.most).prefix { $0.instant <= end }.map { desk.occurrence($0, recipient, about: about) }
            }
        }
        guard let name = desk.reminder.aboutType, desk.reminder.aboutID == nil, let type = catalog[name] else {
            let about = try await desk.record(nil)
            return about == nil && desk.reminder.isByField ? [] : try await of(about)
        }
        var planned: [Occurrence] = []
        var last = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        while planned.count < Self.most,
            let page = try await desk.records("r.id > \(last) AND r.deleted_at IS NULL AND " + caller.readable(type), limit: 500),
            let end = page.last
        {
            for record in page where planned.count < Self.most { planned += try await of(record) }
            last = end.id
        }
        return Array(planned.prefix(Self.most))
    }

    private static func about(_ type: String, _ id: String?) -> JSON { ["type": .string(type), "id": JSON(id)] }

    private static func entry(_ row: Row) throws -> Entry {
        let about = row.optionalText(2).map { Self.about($0, row.optionalText(3)) }
        return entry(
            id: try row.text(0), reminder: row.optionalText(1), about: about, recipient: try row.text(4), due: try row.date(5),
            local: try row.text(6), zone: try row.text(7), status: try row.text(8), reason: row.optionalText(9), attempts: try row.int(10),
            messageID: row.optionalText(11), lateness: try row.optionalInt(12))
    }

    private static func entry(_ occurrence: Occurrence) -> Entry {
        let about = occurrence.aboutType.map { Self.about($0, occurrence.aboutID?.text) }
        return entry(
            id: occurrence.id.text, reminder: occurrence.reminder?.text, about: about,
            recipient: occurrence.recipient, due: occurrence.due.instant, local: occurrence.due.local, zone: occurrence.due.zone,
            status: "planned", reason: nil, attempts: 0, messageID: nil, lateness: nil)
    }

    private static func entry(
        id: String, reminder: String?, about: JSON?, recipient: String, due: Date, local: String, zone: String, status: String,
        reason: String?, attempts: Int, messageID: String?, lateness: Int?
    ) -> Entry {
        let parts = recipient.split(separator: ":", maxSplits: 1).map(String.init)
        let names = ["user": "user_id", "contact": "contact_id", "lead": "lead_id"]
        let at = due.apiText
        return Entry(
            key: "\(at) \(id)",
            document: [
                "id": .string(id), "reminder_id": JSON(reminder), "about": about ?? .null,
                "recipient": .object([.init(names[parts[0]] ?? "email", .string(parts.count > 1 ? parts[1] : ""))]),
                "due_at": .string(at), "local": .string(local), "time_zone": .string(zone), "status": .string(status),
                "reason": JSON(reason), "attempts": JSON(attempts), "message_id": JSON(messageID),
                "lateness_ms": lateness.map { JSON($0) } ?? .null,
            ])
    }
}

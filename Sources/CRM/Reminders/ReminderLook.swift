import Foundation
import Postgres
import Records
import Tenancy

/// A look at everything that decides at the last moment about an occurrence, in one statement.
///
/// Which tables and columns there are has to be known before: what this process last saw of the tenant's record types is taken for granted.
/// The statement tells whether they are still the same, and else it is asked once more.
struct ReminderLook: Sendable {
    let occurrence: UUID
    /// What it is about, and the field that it counts from, as they were when it fell due.
    let type: String?
    let field: String?

    /// Nil when there is no such occurrence any more.
    func answer(in scope: TenantScope, _ shapes: KnownShapes) async throws -> ReminderMail? {
        let caretaker = Self.caretaker(of: scope.tenant)
        var field = field
        var catalog = shapes.catalog(of: scope.tenant)
        for _ in 1...Self.patience {
            let about = type.flatMap { catalog[$0] }
            let reminded = about.flatMap { type in field.flatMap { type.field($0)?.isReminded == true ? $0 : nil } }
            do {
                guard let row = try await scope.rows(statement(about, reminded, for: caretaker)).first else { return nil }
                let (now, shape) = (row.optionalText(Self.momentColumn), row.optionalText(Self.momentColumn + 1))
                if let anew = try shapes.learn(shape, of: scope.tenant, insteadOf: catalog) {
                    catalog = anew
                } else if now != field {
                    field = now
                } else {
                    return try ReminderMail(row, about, scope)
                }
            } catch let error as PostgresError where [.undefinedColumn, .undefinedTable].contains(error.refusal?.state) {
                // A field or a record type has been deleted for good.
                catalog = try await shapes.read(scope)
            }
        }
        throw PostgresError.unexpected("The account's record types change all the time.")
    }

    /// How often they may have changed meanwhile.
    private static let patience = 5
    private static let reminderColumn = 29
    private static let momentColumn = reminderColumn + KnownReminder.columnCount

    private func statement(_ type: RecordType?, _ field: String?, for caretaker: Caller) -> SQL {
        let record: SQL
        let source: SQL
        if let type, let columns = RemindedRecord.columns(field, of: type) {
            record = columns + SQL(code: ", \(type.title("r", for: caretaker)), \(type.loggedJSON("r"))::text, r.deleted_at IS NOT NULL")
            source = SQL(code: " LEFT JOIN \(type.table) AS r ON r.id = o.about_id")
        } else {
            record = "NULL::uuid, NULL::uuid, NULL::text, NULL::timestamptz, NULL::text, NULL::text, NULL::text, NULL::boolean"
            source = ""
        }
        let isStillTask: SQL =
            type?.name == "tasks"
            ? "r.deleted_at IS NULL AND r.status = 'open' AND EXISTS (SELECT FROM unnest(r.reminders) AS b WHERE r.due_at - make_interval(mins => b) = o.due_at)"
            : "NULL::boolean"
        let whose: SQL = "nullif(split_part(o.recipient, ':', 2), '')"
        return
            "SELECT o.status, o.due_at, o.local, o.time_zone, o.recipient, o.reminder_id IS NULL, t.subject, t.body, t.locale, m.subject, m.body, "
            + "sender.name, \(ReminderDefaults.column), to_someone.name, to_someone.address, to_someone.zone, to_someone.language, to_someone.objection, "
            + isStillTask
            + ", (SELECT count(*) FROM reminders AS b WHERE b.deleted_at IS NULL AND b.active AND (b.created_at, b.id) < (m.created_at, m.id)), "
            + "EXISTS (SELECT FROM suppressions AS s WHERE s.address = lower(to_someone.address)), "
            + record + ", " + KnownReminder.columns + ", m.moment_field, " + Shape.column + """
                 FROM occurrences AS o LEFT JOIN reminders AS m ON m.id = o.reminder_id LEFT JOIN templates AS t ON t.id = m.template_id
                """ + source + """
                 LEFT JOIN users AS sender ON sender.id = m.owner_id AND sender.deleted_at IS NULL
                LEFT JOIN LATERAL (
                    SELECT u.name, u.email AS address, u.time_zone AS zone, u.locale AS language,
                        CASE WHEN u.deleted_at IS NOT NULL OR u.status <> 'active' THEN 'inactive' WHEN u.email_opt_out THEN 'opted_out' END AS objection
                    FROM users AS u WHERE o.recipient LIKE 'user:%' AND u.id = (CASE WHEN o.recipient LIKE 'user:%' THEN \(whose) END)::uuid
                    UNION ALL
                    SELECT concat_ws(' ', c.first_name, c.last_name), c.email, c.time_zone, c.language,
                        CASE WHEN c.deleted_at IS NOT NULL THEN 'inactive' WHEN c.email_opt_out THEN 'opted_out' END
                    FROM contacts AS c WHERE o.recipient LIKE 'contact:%' AND c.id = (CASE WHEN o.recipient LIKE 'contact:%' THEN \(whose) END)::uuid
                    UNION ALL
                    SELECT concat_ws(' ', l.first_name, l.last_name), l.email, NULL, NULL, CASE WHEN l.deleted_at IS NOT NULL THEN 'inactive' END
                    FROM leads AS l WHERE o.recipient LIKE 'lead:%' AND l.id = (CASE WHEN o.recipient LIKE 'lead:%' THEN \(whose) END)::uuid
                    UNION ALL
                    SELECT NULL, substr(o.recipient, 7), NULL, NULL, (
                        SELECT 'opted_out' FROM contacts AS c WHERE lower(c.email) = substr(o.recipient, 7) AND c.deleted_at IS NULL AND c.email_opt_out)
                    WHERE o.recipient LIKE 'email:%'
                ) AS to_someone ON true
                WHERE o.id = \(occurrence)
                """
    }

    /// Whoever chose the words may have them sent; what they name is shown to the recipient.
    private static func caretaker(of tenant: Tenant) -> Caller {
        Caller(
            actor: Actor(.system, tenant.id), userID: tenant.adminID, rights: Rights(types: ["*": .everything], admin: .everything),
            requestID: "reminder")
    }
}

extension ReminderMail {
    /// - Parameter type: what it is about.
    fileprivate init(_ row: Row, _ type: RecordType?, _ scope: TenantScope) throws {
        status = try row.text(0)
        dueAt = try row.date(1)
        local = try row.text(2)
        zone = try row.text(3)
        isOfTask = try row.bool(5)
        let subject = row.optionalText(6) ?? row.optionalText(9)
        words = subject.map { ($0, row.isNull(6) ? row.optionalText(10) : row.optionalText(7), row.optionalText(8)) }
        sender = row.optionalText(11)
        settings = try SettingsDocument(parsing: row.optionalText(12) ?? "{}")
        defaults = ReminderDefaults(settings)
        var recipient = Recipient(
            key: try row.text(4), name: row.optionalText(13), address: row.optionalText(14), zone: row.optionalText(15),
            language: row.optionalText(16), objection: row.optionalText(17))
        let isKnown = !(row.isNull(13) && row.isNull(14))
        if recipient.objection == nil, !isKnown { recipient.objection = "inactive" }
        if recipient.objection == nil, recipient.address == nil { recipient.objection = "no_address" }
        if recipient.objection == nil, try row.bool(20) { recipient.objection = "suppressed" }
        if recipient.objection == nil, isOfTask, try row.optionalBool(18) != true { recipient.objection = "inactive" }
        self.recipient = recipient
        place = try row.optionalInt(19) ?? 0
        limit = scope.limits[Resource.activeReminders]
        tenant = scope.tenant
        if let type, let id = try row.optionalUUID(21) {
            about = About(
                type: type, id: id.text, title: row.optionalText(26) ?? "",
                state: try JSON(parsing: row.optionalText(27) ?? "{}"), isTrashed: try row.bool(28),
                record: try RemindedRecord(row, from: 21))
        } else {
            about = nil
        }
        reminder = row.isNull(29) ? nil : try KnownReminder(row, from: 29)
    }

    /// - Parameter type: what the occurrence is about.
    static func find(_ id: UUID, about type: String?, in scope: TenantScope, _ base: Catalog) async throws -> ReminderMail? {
        try await ReminderLook(occurrence: id, type: type, field: nil).answer(in: scope, KnownShapes(base))
    }
}

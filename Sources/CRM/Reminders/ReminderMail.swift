import Foundation
import Mail
import Postgres
import Records
import Recurrence
import Tenancy

/// An occurrence with everything that decides at the last moment whether and how it is mailed; read in one statement.
struct ReminderMail: Sendable {
    let status: String
    let dueAt: Date
    private let local: String
    private let zone: String
    private let recipient: Recipient
    private let reminder: KnownReminder?
    private let isOfTask: Bool
    /// Subject, body and language of a tenant's own words.
    private let words: (subject: String, body: String?, locale: String?)?
    private let about: About?
    private let sender: String?
    private let settings: SettingsDocument
    private let defaults: ReminderDefaults
    private let tenant: Tenant
    /// How many active reminders there are before this one.
    private let place: Int
    private let limit: Int?

    private struct Recipient: Sendable {
        let key: String
        var name: String?
        var address: String?
        var zone: String?
        var language: String?
        /// Why nothing goes to them.
        var objection: String?
    }

    private struct About: Sendable {
        let type: RecordType
        let id: String
        let title: String
        let state: JSON
        let isTrashed: Bool
        let record: RemindedRecord
    }

    /// - Parameter type: what the occurrence is about.
    static func find(_ id: UUID, about type: String?, in scope: TenantScope, _ base: Catalog) async throws -> ReminderMail? {
        // Which tables and columns there are is known before the one statement that decides.
        let shape = try await scope.rows(
            "SELECT \(Shape.column), (SELECT moment_field FROM reminders WHERE id = (SELECT reminder_id FROM occurrences WHERE id = \(id)))"
        )[0]
        let catalog = try shape.optionalText(0).map { try Shape(parsing: $0).applied(to: base) } ?? base
        let about = type.flatMap { catalog[$0] }
        let field = about.flatMap { type in shape.optionalText(1).flatMap { type.field($0)?.isReminded == true ? $0 : nil } }
        let row = try await scope.rows(statement(id, about, field, Self.caretaker(of: scope.tenant))).first
        return try row.flatMap { try ReminderMail($0, about, scope, limit: scope.limits[Resource.activeReminders]) }
    }

    private static func statement(_ id: UUID, _ type: RecordType?, _ field: String?, _ caretaker: Caller) -> SQL {
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
            + record + ", " + KnownReminder.columns + """
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
                WHERE o.id = \(id)
                """
    }

    /// Whoever chose the words may have them sent; what they name is shown to the recipient.
    private static func caretaker(of tenant: Tenant) -> Caller {
        Caller(
            actor: Actor(.system, tenant.id), userID: tenant.adminID, rights: Rights(types: ["*": .everything], admin: .everything),
            requestID: "reminder")
    }

    private init?(_ row: Row, _ type: RecordType?, _ scope: TenantScope, limit: Int?) throws {
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
        self.limit = limit
        tenant = scope.tenant
        if let type, let id = try row.optionalUUID(21) {
            about = About(
                type: type, id: id.uuidString.lowercased(), title: row.optionalText(26) ?? "",
                state: try JSON(parsing: row.optionalText(27) ?? "{}"), isTrashed: try row.bool(28),
                record: try RemindedRecord(row, from: 21))
        } else {
            about = nil
        }
        reminder = row.isNull(29) ? nil : try KnownReminder(row, from: 29)
    }

    /// Why it is not sent after all; nil: nothing speaks against it.
    func objection(_ now: Date) -> String? {
        guard tenant.state.allowsWrites else { return "suspended" }
        if !isOfTask {
            guard let reminder, reminder.isActive else { return "inactive" }
            if reminder.aboutType != nil, about?.isTrashed ?? true { return "trashed" }
            // Moved since it fell due.
            let series = reminder.series(about?.record, in: zone, defaults)
            guard series?.due(from: dueAt).first(where: { _ in true })?.instant == dueAt else { return "inactive" }
            if let limit, place >= limit { return "plan" }
        } else if about?.isTrashed ?? true {
            return "trashed"
        }
        return recipient.objection
    }

    /// When the quiet hours end that it is in where the recipient is; nil when it is in none.
    func quietEnd(_ now: Date) -> Date? {
        let name = recipient.zone.flatMap { TimeZoneName.isKnown($0) ? $0 : nil } ?? defaults.timeZone
        guard let hours = settings.quietHours, let clocks = TimeZoneName.zone(name), hours.isQuiet(at: now, in: clocks) else { return nil }
        return hours.end(from: now, in: clocks)
    }

    /// Throws where a tenant's words cannot be read.
    func letter(_ id: UUID, origin: String) throws -> Letter {
        let link = about.map { "\(origin)/\($0.type.name)/\($0.id)" } ?? origin
        let tag = words?.locale ?? recipient.language ?? settings["locale"].string ?? "en"
        var letter = Letter(
            id: id, kind: "reminder", to: recipient.address ?? "", name: recipient.name.flatMap { $0.isEmpty ? nil : $0 },
            language: MailLanguage(closestTo: tag), words: try text(link), nature: .business, reader: reader)
        letter.name = letter.name.map { String($0.prefix(200)) }
        return letter
    }

    private func text(_ link: String) throws -> Letter.Words {
        let due = "\(local.replacing("T", with: " ")) (\(zone))"
        guard let words else {
            return .system(
                .reminder,
                [
                    "person": .text(recipient.name ?? ""), "title": .text(about?.title ?? ""), "due": .text(due), "about": "",
                    "notes": .text(about?.state["body"]?.string ?? ""), "link": .text(link),
                ])
        }
        let body =
            words.body
            ?? (about == nil
                ? "{{due.date}} {{due.time}}" : "**{{record.title}}**\n\n{{due.date}} {{due.time}}\n\n[{{record.title}}]({{record.link}})")
        return .template(
            try Template(TemplateSource(subject: words.subject, body: body)),
            ReminderValues.all(
                record: about.map { ($0.type.name, $0.id, $0.title, $0.state) }, link: link, recipient: recipient.name ?? "",
                tenant: settings["name"].string ?? tenant.name, sender: sender ?? "", local: local, zone: zone))
    }

    private var reader: Letter.Reader? {
        let parts = recipient.key.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let id = UUID(uuidString: String(parts[1]))
        switch parts[0] {
        case "user": return id.map { .user($0) }
        case "contact": return id.map { .contact($0) }
        default: return recipient.address.map { .address($0) }
        }
    }
}

/// What a reminder's words find under the names that `ReminderWords` knows.
enum ReminderValues {
    static func all(
        record: (type: String, id: String, title: String, state: JSON)?, link: String, recipient: String, tenant: String, sender: String,
        local: String, zone: String
    ) -> [String: TemplateValue] {
        var fields: [String: TemplateValue] = [:]
        var custom: [String: TemplateValue] = [:]
        for member in record?.state.members ?? [] {
            guard let value = value(member.value) else { continue }
            if member.name.hasPrefix("custom.") {
                custom[String(member.name.dropFirst(7))] = value
            } else {
                fields[member.name] = value
            }
        }
        if let record {
            fields["id"] = .text(record.id)
            fields["type"] = .text(record.type)
            fields["title"] = .text(record.title)
            fields["link"] = .text(link)
        }
        fields["custom"] = .group(custom)
        let parts = local.split(separator: "T").map(String.init)
        return [
            "record": .group(fields), "recipient": ["name": .text(recipient)], "tenant": ["name": .text(tenant)],
            "sender": ["name": .text(sender)],
            "due": ["local": .text(local), "date": .text(parts.first ?? ""), "time": .text(parts.last ?? ""), "time_zone": .text(zone)],
        ]
    }

    private static func value(_ json: JSON) -> TemplateValue? {
        switch json {
        case .null: nil
        case .string(let text): .text(text)
        case .array(let elements): .list(elements.compactMap(value))
        case .object(let members): .group(Dictionary(members.compactMap { member in value(member.value).map { (member.name, $0) } }) { $1 })
        default: .text(json.text)
        }
    }
}

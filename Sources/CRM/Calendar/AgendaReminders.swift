import Foundation
import Mail
import Postgres
import Records
import Recurrence
import Tenancy

/// Of what one person is told within some days: by reminders that name the person, and by those that tell whoever looks after a record.
///
/// They are worked out from the reminders as they stand; the ledger says what became of those that were due already. A task's own reminders
/// are left out, since the task stands in the agenda itself.
struct AgendaReminders: Sendable {
    let scope: TenantScope
    let caller: Caller
    let catalog: Catalog
    /// The person's.
    let zone: String
    let instants: Range<Date>
    let now: Date

    /// How many reminders are looked at, and records of each that is about all of a type.
    static let most = 1_000
    /// How often one reminder is shown about one record.
    private static let mostOfOne = 200

    /// In the order of time.
    func items() async throws -> [AgendaItem] {
        guard caller.rights[Reminders.type.name].read != .none else { return [] }
        let answers = try await scope.run(
            [candidates, "SELECT document::text, (SELECT name FROM users WHERE id = \(caller.userID)) FROM settings"], isRepeatable: true)
        let candidates = try answers[0].compactMap { try Candidate($0) }
        guard let row = answers[1].first, !candidates.isEmpty else { return [] }
        let settings = try SettingsDocument(parsing: row.text(0))
        let defaults = ReminderDefaults(settings)
        let key = Reminded.user(caller.userID)

        var found: [Found] = []
        for (candidate, record) in try await records(of: candidates, defaults) {
            guard Reminded.keys(of: candidate.reminder, about: record?.reminded).contains(key),
                let series = candidate.reminder.series(record?.reminded, in: zone, defaults)
            else { continue }
            let due = series.due(from: instants.lowerBound).prefix(Self.mostOfOne).prefix { $0.instant < instants.upperBound }
            found += due.map { Found(candidate: candidate, record: record, due: $0, recipient: key) }
        }
        let firm = settings["name"].string ?? scope.tenant.name
        return try await told(found.sorted { $0.due.instant < $1.due.instant }).prefix(Agenda.most).map { found, status in
            item(found, status, person: row.optionalText(1) ?? "", firm: firm)
        }
    }

    /// A reminder that may tell the person.
    private struct Candidate: Sendable {
        let reminder: KnownReminder
        /// The mail's subject as it was written.
        let subject: String
        let sender: String

        init?(_ row: Row) throws {
            guard let reminder = try KnownReminder(row) else { return nil }
            self.reminder = reminder
            subject = row.optionalText(KnownReminder.columnCount) ?? ""
            sender = row.optionalText(KnownReminder.columnCount + 1) ?? ""
        }
    }

    /// A record with what the caller sees of it.
    private struct SeenRecord: Sendable {
        let type: String
        let reminded: RemindedRecord
        let title: String
        let state: JSON
    }

    private struct Found: Sendable {
        let candidate: Candidate
        let record: SeenRecord?
        let due: ReminderSeries.Due
        let recipient: String

        var id: UUID {
            Occurrence(
                reminder: candidate.reminder.id, aboutType: record?.type, aboutID: record?.reminded.id, recipient: recipient, due: due
            ).id
        }
    }

    // MARK: Which reminders

    /// Each branch finds its rows by an index: by who is told, or from the person's own records.
    var candidates: SQL {
        let reminders = catalog[Reminders.type.name] ?? Reminders.type
        let id = caller.userID.uuidString
        // As the index `reminders_told` has it.
        let told: SQL = "(m.recipients || CASE WHEN m.about_id IS NULL THEN '[\"all\"]'::jsonb ELSE '[]'::jsonb END)"
        func names(_ id: String) -> SQL {
            let recipient = #"[{"user_id":"\#(id)"}]"#
            return told + " @> \(recipient)::jsonb"
        }
        // Ids are kept as they were typed.
        let isNamed = "(" + names(id.lowercased()) + " OR " + names(id) + ")"
        let isGeneral = told + " @> '[\"owner\", \"all\"]'::jsonb AND (m.about_type IS NOT NULL OR m.owner_id = \(caller.userID))"
        let own: [SQL] = catalog.types.filter { $0.isSubject && caller.rights[$0.name].read != .none }.map { type in
            "m.recipients @> '[\"owner\"]'::jsonb AND m.about_type = \(type.name) AND m.about_id IN (SELECT r.id FROM "
                + SQL(code: "\(type.table) AS r WHERE r.owner_id = ") + "\(caller.userID) AND r.deleted_at IS NULL)"
        }
        let ids = ([isGeneral] + own).reduce(Self.branch(isNamed)) { $0 + " UNION " + Self.branch($1) }
        return "SELECT " + KnownReminder.columns + """
            , coalesce(t.subject, m.subject), sender.name
            FROM reminders AS m LEFT JOIN templates AS t ON t.id = m.template_id LEFT JOIN users AS sender ON sender.id = m.owner_id
            WHERE m.id = ANY (ARRAY(
            """ + ids + ")) AND " + caller.readable(reminders, "m") + " ORDER BY m.id LIMIT \(Self.most)"
    }

    private static func branch(_ condition: SQL) -> SQL {
        "SELECT m.id FROM reminders AS m WHERE m.active AND m.deleted_at IS NULL AND " + condition
    }

    // MARK: About which records

    private func records(of candidates: [Candidate], _ defaults: ReminderDefaults) async throws -> [(Candidate, SeenRecord?)] {
        var pairs: [(Candidate, SeenRecord?)] = candidates.filter { $0.reminder.aboutType == nil }.map { ($0, nil) }
        let ofOne = candidates.filter { $0.reminder.aboutID != nil }
        for (place, group) in Dictionary(grouping: ofOne, by: { [$0.reminder.aboutType ?? "", $0.reminder.field ?? ""] }) {
            let ids = group.compactMap(\.reminder.aboutID)
            let records = try await read(place[0], place[1].isEmpty ? nil : place[1], "r.id = ANY (\(ids)::uuid[])", limit: ids.count)
            let byID = Dictionary(records.map { ($0.reminded.id, $0) }) { first, _ in first }
            pairs += group.compactMap { candidate in candidate.reminder.aboutID.flatMap { byID[$0] }.map { (candidate, $0) } }
        }
        for candidate in candidates {
            let reminder = candidate.reminder
            guard let name = reminder.aboutType, reminder.aboutID == nil else { continue }
            let isForAll = reminder.recipients.contains(.user(caller.userID))
            let whose: SQL = isForAll ? "true" : "r.owner_id = \(caller.userID)"
            let when = catalog[name].flatMap { type in near(reminder, of: type, defaults) } ?? "true"
            pairs += try await read(name, reminder.field, whose + " AND " + when, limit: Self.most).map { (candidate, $0) }
        }
        return pairs
    }

    private func read(_ name: String, _ field: String?, _ condition: SQL, limit: Int) async throws -> [SeenRecord] {
        guard let type = catalog[name], caller.rights[name].read != .none, let columns = RemindedRecord.columns(field, of: type),
            field.map({ !caller.rights.isHidden($0, of: name) }) ?? true
        else { return [] }
        let rows = try await scope.rows(
            "SELECT " + columns
                + SQL(code: ", \(type.title("r", for: caller)), \(type.loggedJSON("r"))::text FROM \(type.table) AS r WHERE ")
                + "r.deleted_at IS NULL AND " + caller.readable(type) + " AND " + condition + " ORDER BY r.id LIMIT \(limit)")
        return try rows.map { row in
            let state = try JSON(parsing: row.text(6)).members ?? []
            return SeenRecord(
                type: name, reminded: try RemindedRecord(row), title: try row.text(5),
                state: .object(state.filter { !caller.rights.isHidden($0.name, of: name) }))
        }
    }

    /// The records whose time can lie within the days; nil where all may.
    private func near(_ reminder: KnownReminder, of type: RecordType, _ defaults: ReminderDefaults) -> SQL? {
        guard case .field(let name, let offset) = reminder.moment, let field = type.field(name) else { return nil }
        // Days begin at other times elsewhere, and days of an offset are of the calendar.
        let shift = Double(offset ?? defaults.offset) * 60
        let begin = CivilMoment(utc: instants.lowerBound - shift - 2 * 86_400).date
        // What fell on the days since the last one of business may have moved to this.
        let first =
            reminder.wait != nil ? defaults.hours.date(-1, businessDaysAfter: begin) ?? begin.adding(days: -31) : begin
        let last = CivilMoment(utc: instants.upperBound - shift + 2 * 86_400).date
        let column = SQL(code: "r.\(field.column)")
        let day: SQL =
            switch field.kind {
            case .date: column
            case .time: "(" + column + " AT TIME ZONE 'UTC')::date"
            default: "left(" + column + SQL(code: "_local") + ", 10)::date"
            }
        guard let rule = reminder.rule else { return day + " BETWEEN \(first.text)::date AND \(last.text)::date" }
        let hasBegun = day + " <= \(last.text)::date"
        let isAnniversary = rule.text == "FREQ=YEARLY" && last.number - first.number < 300
        guard isAnniversary else { return hasBegun }
        let days = (first.number...last.number).map { String(CivilDate(number: $0).text.suffix(5)) }
        return hasBegun + " AND to_char(" + day + ", 'MM-DD') = ANY (\(days)::text[])"
    }

    // MARK: What became of them

    /// With how each stands in the ledger; without those that were not told, because of what the reminder was then.
    private func told(_ found: [Found]) async throws -> [(Found, String)] {
        guard !found.isEmpty else { return [] }
        let rows = try await scope.rows(
            "SELECT id, status, reason FROM occurrences WHERE id = ANY (\(found.map(\.id))::uuid[])")
        var known: [UUID: (status: String, reason: String?)] = [:]
        for row in rows { known[try row.uuid(0)] = (try row.text(1), row.optionalText(2)) }
        return found.compactMap { found in
            guard let entry = known[found.id] else {
                // What is due just now is on its way into the ledger.
                return found.due.instant > now - 60 ? (found, "planned") : nil
            }
            let wasNotMeant = entry.status == "skipped" && ["past", "inactive", "trashed"].contains(entry.reason)
            return wasNotMeant ? nil : (found, entry.status)
        }
    }

    private func item(_ found: Found, _ status: String, person: String, firm: String) -> AgendaItem {
        let reminder = found.candidate.reminder.id.text
        let summary = summary(found, person: person, firm: firm)
        let record: JSON =
            found.record.map {
                ["type": .string($0.type), "id": .string($0.reminded.id.text), "title": JSON($0.title)]
            } ?? ["type": .string(Reminders.type.name), "id": .string(reminder), "title": .string(summary)]
        return AgendaItem(
            at: found.due.instant, id: found.id.text,
            document: [
                "kind": "reminder", "at": .string(found.due.instant.apiText),
                "local": JSON(LocalTime.text(of: found.due.instant, in: zone)), "record": record, "status": .string(status),
                "reminder_id": .string(reminder), "summary": .string(summary),
            ])
    }

    /// The mail's subject as the person would read it.
    private func summary(_ found: Found, person: String, firm: String) -> String {
        let subject = found.candidate.subject
        guard subject.contains("{{"), let template = try? Template(TemplateSource(subject: subject, body: "")) else { return subject }
        let values = ReminderValues.all(
            record: found.record.map { ($0.type, $0.reminded.id.text, $0.title, $0.state) }, link: "", recipient: person,
            tenant: firm, sender: found.candidate.sender, local: found.due.local, zone: found.due.zone)
        return template.render(values, in: MailFrame(brand: Brand(name: firm), language: .english)).subject
    }
}

/// One thing of an agenda, with its place in the order of time.
struct AgendaItem: Sendable {
    let at: Date
    let id: String
    let document: JSON
}

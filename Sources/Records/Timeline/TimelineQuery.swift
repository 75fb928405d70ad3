import Postgres

/// The statement of one page of a record's timeline.
///
/// Each source is read through an index that has the timeline's order and stops after a page, so a page costs the same wherever it lies.
/// Rights stand in the statement: what the caller may not read has not happened.
struct TimelineQuery {
    let type: RecordType
    let catalog: Catalog
    let caller: Caller
    let id: String
    /// The time and id of the last entry seen.
    let after: (at: String, id: String)?
    let rows: Int

    /// A type whose records the story is about: the record's own, or a relative's.
    private struct Subject {
        let type: RecordType
        let condition: SQL
    }

    /// Columns: id, time, kind, record's type, id and title, actor's type, id and name, action, fields, data, title of the work, names of
    /// the places moved between, time as a cursor keeps it.
    var statement: SQL {
        let branches = subjects.flatMap { subject in [changes(subject), mails(subject)] + reminders(subject) + work(on: subject) }
        let entries: SQL =
            "SELECT DISTINCT ON (at, id) * FROM (" + branches.joined(separator: " UNION ALL ")
            + SQL(code: ") AS every ORDER BY at DESC, id DESC, rank LIMIT \(rows)")
        let columns: [SQL] = [
            "e.id, e.at AT TIME ZONE 'UTC', e.kind, e.type, e.record_id, e.title, e.actor_type, e.actor_id", actorName,
            "e.action, e.fields",
            ofWork(mail, Self.reminder) { type, r in Projection(type, for: caller).json(r) },
            ofWork("m.subject::text", "coalesce(t.subject, m.subject)") { type, r in SQL(code: type.title(r, for: caller)) },
            place("before"), place("after"), "e.at::text",
        ]
        let shown: SQL = "SELECT " + columns.joined(separator: ", ") + " FROM entries AS e ORDER BY e.at DESC, e.id DESC"
        return ("WITH subjects AS MATERIALIZED (" + subjectRows + "), entries AS MATERIALIZED (" + entries + ") " + shown).prepared(.none)
    }

    private var subjects: [Subject] {
        let own = Subject(type: type, condition: SQL(code: "r.id = ") + "\(id)::uuid")
        let relatives = type.rules.story.relatives.compactMap { relative -> Subject? in
            guard let other = catalog[relative.type], let field = other.field(relative.field),
                caller.rights[other.name].read != .none, !caller.rights.isHidden(field.path, of: other.name)
            else { return nil }
            return Subject(type: other, condition: SQL(code: "r.\(field.column) = ") + "\(id)::uuid AND r.deleted_at IS NULL")
        }
        return [own] + relatives
    }

    private var subjectRows: SQL {
        subjects.enumerated().map { rank, subject in
            SQL(code: "SELECT \(rank) AS rank, '\(subject.type.name)' AS type, r.id, \(subject.type.title("r", for: caller)) AS title ")
                + SQL(code: "FROM \(subject.type.table) AS r WHERE ") + subject.condition + " AND " + caller.readable(subject.type)
        }.joined(separator: " UNION ALL ")
    }

    private func changes(_ subject: Subject) -> SQL {
        let found: SQL =
            "SELECT c.at, c.id, c.actor_type, c.actor_id, c.action, c.fields FROM changes AS c WHERE c.record_id = s.id"
            + behind("c.at", "c.id") + SQL(code: " ORDER BY c.at DESC, c.id DESC LIMIT \(rows)")
        return SQL(code: Self.entry(kind: "'change'", action: "e.action", fields: "e.fields")) + found
            + SQL(code: ") AS e WHERE s.type = '\(subject.type.name)'")
    }

    /// Mail about the record, whatever came of it. Not of reminders, of which the occurrence tells whoever may read them, nor tests of
    /// templates: their subjects may say what the reader's role does not show.
    private func mails(_ subject: Subject) -> SQL {
        let found: SQL =
            "SELECT m.created_at AS at, m.id, NULL::text AS actor_type, NULL::uuid AS actor_id FROM mails AS m WHERE m.about_id = s.id"
            + " AND m.kind NOT IN ('reminder', 'template_test')"
            + behind("m.created_at", "m.id") + SQL(code: " ORDER BY m.created_at DESC, m.id DESC LIMIT \(rows)")
        return SQL(code: Self.entry(kind: "'mail'", action: "NULL::text", fields: "NULL::jsonb")) + found
            + SQL(code: ") AS e WHERE s.type = '\(subject.type.name)'")
    }

    /// What fell due about the record, for whoever may read the reminder, whatever came of it.
    private func reminders(_ subject: Subject) -> [SQL] {
        guard let reminders = catalog["reminders"], caller.rights[reminders.name].read != .none else { return [] }
        let found: SQL =
            "SELECT o.due_at AS at, o.id, NULL::text AS actor_type, NULL::uuid AS actor_id FROM occurrences AS o WHERE o.about_id = s.id "
            + "AND EXISTS (SELECT FROM reminders AS m WHERE m.id = o.reminder_id AND " + caller.readable(reminders, "m") + ")"
            + behind("o.due_at", "o.id") + SQL(code: " ORDER BY o.due_at DESC, o.id DESC LIMIT \(rows)")
        return [
            SQL(code: Self.entry(kind: "'reminder'", action: "NULL::text", fields: "NULL::jsonb")) + found
                + SQL(code: ") AS e WHERE s.type = '\(subject.type.name)'")
        ]
    }

    private static let reminder: SQL = """
        json_build_object('reminder_id', o.reminder_id, 'occurrence_id', o.id, 'status', o.status, 'reason', o.reason, 'local', o.local, \
        'time_zone', o.time_zone)
        """

    /// To whom it went is told to whoever may see such addresses.
    private var mail: SQL {
        let isOpen = ["contacts", "users"].allSatisfy { !caller.rights.isHidden("email", of: $0) }
        return SQL(
            code: """
                json_build_object('kind', m.kind, 'to', \(isOpen ? "m.recipient" : "NULL::text"), 'state', m.state, 'reason', m.reason, \
                'attempts', m.attempts, 'sent_at', to_char(m.sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), \
                'returned', m.bounced_at IS NOT NULL)
                """)
    }

    private func work(on subject: Subject) -> [SQL] {
        catalog.references(to: subject.type).filter(isShown).map { source in
            let at = Self.time(of: source.type)
            let found: SQL =
                SQL(code: "SELECT w.\(at) AS at, w.id, w.created_by_type AS actor_type, w.created_by_id AS actor_id ")
                + SQL(code: "FROM \(source.type.table) AS w WHERE \(source.refers("w", to: "s.id", of: subject.type))")
                + " AND w.deleted_at IS NULL AND " + caller.readable(source.type, "w") + behind("w.\(at)", "w.id")
            // An index over lists has no order; without the fence the planner may walk all work by time instead.
            let fenced: SQL = source.form == .many ? "SELECT * FROM (" + found + " OFFSET 0) AS w" : found
            let order: String = source.form == .many ? "at" : "w.\(at)"
            return SQL(code: Self.entry(kind: "'\(source.type.singular)'", action: "NULL::text", fields: "NULL::jsonb")) + fenced
                + SQL(code: " ORDER BY \(order) DESC, w.id DESC LIMIT \(rows)) AS e WHERE s.type = '\(subject.type.name)'")
        }
    }

    private func isShown(_ source: Catalog.Referrer) -> Bool {
        source.type.standing == .work && caller.rights[source.type.name].read != .none
            && !caller.rights.isHidden(source.field.path, of: source.type.name)
    }

    /// Work that has a time of its own stands there, other work where it was made.
    private static func time(of type: RecordType) -> String { type.field("at") == nil ? "created_at" : "at" }

    private static func entry(kind: String, action: String, fields: String) -> String {
        """
        SELECT e.at, e.id, s.rank, \(kind) AS kind, s.type, s.id AS record_id, s.title, e.actor_type, e.actor_id, \(action) AS action, \
        \(fields) AS fields FROM subjects AS s CROSS JOIN LATERAL (
        """
    }

    private func behind(_ at: String, _ id: String) -> SQL {
        guard let after else { return "" }
        return SQL(code: " AND (\(at), \(id)) < (") + "\(after.at)::timestamptz, \(after.id)::uuid)"
    }

    /// What one entry's work is, asked only for the page's own entries.
    private func ofWork(_ mail: SQL, _ reminder: SQL, _ expression: (RecordType, String) -> SQL) -> SQL {
        let cases = catalog.types.filter { $0.standing == .work }.map { type -> SQL in
            let chosen = SQL(code: " WHEN '\(type.singular)' THEN (SELECT ") + expression(type, "r")
            return chosen + SQL(code: " FROM \(type.table) AS r WHERE r.id = e.id)")
        }
        return "CASE e.kind WHEN 'mail' THEN (SELECT " + mail + " FROM mails AS m WHERE m.id = e.id) WHEN 'reminder' THEN (SELECT "
            + reminder
            + " FROM occurrences AS o LEFT JOIN reminders AS m ON m.id = o.reminder_id LEFT JOIN templates AS t ON t.id = m.template_id "
            + "WHERE o.id = e.id)" + cases.joined(separator: "") + " END"
    }

    private var actorName: SQL {
        guard let users = catalog["users"], !caller.rights.isHidden("name", of: users.name) else { return "NULL" }
        return "CASE e.actor_type WHEN 'user' THEN (SELECT u.name FROM users AS u WHERE u.id = e.actor_id AND "
            + caller.readable(users, "u")
            + ") WHEN 'api_key' THEN (SELECT k.name FROM api_keys AS k WHERE k.id = e.actor_id) END"
    }

    /// What the place is called that a record came from or went to.
    private func place(_ side: String) -> SQL {
        let cases = subjects.compactMap { subject -> String? in
            guard let milestone = subject.type.rules.story.milestone else { return nil }
            return """
                 WHEN '\(subject.type.name)' THEN (SELECT m.name FROM \(milestone.table) AS m \
                WHERE m.id::text = e.fields #>> '{\(milestone.field),\(side)}')
                """
        }
        return SQL(code: cases.isEmpty ? "NULL" : "CASE e.type\(cases.joined()) END")
    }
}

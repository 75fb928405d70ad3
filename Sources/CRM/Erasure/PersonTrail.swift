import Foundation
import Postgres
import Records

/// Where a tenant holds something about one person: the contact, those that were merged into it, the leads that it was, and what was done
/// with it.
///
/// It is found in two steps, each one flush: who the person is, and then what refers to it.
struct PersonTrail: Sendable {
    /// The contact first, then those that live on in it, some of which may be gone but for their history.
    private(set) var people: [String] = []
    private(set) var words = PersonWords()
    /// Those that became the contact, and others with its e-mail address.
    private(set) var leads: [String] = []
    /// What was done with the person and nobody else, and what others took part in too.
    private(set) var ownActivities: [String] = []
    private(set) var sharedActivities: [String] = []
    private(set) var tasks: [String] = []
    /// What the person buys for itself, and what for a firm.
    private(set) var ownDeals: [String] = []
    private(set) var firmDeals: [String] = []
    /// To an address of the person or its leads, or about it or what was done with it.
    private(set) var mails: [String] = []
    /// About the person, or that tell or once told it.
    private(set) var reminders: [String] = []

    /// Everyone who lives on in the contact, over any number of merges that were not undone: read from the whole change log, since nobody asks
    /// often. Then what all of them were ever called.
    static func first(_ id: UUID) -> [SQL] {
        let people: SQL = """
            WITH RECURSIVE last AS (
                SELECT DISTINCT ON (record_id) record_id, fields #>> '{merged_into,after}' AS winner FROM changes
                WHERE type = 'contacts' AND fields ? 'deleted_at' AND record_id IN (
                    SELECT record_id FROM changes WHERE type = 'contacts' AND action IN ('merge', 'undo') AND fields ? 'merged_into')
                ORDER BY record_id, version DESC, id DESC
            ), people (id) AS (SELECT \(id)::uuid UNION SELECT last.record_id FROM people JOIN last ON last.winner = people.id::text)
            """
        return [
            people + " SELECT id FROM people ORDER BY id <> \(id)",
            people + """
                 SELECT 'first_name', first_name, 'last_name', last_name, 'email', email, 'phone', phone, 'external_id', external_id,
                    'street', address_street
                FROM contacts WHERE id IN (SELECT id FROM people)
                """,
            people + """
                 SELECT DISTINCT field.key, side.value FROM changes
                    CROSS JOIN LATERAL jsonb_each(fields) AS field
                    CROSS JOIN LATERAL (VALUES (field.value ->> 'before'), (field.value ->> 'after')) AS side (value)
                WHERE record_id IN (SELECT id FROM people) AND type = 'contacts' AND side.value IS NOT NULL
                    AND field.key = ANY (\(PersonWords.told)::text[])
                """,
        ]
    }

    init() {}

    /// Reads what `first` answered.
    mutating func take(first answers: ArraySlice<Rows>) throws {
        let rows = Array(answers)
        people = try rows[0].map { try $0.text(0) }
        for row in rows[1] {
            for column in stride(from: 0, to: 12, by: 2) { words.note(try row.text(column), row.optionalText(column + 1)) }
        }
        for row in rows[2] { words.note(try row.text(0), row.optionalText(1)) }
    }

    /// Where mail reaches it, in lower case.
    var addresses: [String] { words.emails.map { $0.lowercased() } }

    /// What refers to the person.
    var second: [SQL] {
        let leads: SQL = """
            SELECT id FROM leads
            WHERE converted_contact_id = ANY (\(people)::uuid[]) OR lower(email) = ANY (\(addresses)::text[])
            """
        let activities: SQL = "contact_ids && \(people)::uuid[] OR lead_id IN (\(leads))"
        let tasks: SQL = """
            SELECT id FROM tasks
            WHERE (about_type = 'contacts' AND about_id = ANY (\(people)::uuid[])) OR (about_type = 'leads' AND about_id IN (\(leads)))
            """
        let deals: SQL = "contact_id = ANY (\(people)::uuid[])"
        return [
            "SELECT id, email FROM leads WHERE id IN (\(leads)) ORDER BY id",
            "SELECT id, contact_ids <@ \(people)::uuid[] FROM activities WHERE \(activities) ORDER BY id",
            "\(tasks) ORDER BY id",
            "SELECT id, company_id IS NULL FROM deals WHERE \(deals) ORDER BY id",
            """
            SELECT id FROM mails
            WHERE lower(recipient) = ANY (\(addresses)::text[]) OR lower(recipient) IN (SELECT lower(email) FROM leads WHERE id IN (\(leads)))
                OR about_id = ANY (\(people)::uuid[]) OR about_id IN (
                    \(leads) UNION ALL \(tasks) UNION ALL SELECT id FROM activities WHERE \(activities)
                    UNION ALL SELECT id FROM deals WHERE \(deals))
            ORDER BY id
            """,
            """
            SELECT id FROM reminders AS r
            WHERE (about_type = 'contacts' AND about_id = ANY (\(people)::uuid[]))
                OR EXISTS (SELECT FROM jsonb_array_elements(recipients) AS told (one) WHERE \(isRecipient("told.one")))
                OR EXISTS (SELECT FROM changes AS c
                    WHERE c.record_id = r.id AND c.type = 'reminders' AND c.fields ? 'recipients' AND EXISTS (
                        SELECT FROM unnest(\(addresses)::text[]) AS address WHERE strpos(lower(c.fields ->> 'recipients'), address) > 0))
            ORDER BY id
            """,
        ]
    }

    /// Whether an element of a reminder's recipients is the person.
    func isRecipient(_ element: SQL) -> SQL {
        """
        (coalesce(lower(btrim(\(element) ->> 'email')) = ANY (\(addresses)::text[]), false)
            OR coalesce(lower(\(element) ->> 'contact_id') = ANY (\(people)::text[]), false))
        """
    }

    /// Reads what `second` answered.
    mutating func take(second answers: ArraySlice<Rows>) throws {
        let rows = Array(answers)
        for row in rows[0] {
            leads.append(try row.text(0))
            // Mail reached it under this address too.
            words.note("email", row.optionalText(1))
        }
        (ownActivities, sharedActivities) = try Self.parted(rows[1])
        tasks = try rows[2].map { try $0.text(0) }
        (ownDeals, firmDeals) = try Self.parted(rows[3])
        mails = try rows[4].map { try $0.text(0) }
        reminders = try rows[5].map { try $0.text(0) }
    }

    private static func parted(_ rows: Rows) throws -> (own: [String], shared: [String]) {
        var parts: (own: [String], shared: [String]) = ([], [])
        for row in rows {
            if try row.bool(1) { parts.own.append(try row.text(0)) } else { parts.shared.append(try row.text(0)) }
        }
        return parts
    }
}

import Foundation
import Postgres
import Records

/// Where a tenant holds something about one person: the contact, those that were merged into it, the leads that it was, and what was done
/// with it.
///
/// It is found in three steps, each one flush: who the person is, then what refers to it, and then what is about any of these: by ids that are
/// known, so that every column of a condition leads to its index, and no table of what people do is read in full.
struct PersonTrail: Sendable {
    /// The contact first, then those that live on in it, some of which may be gone but for their history.
    private(set) var people: [String] = []
    private(set) var words = PersonWords()
    /// Those that became the contact, and others with its e-mail address.
    private(set) var leads: [String] = []
    /// What was done with the person and nobody else, and what others took part in too or was done for a firm.
    private(set) var ownActivities: [String] = []
    private(set) var sharedActivities: [String] = []
    private(set) var ownTasks: [String] = []
    private(set) var sharedTasks: [String] = []
    /// What the person buys for itself, and what for a firm.
    private(set) var ownDeals: [String] = []
    private(set) var firmDeals: [String] = []
    /// To an address of the person or its leads, or about it or what was done with it.
    private(set) var mails: [String] = []
    /// About the person, a lead, a deal, or a record that refers to it, or that tell or once told it.
    private(set) var reminders: [String] = []
    /// What else refers to the person, by type.
    private(set) var others: [String: [String]] = [:]

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
    func second(_ catalog: Catalog) -> [SQL] {
        let known: [SQL] = [
            """
            SELECT id, email FROM leads
            WHERE converted_contact_id = ANY (\(people)::uuid[]) OR lower(email) = ANY (\(addresses)::text[]) ORDER BY id
            """,
            "SELECT id, company_id IS NULL FROM deals WHERE contact_id = ANY (\(people)::uuid[]) ORDER BY id",
        ]
        return known + referring(catalog).map(\.query)
    }

    /// Reads what `second` answered.
    mutating func take(second answers: ArraySlice<Rows>, _ catalog: Catalog) throws {
        let rows = Array(answers)
        for row in rows[0] {
            leads.append(try row.text(0))
            // Mail reached it under this address too.
            words.note("email", row.optionalText(1))
        }
        (ownDeals, firmDeals) = try Self.parted(rows[1])
        for (source, found) in zip(referring(catalog), rows.dropFirst(2)) {
            others[source.type.name] = try found.map { try $0.text(0) }
        }
    }

    /// What is about the person or what refers to it.
    func third(_ catalog: Catalog) -> [SQL] {
        let ownTypes: [String] = Array(others.filter { catalog[$0.key]?.isOfTenant == true }.values.joined())
        let deals: [String] = ownDeals + firmDeals
        let subjects: [String] = people + leads + deals + ownTypes
        let alone: [String] = people + leads + ownDeals
        let activities: SQL = """
            FROM activities
            WHERE contact_ids && \(people)::uuid[] OR lead_id = ANY (\(leads)::uuid[]) OR deal_id = ANY (\(deals)::uuid[])
            """
        let tasks: SQL = "FROM tasks WHERE about_id = ANY (\(subjects)::uuid[])"
        return [
            """
            SELECT id, contact_ids <@ \(people)::uuid[] AND (contact_ids <> '{}' OR coalesce(lead_id = ANY (\(leads)::uuid[]), false)
                OR coalesce(deal_id = ANY (\(ownDeals)::uuid[]), false))
            \(activities) ORDER BY id
            """,
            "SELECT id, about_id = ANY (\(alone)::uuid[]) \(tasks) ORDER BY id",
            // No index knows the reader of a mail, and a reminder's only while it is active.
            """
            SELECT id FROM mails
            WHERE lower(recipient) = ANY (\(addresses)::text[]) OR about_id = ANY (\(subjects)::uuid[])
                OR about_id IN (SELECT id \(activities) UNION ALL SELECT id \(tasks))
            ORDER BY id
            """,
            """
            SELECT id FROM reminders AS r
            WHERE about_id = ANY (\(subjects)::uuid[])
                OR EXISTS (SELECT FROM jsonb_array_elements(recipients) AS told (one) WHERE \(isRecipient("told.one")))
                OR EXISTS (SELECT FROM changes AS c
                    WHERE c.record_id = r.id AND c.type = 'reminders' AND c.fields ? 'recipients' AND EXISTS (
                        SELECT FROM unnest(\(addresses)::text[]) AS address WHERE strpos(lower(c.fields ->> 'recipients'), address) > 0))
            ORDER BY id
            """,
        ]
    }

    /// Reads what `third` answered.
    mutating func take(third answers: ArraySlice<Rows>) throws {
        let rows = Array(answers)
        (ownActivities, sharedActivities) = try Self.parted(rows[0])
        (ownTasks, sharedTasks) = try Self.parted(rows[1])
        mails = try rows[2].map { try $0.text(0) }
        reminders = try rows[3].map { try $0.text(0) }
        let known = Set([people, leads, ownActivities, sharedActivities, ownTasks, sharedTasks, ownDeals, firmDeals].joined())
        others = others.mapValues { ids in ids.filter { !known.contains($0) } }
    }

    /// By type, the records that refer to the person by a field that the tenant has made: all of its own types, and of the others what is not
    /// asked for by itself.
    private func referring(_ catalog: Catalog) -> [(type: RecordType, query: SQL)] {
        guard let contacts = catalog["contacts"] else { return [] }
        let fields = catalog.references(to: contacts).filter { ($0.type.isOfTenant || $0.field.isCustom) && $0.type.standing != .furniture }
        let person: SQL = "(SELECT unnest(\(people)::uuid[]) AS id) AS person"
        return Dictionary(grouping: fields, by: \.type.name).sorted { $0.key < $1.key }.compactMap {
            _, fields -> (type: RecordType, query: SQL)? in
            guard let type = fields.first?.type else { return nil }
            let found = fields.map { field -> SQL in
                SQL(code: "SELECT r.id FROM \(type.table) AS r JOIN ") + person
                    + SQL(code: " ON \(field.refers("r", to: "person.id", of: contacts))")
            }
            return (type, found.joined(separator: " UNION "))
        }
    }

    /// Whether an element of a reminder's recipients is the person.
    func isRecipient(_ element: SQL) -> SQL {
        """
        (coalesce(lower(btrim(\(element) ->> 'email')) = ANY (\(addresses)::text[]), false)
            OR coalesce(lower(\(element) ->> 'contact_id') = ANY (\(people)::text[]), false))
        """
    }

    private static func parted(_ rows: Rows) throws -> (own: [String], shared: [String]) {
        var parts: (own: [String], shared: [String]) = ([], [])
        for row in rows {
            if try row.bool(1) { parts.own.append(try row.text(0)) } else { parts.shared.append(try row.text(0)) }
        }
        return parts
    }
}

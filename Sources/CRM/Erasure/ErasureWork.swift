import Foundation
import Postgres
import Records
import Tenancy

/// An erasure in its transaction.
struct ErasureWork: Sendable {
    let contact: UUID
    let reason: String
    /// The only one that it may meet; nil for any.
    let version: Int?
    let type: RecordType
    let catalog: Catalog
    let scope: TenantScope
    let caller: Caller

    func perform(_ transaction: borrowing Transaction, _ repeatable: RepeatableRequest?) throws -> RecordAnswer {
        let claim = repeatable?.claim ?? []
        let first = PersonTrail.first(contact)
        var trail = PersonTrail()
        try trail.take(first: try transaction.flush(claim + first).dropFirst(claim.count))
        let present = try transaction.rows(
            "SELECT id, version FROM contacts WHERE id = ANY (\(trail.people)::uuid[]) ORDER BY id FOR UPDATE")
        // Someone else was faster.
        guard let own = try present.first(where: { try $0.uuid(0) == contact }) else { throw Problem.notFound }
        guard try version == nil || version == own.int(1) else { throw Problem(.versionMismatch, "Someone has written the contact since.") }
        try trail.take(second: try transaction.flush(trail.second(catalog))[...], catalog)
        try trail.take(third: try transaction.flush(trail.third(catalog))[...])
        let trashed = try trashedColumns(transaction)
        let changes = try transaction.rows(
            "SELECT count(*) FROM changes WHERE record_id = ANY (\(trail.people)::uuid[]) AND type = 'contacts'")[0].int(0)

        let files = try files(trail, transaction)
        try transaction.flush(release(trail) + blank(trail, trashed))
        let forgotten = try transaction.flush(forget(trail, files))
        var lines = 0
        if let pattern = trail.words.identifying { lines = try Imports.forget(pattern, in: transaction) }
        let leaving = alone(trail).flatMap { Attachments.leaving($0.type, "\($0.ids)::uuid[]") }
        try transaction.flush(
            bury(trail) + Exports.ending + [rename(trail)] + leaving + Usage.settled(catalog, scope.entitlements))

        let others = trail.others.values.reduce(0) { $0 + $1.count }
        let counts: [(String, Int)] = [
            ("contacts", present.count), ("changes", changes), ("leads", trail.leads.count),
            ("activities", trail.ownActivities.count + trail.sharedActivities.count),
            ("tasks", trail.ownTasks.count + trail.sharedTasks.count), ("records", others),
            ("deals", trail.ownDeals.count + trail.firmDeals.count), ("mails", trail.mails.count),
            ("files", files.count),
            ("answers", forgotten[0].affected + forgotten[1].affected),
            ("imported_rows", lines), ("jobs", try forgotten[2][0].int(0)),
        ]
        let body: JSON = ["erased": .object(counts.map { .init($0.0, JSON($0.1)) })]
        if let repeatable { try transaction.flush([repeatable.remember(.init(status: 200, body: body.text))]) }
        return RecordAnswer(status: 200, body: body.bytes)
    }

    /// The records that are about the person and nobody else: their files go.
    private func alone(_ trail: PersonTrail) -> [(type: RecordType, ids: [String])] {
        [
            ("contacts", trail.people), ("leads", trail.leads), ("activities", trail.ownActivities), ("tasks", trail.ownTasks),
            ("deals", trail.ownDeals),
        ].compactMap { name, ids in ids.isEmpty ? nil : catalog[name].map { ($0, ids) } }
    }

    private func files(_ trail: PersonTrail, _ transaction: borrowing Transaction) throws -> [String] {
        let conditions = alone(trail).map { type, ids -> SQL in "record_id = ANY (\(ids)::uuid[]) AND type = \(type.name)" }
        return try transaction.rows(
            "SELECT id FROM attachments WHERE removed_at IS NULL AND (" + conditions.joined(separator: " OR ") + ")"
        ).map { try $0.text(0) }
    }

    /// Files of what is about others too stay; their names lose the person's words.
    private func rename(_ trail: PersonTrail) -> SQL {
        let shared: [String] = Array(([trail.sharedActivities, trail.sharedTasks, trail.firmDeals] + trail.others.values).joined())
        return """
            UPDATE attachments SET name = cell.without_words(name, \(trail.words.patterns)::text[])
            WHERE record_id = ANY (\(shared)::uuid[]) AND removed_at IS NULL
            """
    }

    /// Whatever refers to the person refers to nobody, each with its own change, which holds no more than the id.
    private func release(_ trail: PersonTrail) -> [SQL] {
        trail.people.flatMap { person in
            let gone: SQL = "(SELECT \(person)::uuid AS id) AS gone"
            let change = RecordStore(type, of: catalog, in: scope, for: caller).change(.purge, person)
            return catalog.references(to: type).filter { !$0.field.isRequired }.map { source in
                change.cascade(
                    source.type, set: SQL(code: source.release(from: "gone.id")), with: gone,
                    where: SQL(
                        code: source.refers("r", to: "gone.id", of: type) + (source.type.name == type.name ? " AND r.id <> gone.id" : "")))
            }
        }
    }

    /// What was written about the person alone loses its words; in what is about others too, only the person's own words go.
    private func blank(_ trail: PersonTrail, _ trashed: [String: [String]]) -> [SQL] {
        func blanking(_ name: String) -> Blanking? {
            catalog[name].map { Blanking(type: $0, caller: caller, trashed: trashed[name] ?? []) }
        }
        let patterns = trail.words.patterns
        // Another person or firm keeps its own name, though it may be the same.
        let others = trail.others.sorted { $0.key < $1.key }.flatMap { name, ids -> [SQL] in
            blanking(name)?.words(patterns, of: ids, onlyCustom: ["contacts", "companies", "leads"].contains(name)) ?? []
        }
        let told = [
            blanking("leads")?.everything(of: trail.leads, replacing: ["last_name"]),
            blanking("activities")?.everything(of: trail.ownActivities),
            blanking("activities")?.words(patterns, of: trail.sharedActivities),
            blanking("tasks")?.everything(of: trail.ownTasks),
            blanking("tasks")?.words(patterns, of: trail.sharedTasks),
            blanking("deals")?.everything(of: trail.ownDeals),
            blanking("deals")?.words(patterns, of: trail.firmDeals),
            blanking("reminders")?.words(patterns, of: trail.reminders),
        ].compactMap(\.self).flatMap(\.self)
        return told + others + untold(trail)
    }

    /// No reminder tells the person any more; one that told nobody else rests.
    private func untold(_ trail: PersonTrail) -> [SQL] {
        guard !trail.reminders.isEmpty else { return [] }
        return [
            """
            UPDATE reminders AS r SET recipients = told.others, active = r.active AND told.others <> '[]'
            FROM (
                SELECT m.id, coalesce(jsonb_agg(one ORDER BY place) FILTER (WHERE NOT \(trail.isRecipient("one"))), '[]') AS others
                FROM reminders AS m CROSS JOIN LATERAL jsonb_array_elements(m.recipients) WITH ORDINALITY AS list (one, place)
                WHERE m.id = ANY (\(trail.reminders)::uuid[]) GROUP BY m.id) AS told
            WHERE r.id = told.id AND r.recipients <> told.others
            """
        ] + Usage.recounted(Resource.activeReminders, of: Reminders.counted, scope.entitlements)
    }

    /// Kept answers and jobs. Whoever repeats a request about the person is told that it is erased; other answers lose the person's words.
    private func forget(_ trail: PersonTrail, _ files: [String]) -> [SQL] {
        // Whatever was answered about the person's talks and tasks names the person or the lead too, but not what was answered about files.
        let ids = trail.people + trail.leads + files
        let gone = Problem(.gone, "What this request was about has been erased.").document(instance: "/v1/contacts", requestID: "")
        let patterns = trail.words.patternsInJSON
        let either = patterns.joined(separator: "|")
        return [
            """
            UPDATE idempotent_requests SET status = 410, version = NULL, location = NULL, body = \(gone.text)
            WHERE body ~ \(ids.joined(separator: "|"))
            """,
            """
            UPDATE idempotent_requests SET body = cell.without_words(body::jsonb, \(patterns)::text[])::text
            WHERE \(!patterns.isEmpty) AND body COLLATE "und-x-icu" ~* \(either)
            """,
            "SELECT cell.forget_in_jobs(\(trail.people + trail.leads)::uuid[], \(trail.words.patterns)::text[])",
        ]
    }

    /// The records themselves and all that is told of them, but for one row each.
    private func bury(_ trail: PersonTrail) -> [SQL] {
        let reason: SQL = "cell.without_words(\(reason)::text, \(trail.words.patterns)::text[])"
        return [
            mails(trail),
            "DELETE FROM suppressions WHERE address = ANY (\(trail.addresses)::text[])",
            """
            DELETE FROM occurrences WHERE about_id = ANY (\(trail.people)::uuid[])
                OR recipient = ANY (\(trail.people.map { "contact:\($0)" } + trail.words.emails.map { "email:\($0.lowercased())" })::text[])
            """,
            "DELETE FROM duplicate_groups WHERE ids && \(trail.people)::uuid[]",
            "DELETE FROM changes WHERE record_id = ANY (\(trail.people)::uuid[]) AND type = 'contacts'",
            Tombstone.making(trail.people, of: type, by: caller, reason: reason),
            "DELETE FROM contacts WHERE id = ANY (\(trail.people)::uuid[])",
        ]
    }

    /// What went to the person tells nothing any more. What went to others keeps its reader, and of its subject as much as the record that it is
    /// about keeps of its words.
    private func mails(_ trail: PersonTrail) -> SQL {
        let patterns = trail.words.patterns
        let isTold: SQL = "lower(recipient) = ANY (\(trail.addresses)::text[])"
        let ids = alone(trail).flatMap { $0.ids }
        let isAlone: SQL = "about_id = ANY (\(ids)::uuid[])"
        // One that waits is not sent any more: what would have sent it is gone.
        return """
            UPDATE mails SET
                recipient = CASE WHEN \(isTold) THEN 'erased' ELSE recipient END,
                subject = CASE WHEN \(isTold) OR \(isAlone) THEN \(Blanking.word)::text
                    ELSE cell.without_words(subject::text, \(patterns)::text[]) END,
                reason = CASE WHEN NOT \(isTold) THEN cell.without_words(reason::text, \(patterns)::text[]) END,
                about_id = CASE WHEN NOT \(isTold) AND about_id <> ALL (\(trail.people)::uuid[]) THEN about_id END,
                state = CASE WHEN state = 'waiting' AND (\(isTold) OR about_id = ANY (\(trail.people + trail.leads)::uuid[]))
                    THEN 'failed' ELSE state END
            WHERE id = ANY (\(trail.mails)::uuid[])
            """
    }

    /// Columns of texts that the tenant has thrown away and not yet deleted for good, by type.
    private func trashedColumns(_ transaction: borrowing Transaction) throws -> [String: [String]] {
        let rows = try transaction.rows(
            """
            SELECT type, 'c_' || name FROM custom_fields
            WHERE deleted_at IS NOT NULL AND kind IN ('text', 'long_text', 'email', 'phone', 'url')
            """)
        return Dictionary(grouping: try rows.map { (type: try $0.text(0), column: try $0.text(1)) }, by: \.type)
            .mapValues { $0.map(\.column) }
    }
}

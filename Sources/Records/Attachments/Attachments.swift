import Foundation
import Postgres
import Secrets
import Tenancy

/// The files on a tenant's records, as one caller may see and change them: rights follow the record.
package struct Attachments: Sendable {
    let catalog: Catalog
    let scope: TenantScope
    let caller: Caller

    package init(of catalog: Catalog, in scope: TenantScope, for caller: Caller) {
        self.catalog = catalog
        self.scope = scope
        self.caller = caller
    }

    /// How many files one record may have; a list of them is one page.
    package static let mostPerRecord = 1000

    /// The files on a record as the API tells of them, the oldest first.
    package func list(of store: RecordStore, _ record: String) async throws -> [[UInt8]] {
        guard let id = UUID(text: record) else { throw Problem.notFound }
        let exists: SQL = SQL(code: "SELECT r.id FROM \(store.type.table) AS r WHERE r.id = ") + "\(id)" + store.condition(.without)
        let rows: SQL =
            "SELECT " + Attachment.json + " FROM attachments WHERE record_id = \(id) AND type = \(store.type.name) AND "
            + Attachment.isWhole + " ORDER BY id"
        let answers = try await scope.run([exists, rows], isRepeatable: true)
        guard !answers[0].isEmpty else { throw Problem.notFound }
        return answers[1].map { row in row.withBytes(0) { Array($0) } }
    }

    /// The files on records, by their types, as far as the caller may read these; the oldest first.
    package func all(on records: [String: [String]]) async throws -> [Attachment] {
        let conditions = records.sorted { $0.key < $1.key }.compactMap { name, ids -> SQL? in
            guard let type = catalog[name], caller.rights[name].read != .none else { return nil }
            return "type = \(name) AND record_id IN (SELECT r.id FROM " + SQL(code: "\(type.table) AS r WHERE r.id = ANY (")
                + "\(ids)::uuid[]) AND \(caller.readable(type)))"
        }
        guard !conditions.isEmpty else { return [] }
        return try await scope.rows(
            "SELECT " + Attachment.columns + " FROM attachments WHERE " + Attachment.isWhole + " AND ("
                + conditions.joined(separator: " OR ") + ") ORDER BY id"
        ).map(Attachment.init)
    }

    /// Refuses with `notFound` also what is on a record that the caller may not read, or that is in the trash.
    package func get(_ id: UUID) async throws -> Attachment {
        let found = try await scope.rows("SELECT " + Attachment.columns + " FROM attachments WHERE id = \(id) AND " + Attachment.isWhole)
        guard let attachment = try found.first.map(Attachment.init) else { throw Problem.notFound }
        try await store(of: attachment).find(attachment.recordID.uuidString)
        return attachment
    }

    /// Removes a file from a record that the caller may change; a job deletes the bytes.
    package func remove(_ id: UUID, repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        let attachment = try await get(id)
        let store = try store(of: attachment)
        let record = attachment.recordID.text
        let removed: SQL = """
            WITH removed AS (
                UPDATE attachments SET removed_at = now(), name = '' WHERE id = \(id) AND \(Attachment.isWhole) RETURNING size
            ), \(store.noting(record, from: "removed", before: "\(attachment.name)::text", after: "NULL::text"))
            SELECT size FROM removed
            """
        let answer = RecordAnswer(status: 204)
        _ = try await store.refusingAttachment(record) { () async throws(PostgresError) in
            try await scope.run(
                (repeatable?.claim ?? []) + [store.lock(record, reach: caller.rights[store.type.name].update), removed]
                    + [Usage.stored(-attachment.size, scope.entitlements), .enqueue(RemoveBytes())]
                    + (repeatable.map { [$0.remember(.init(status: 204, body: nil))] } ?? []))
        }
        return answer
    }

    private func store(of attachment: Attachment) throws(Problem) -> RecordStore {
        guard let type = catalog[attachment.type] else { throw .notFound }
        return RecordStore(type, of: catalog, in: scope, for: caller)
    }
}

extension RecordStore {
    /// Two parts of a WITH list: the record gets a version, and the change log a row, for each row of `source`. Files are no field of the
    /// record; the change log calls them `attachments`.
    func noting(_ id: String, from source: String, before: SQL, after: SQL) -> SQL {
        let record =
            SQL(code: "UPDATE \(type.table) AS r SET ") + caller.stamp + SQL(code: " FROM \(source) WHERE r.id = ") + "\(id) RETURNING r.*"
        let fields: SQL =
            "jsonb_build_object('attachments', jsonb_build_object('before', \(before), 'after', \(after)))"
            + SQL(code: " FROM record")
        return "record AS (\(record)), logged AS (\(logging(.update, fields)))"
    }

    /// Says what it means that the database refused to change the files of a record.
    func refusingAttachment<T>(_ record: String, _ work: () async throws(PostgresError) -> T) async throws -> T {
        do throws(PostgresError) {
            return try await work()
        } catch {
            if let problem = error.planLimit { throw problem }
            if let refusal = error.refusal.flatMap(LockRefusal.init),
                let problem = try await explained(explanation(of: refusal, record, nil, "change"))
            {
                throw problem
            }
            throw error
        }
    }
}

import Foundation
import Postgres

extension RecordStore {
    /// What happened to the record, newest first, one page; also while it is in the trash.
    package func changes(_ id: String, limit: Int, after: String?) async throws -> ListAnswer {
        guard let id = UUID(text: id)?.text else { throw Problem.notFound }
        let fingerprint = Cursor.fingerprint([scope.tenant.id.uuidString, type.name, id, "changes"])
        let start = try after.map { text throws(Problem) in try Cursor(parsing: text, for: fingerprint, .byVersion) }
        let exists: SQL = SQL(code: "SELECT r.id FROM \(type.table) AS r WHERE r.id = ") + "\(id)" + condition(.include)
        let hidden = type.pastFields.map(\.path).filter { caller.rights.isHidden($0, of: type.name) }
        var page: SQL = """
            SELECT id, at AT TIME ZONE 'UTC', action, actor_type, actor_id, request_id, operation_id, version, fields - \(hidden)::text[]
            FROM changes WHERE record_id = \(id) AND type = \(type.name)
            """
        if let start, let version = start.values[0] { page += " AND (version, id) < (\(version)::integer, \(start.id)::uuid)" }
        page += " ORDER BY version DESC, id DESC LIMIT \(limit + 1)"
        let answers = try await scope.run([exists, page], isRepeatable: true)
        guard !answers[0].isEmpty else { throw Problem.notFound }
        let rows = answers[1]
        let shown = rows.prefix(limit)
        let next =
            rows.count > limit
            ? try shown.last.map { Cursor(values: [$0.optionalText(7)], id: try $0.text(0)).text(for: fingerprint) } : nil
        let data = try shown.map { row -> JSON in
            var at: [UInt8] = []
            row.withBytes(1) { Timestamp.encode($0, into: &at) }
            let actor: JSON = row.isNull(4) ? .null : ["type": JSON(row.optionalText(3)), "id": JSON(row.optionalText(4))]
            return [
                "id": .string(try row.text(0)), "at": try JSON(parsing: at), "action": .string(try row.text(2)), "actor": actor,
                "request_id": JSON(row.optionalText(5)), "operation_id": JSON(row.optionalText(6)), "version": JSON(try row.int(7)),
                "fields": try JSON(parsing: try row.text(8)),
            ]
        }
        let body: JSON = ["data": .array(data), "page": ["next": JSON(next), "has_more": .bool(next != nil)]]
        return ListAnswer(body: body.bytes, next: next)
    }

    /// What happened to records, by their types, as far as the caller may read these: rows of one document each, in the order of time.
    package static func history(of ids: [String: [String]], in catalog: Catalog, for caller: Caller) -> SQL {
        let parts = ids.sorted { $0.key < $1.key }.compactMap { name, ids -> SQL? in
            guard let type = catalog[name], caller.rights[name].read != .none else { return nil }
            let hidden = type.pastFields.map(\.path).filter { caller.rights.isHidden($0, of: name) }
            // Of what is gone only who may read all of them is told.
            let readable: SQL =
                caller.readsAll(type)
                ? "true"
                : SQL(code: "EXISTS (SELECT FROM \(type.table) AS r WHERE r.id = changes.record_id AND ") + caller.readable(type) + ")"
            return """
                SELECT at, id, json_build_object(
                    'type', type, 'id', record_id, 'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                    'action', action, 'actor', CASE WHEN actor_id IS NOT NULL THEN json_build_object('type', actor_type, 'id', actor_id) END,
                    'version', version, 'fields', fields - \(hidden)::text[]) AS document
                FROM changes WHERE type = \(name) AND record_id = ANY (\(ids)::uuid[]) AND \(readable)
                """
        }
        guard !parts.isEmpty else { return "SELECT NULL::json AS document WHERE false" }
        return "SELECT document FROM (" + parts.joined(separator: " UNION ALL ") + ") AS told ORDER BY at, id"
    }
}

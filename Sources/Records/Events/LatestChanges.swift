import Postgres
import Tenancy

/// What others have changed lately in records that the caller may read, one entry per record, the newest first.
///
/// What one operation did to many records, an import for instance, is one entry with their number. Only so much of the change log is looked
/// at, so that the answer costs the same however long the log is and whoever wrote it.
package struct LatestChanges: Sendable {
    private let catalog: Catalog
    private let scope: TenantScope
    private let caller: Caller

    package init(of catalog: Catalog, in scope: TenantScope, for caller: Caller) {
        self.catalog = catalog
        self.scope = scope
        self.caller = caller
    }

    /// How many rows of the change log are looked at.
    package static let horizon = 1_000

    package func entries(limit: Int) async throws -> [JSON] {
        let types = catalog.types.filter { $0.standing != .furniture && caller.rights[$0.name].read != .none }
        guard !types.isEmpty else { return [] }
        return try await scope.rows(statement(types, limit)).map(Self.document)
    }

    /// Rights stand in the statement: a record that the caller may not read has not changed, nor has one of which nothing changed that he sees.
    private func statement(_ types: [RecordType], _ limit: Int) -> SQL {
        // One look by the key for each: joined, a planner that expects few would compare all with all.
        let records = types.map { type -> SQL in
            SQL(code: "SELECT n.*, r.title FROM newest AS n CROSS JOIN LATERAL (SELECT \(type.title("r", for: caller)) AS title ")
                + SQL(code: "FROM \(type.table) AS r WHERE r.id = n.record_id AND ") + caller.readable(type)
                + SQL(code: " OFFSET 0) AS r WHERE n.type = '\(type.name)'")
        }.joined(separator: " UNION ALL ")
        let unseen = types.map { type -> SQL in
            let hidden = type.pastFields.map(\.path).filter { caller.rights.isHidden($0, of: type.name) }
            return SQL(code: " WHEN '\(type.name)' THEN ") + "\(hidden)::text[]"
        }.joined(separator: "")
        return """
            WITH recent AS MATERIALIZED (
                    SELECT c.id, c.at, c.transaction, c.type, c.record_id, c.action, c.actor_type, c.actor_id, c.operation_id,
                        c.fields - CASE c.type\(unseen) END AS seen
                    FROM changes AS c ORDER BY c.transaction DESC, c.id DESC LIMIT \(Self.horizon)),
                newest AS MATERIALIZED (
                    SELECT DISTINCT ON (record_id) * FROM recent
                    WHERE type = ANY (\(types.map(\.name))::text[]) AND actor_id IS DISTINCT FROM \(caller.userID)::uuid AND action <> 'purge'
                        AND (action <> 'update' OR seen <> '{}')
                    ORDER BY record_id, transaction DESC, id DESC),
                known AS (\(records)),
                told AS (
                    SELECT DISTINCT ON (coalesce(n.operation_id, n.id), n.type) n.*,
                        count(*) OVER (PARTITION BY coalesce(n.operation_id, n.id), n.type) AS records
                    FROM known AS n
                    ORDER BY coalesce(n.operation_id, n.id), n.type, n.transaction DESC, n.id DESC)
            SELECT t.id, t.at AT TIME ZONE 'UTC', t.action, t.actor_type, t.actor_id, \(actorName), t.type, t.record_id, t.title,
                ARRAY(SELECT jsonb_object_keys(t.seen) ORDER BY 1)::text[], t.records
            FROM told AS t ORDER BY t.transaction DESC, t.id DESC LIMIT \(limit)
            """
    }

    private var actorName: SQL {
        guard let users = catalog["users"], !caller.rights.isHidden("name", of: users.name) else { return "NULL" }
        return "CASE t.actor_type WHEN 'user' THEN (SELECT u.name FROM users AS u WHERE u.id = t.actor_id AND "
            + caller.readable(users, "u")
            + ") WHEN 'api_key' THEN (SELECT k.name FROM api_keys AS k WHERE k.id = t.actor_id) END"
    }

    private static func document(_ row: Row) throws -> JSON {
        var at: [UInt8] = []
        row.withBytes(1) { Timestamp.encode($0, into: &at) }
        let actor: JSON =
            row.isNull(4)
            ? .null : ["type": JSON(row.optionalText(3)), "id": JSON(row.optionalText(4)), "name": JSON(row.optionalText(5))]
        return [
            "id": .string(try row.text(0)), "at": try JSON(parsing: at), "action": .string(try row.text(2)), "actor": actor,
            "record": ["type": .string(try row.text(6)), "id": .string(try row.text(7)), "title": JSON(row.optionalText(8))],
            "fields": JSON(try row.texts(9)), "records": JSON(try row.int(10)),
        ]
    }
}

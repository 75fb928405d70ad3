import Postgres

/// The records of an export as one statement.
struct ExportQuery {
    let store: RecordStore
    let request: ExportRequest

    private var type: RecordType { store.type }
    private var caller: Caller { store.caller }
    private var filter: SQL { request.filter.sql("r", FilterScope(catalog: store.catalog, caller: caller)) }

    /// What `columns` are of each record; with `since` two more: whose row it is, and when it went, for one that is gone.
    func statement(_ columns: SQL) -> SQL {
        guard let since = request.since else {
            let order = request.sort.map { $0.clause() } ?? "r.id"
            return "SELECT " + columns + SQL(code: " FROM \(type.table) AS r WHERE ") + kept + SQL(code: " ORDER BY \(order)")
        }
        return "SELECT " + columns + ", changed.id, " + Self.gone + " FROM " + changed(since) + self.rest + " ORDER BY changed.id"
    }

    /// How many rows `statement` has.
    var count: SQL {
        guard let since = request.since else { return SQL(code: "SELECT count(*) FROM \(type.table) AS r WHERE ") + kept }
        return "SELECT count(*) FROM " + changed(since) + self.rest
    }

    private var kept: SQL { filter + store.condition(.without) }

    /// Null for a record that is there; else when it went to the trash, or for good.
    private static let gone = SQL(
        code: """
            to_char(CASE WHEN r.id IS NULL THEN changed.at ELSE r.deleted_at END AT TIME ZONE 'UTC', \
            'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            """)

    /// Every record with a change that the mark's snapshot does not see. The first condition finds them by the index.
    private func changed(_ since: ExportMark) -> SQL {
        """
        (SELECT record_id AS id, max(at) AS at FROM changes
        WHERE transaction >= \(since.oldest)::text::xid8 AND NOT pg_visible_in_snapshot(transaction, \(since.snapshot)::text::pg_snapshot)
            AND type = \(type.name)
        GROUP BY record_id) AS changed
        """
    }

    /// The records as they are now. Of one that is gone for good only its last owner tells whether the caller could read it.
    private var rest: SQL {
        let there =
            SQL(code: " LEFT JOIN \(type.table) AS r ON r.id = changed.id WHERE (r.id IS NOT NULL AND ") + caller.readable(type)
            + " AND (r.deleted_at IS NOT NULL OR " + filter + "))"
        if caller.readsAll(type) { return there + " OR r.id IS NULL" }
        guard type.rules.visible == nil else { return there }
        return there + " OR (r.id IS NULL AND EXISTS (SELECT FROM (" + Self.lastOwner + ") AS gone WHERE "
            + caller.within(caller.rights[type.name].read, "gone") + "))"
    }

    private static let lastOwner: SQL = """
        SELECT (fields #>> '{owner_id,after}')::uuid AS owner_id FROM changes
        WHERE record_id = changed.id AND fields ? 'owner_id' ORDER BY version DESC, id DESC LIMIT 1
        """
}

import Postgres

/// An export as the API shows it.
enum ExportView {
    /// How much of it is done, from 0 to 1.
    private static let share = """
        CASE WHEN e.state = 'done' THEN 1 WHEN e.total = 0 THEN 0 \
        ELSE round(least(1, (e.exported + e.deleted)::numeric / e.total), 4) END
        """
    static let progress = SQL(code: share)

    /// A JSON object of the row `e`.
    static let json = SQL(
        code: """
            json_build_object('id', e.id, 'type', e.type, 'format', e.format, 'state', e.state, \
            'progress', \(share), \
            'counters', json_build_object('total', e.total, 'exported', e.exported, 'deleted', e.deleted), 'cursor', e.cursor, \
            'bytes', CASE WHEN e.state = 'done' THEN e.bytes END, 'sha256', e.sha256, 'detail', e.detail, \
            'where', e.conditions -> 'where', 'view_id', e.conditions -> 'view_id', 'fields', e.conditions -> 'fields', \
            'since', e.conditions -> 'since', 'created_by', json_build_object('type', e.actor_type, 'id', e.actor_id), \
            'created_at', \(time("created_at")), 'finished_at', \(time("finished_at")), 'expires_at', \(time("expires_at")))
            """)

    private static func time(_ column: String) -> String {
        "to_char(e.\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    }
}

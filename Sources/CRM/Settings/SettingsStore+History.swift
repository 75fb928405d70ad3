import Foundation
import Postgres
import Records

extension SettingsStore {
    /// Who decided what, the newest first: `limit` versions older than `before`, each with the dotted names of what it changed.
    package func history(before: Int?, limit: Int) async throws -> [HistoryEntry] {
        try mayChange()
        let rows = try await scope.rows(
            """
            SELECT version, at, actor_type, actor_id, changed FROM settings_history
            WHERE version < \(before ?? Int(Int32.max))::integer ORDER BY version DESC LIMIT \(limit)
            """)
        return try rows.map { row in
            HistoryEntry(
                version: try row.int(0), at: try row.date(1), actorType: row.optionalText(2), actorID: try row.optionalUUID(3),
                changed: try row.texts(4))
        }
    }

    /// One version of the settings.
    package struct HistoryEntry: Sendable {
        package let version: Int
        package let at: Date
        /// Nil where the tenant was opened with these settings.
        package let actorType: String?
        package let actorID: UUID?
        package let changed: [String]
    }
}

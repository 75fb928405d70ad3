import Postgres

/// The rows of one tenant on their way from one cell to another. Whoever reads and whoever writes act as the tenant.
package protocol RelocatedRows {
    /// Copies what is there at one moment into a schema that was just built.
    mutating nonisolated(nonsending) func copy(from source: borrowing Reading, into target: borrowing Assembly) async throws

    /// Brings what has been written since, when nothing is written any more. False when the tables are no longer those that were copied.
    ///
    /// - Parameter horizon: the oldest transaction that had not ended at that moment (`pg_snapshot_xmin`): what earlier ones wrote was copied.
    mutating nonisolated(nonsending) func catchUp(
        from source: borrowing Assembly, into target: borrowing Assembly, since horizon: Int
    ) async throws -> Bool
}

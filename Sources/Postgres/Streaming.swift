extension ExclusivePool {
    /// Hands the rows of a large answer to `body` in batches, through a cursor: only one batch is in memory, and the next is fetched
    /// when `body` returns. Runs in a read-only transaction of its own, after the preamble, so all batches show one moment.
    ///
    /// The connection is lent until the last batch: a slow `body` holds it, and its snapshot, for as long.
    package nonisolated(nonsending) func stream(
        preamble: [SQL] = [], _ query: SQL, batch: Int = 500, _ body: (Rows) async throws -> Void
    ) async throws {
        let fetch = SQL(code: "FETCH FORWARD \(max(1, batch)) FROM streamed").prepared(.none)
        try await lend { connection in
            var rows = try await connection.perform { connection, interruption in
                try connection.open(interruption)
                let work = TransactionWork(connection, interruption, begin: "BEGIN READ ONLY", preamble: preamble, namespace: "")
                // Planned for all rows; a cursor is otherwise planned for the first tenth of them.
                let plan = SQL(code: "SELECT set_config('cursor_tuple_fraction', '1', true)").prepared(.shared)
                let declaration = (SQL(code: "DECLARE streamed NO SCROLL CURSOR FOR ") + query).prepared(.none)
                return try work.flush([plan, declaration, fetch])[2]
            }
            while !rows.isEmpty {
                try await body(rows)
                if rows.count < batch { return }
                rows = try await connection.perform { connection, interruption in
                    try connection.resume(interruption) { session throws(PostgresError) in try session.flush([fetch])[0] }
                }
            }
        }
    }
}

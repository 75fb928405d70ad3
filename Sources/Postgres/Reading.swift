/// The database as it is at one moment, for reading as much of it as one likes: every statement sees what the first one saw, whatever is
/// committed meanwhile.
package struct Reading: ~Copyable {
    private let connection: ExclusiveConnection

    fileprivate init(_ connection: ExclusiveConnection) {
        self.connection = connection
    }

    /// The statements in one flush; one answer for each.
    package nonisolated(nonsending) func rows(_ statements: [SQL]) async throws -> [Rows] {
        try await connection.perform { connection, interruption in
            try connection.resume(interruption) { session throws(PostgresError) in
                try session.flush(statements.map { $0.prepared(.none) })
            }
        }
    }

    /// Hands the rows of a large answer to `body` in batches: only one is in memory, and the next is fetched when `body` returns.
    package nonisolated(nonsending) func stream(_ query: SQL, batch: Int = 500, _ body: (Rows) async throws -> Void) async throws {
        // Planned for all rows; a cursor is otherwise planned for the first tenth of them.
        let plan = SQL(code: "SELECT set_config('cursor_tuple_fraction', '1', true)")
        let declaration = SQL(code: "DECLARE looked NO SCROLL CURSOR FOR ") + query
        let fetch = SQL(code: "FETCH FORWARD \(max(1, batch)) FROM looked")
        var rows = try await self.rows([plan, declaration, fetch])[2]
        while !rows.isEmpty {
            try await body(rows)
            if rows.count < batch { break }
            rows = try await self.rows([fetch])[0]
        }
        _ = try await self.rows([SQL(code: "CLOSE looked")])
    }

    /// Hands what a `COPY ... TO STDOUT` sends to `body`, in chunks of whole rows, each about 64 KB; the next is read when `body` returns.
    package nonisolated(nonsending) func copyOut(_ statement: SQL, _ body: ([UInt8]) async throws -> Void) async throws {
        try await connection.copyOut(statement, body)
    }
}

extension ExclusivePool {
    /// Lends a connection for looking at the database as it is at one moment (REPEATABLE READ, read only), after the preamble.
    ///
    /// The connection and its snapshot are held until `body` returns: it should not wait for people.
    package nonisolated(nonsending) func reading<T>(
        preamble: [SQL] = [], _ body: (borrowing Reading) async throws -> T
    ) async throws -> T {
        try await lend { connection in
            try await connection.perform { connection, interruption in
                try connection.open(interruption)
                let begin = SQL(code: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                _ = try TransactionWork(connection, interruption, begin: begin, preamble: preamble, namespace: "").flush([])
            }
            return try await body(Reading(connection))
        }
    }
}

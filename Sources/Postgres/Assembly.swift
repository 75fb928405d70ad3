import CLibPQ

/// A transaction in pieces, between which its caller may wait for something else: for filling a schema with what comes from another database.
///
/// Its locks last as long as the caller takes: only for work that nobody else waits for, or that has to be waited for.
package struct Assembly: ~Copyable {
    private let connection: ExclusiveConnection

    fileprivate init(_ connection: ExclusiveConnection) { self.connection = connection }

    /// A piece that decides by what it reads and waits for nothing else.
    package nonisolated(nonsending) func perform<T: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws -> T
    ) async throws -> T {
        try await connection.perform { connection, interruption in
            try connection.resume(interruption) { _ throws(PostgresError) in }
            return try body(Transaction(TransactionWork(resuming: connection, interruption)))
        }
    }

    /// The statements in one flush; one answer for each.
    package nonisolated(nonsending) func rows(_ statements: [SQL]) async throws -> [Rows] {
        try await perform { transaction in try transaction.flush(statements.map { $0.prepared(.none) }) }
    }

    /// Begins a `COPY ... FROM STDIN`; nothing else may be asked until `endCopy`.
    package nonisolated(nonsending) func beginCopy(_ statement: SQL) async throws {
        try await connection.perform { connection, interruption in
            try connection.resume(interruption) { session throws(PostgresError) in
                try session.startCopy(statement, expecting: PGRES_COPY_IN)
            }
        }
    }

    /// A piece of its data, which need not end where a row ends.
    package nonisolated(nonsending) func put(_ bytes: [UInt8]) async throws {
        try await connection.perform { connection, interruption in
            try connection.resume(interruption) { session throws(PostgresError) in try session.putCopy(bytes) }
        }
    }

    /// Answers how many rows came.
    package nonisolated(nonsending) func endCopy() async throws -> Int {
        try await connection.perform { connection, interruption in
            try connection.resume(interruption) { session throws(PostgresError) in try session.endCopy() }
        }
    }

    /// Hands what a `COPY ... TO STDOUT` sends to `body`, in chunks of whole rows.
    package nonisolated(nonsending) func copyOut(_ statement: SQL, _ body: ([UInt8]) async throws -> Void) async throws {
        try await connection.copyOut(statement, body)
    }

    fileprivate nonisolated(nonsending) func commit() async throws {
        try await connection.perform { connection, interruption in
            try connection.resume(interruption) { _ throws(PostgresError) in }
            try TransactionWork(resuming: connection, interruption).commit()
        }
    }
}

/// Where tables can be read from, piece by piece: a snapshot, or a transaction that holds them still.
package protocol TableSource: ~Copyable {
    nonisolated(nonsending) func rows(_ statements: [SQL]) async throws -> [Rows]
    nonisolated(nonsending) func copyOut(_ statement: SQL, _ body: ([UInt8]) async throws -> Void) async throws
}

extension Assembly: TableSource {}
extension Reading: TableSource {}

extension ExclusivePool {
    /// Lends a connection for a transaction in pieces: BEGIN, the preamble, the body, COMMIT. An error thrown by the body rolls back.
    package nonisolated(nonsending) func assembling<T>(
        preamble: [SQL] = [], _ body: (borrowing Assembly) async throws -> T
    ) async throws -> T {
        try await lend { connection in
            try await connection.perform { connection, interruption in
                try connection.open(interruption)
                _ = try TransactionWork(connection, interruption, preamble: preamble, namespace: "").flush([])
            }
            let assembly = Assembly(connection)
            let value = try await body(assembly)
            try await assembly.commit()
            return value
        }
    }
}

extension ExclusiveConnection {
    /// A `COPY ... TO STDOUT` within the transaction that is open.
    nonisolated(nonsending) func copyOut(_ statement: SQL, _ body: ([UInt8]) async throws -> Void) async throws {
        try await perform { connection, interruption in
            try connection.resume(interruption) { session throws(PostgresError) in
                try session.startCopy(statement, expecting: PGRES_COPY_OUT)
            }
        }
        while true {
            let chunk = try await perform { connection, interruption in
                try connection.resume(interruption) { session throws(PostgresError) in try session.getCopy() }
            }
            guard !chunk.isEmpty else { return }
            try await body(chunk)
        }
    }
}

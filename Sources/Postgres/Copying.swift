import CLibPQ

extension ExclusivePool {
    /// Sends `chunks` to a `COPY ... FROM STDIN`, in one transaction: the preamble, the copy, then what `body` does with it. Answers
    /// how many rows were copied. An error anywhere, in the chunks too, leaves nothing behind.
    ///
    /// A chunk need not end where a row ends. The next one is asked for when the server has room.
    package nonisolated(nonsending) func copyIn(
        preamble: [SQL] = [], _ statement: SQL, from chunks: some AsyncSequence<[UInt8], any Error>,
        then body: @escaping @Sendable (borrowing Transaction) throws -> Void = { _ in }
    ) async throws -> Int {
        try await lend { connection in
            try await connection.perform { connection, interruption in
                try connection.open(interruption)
                _ = try TransactionWork(connection, interruption, preamble: preamble, namespace: "").flush([])
                try connection.resume(interruption) { session throws(PostgresError) in
                    try session.startCopy(statement, expecting: PGRES_COPY_IN)
                }
            }
            var gathered: [UInt8] = []
            for try await chunk in chunks {
                gathered += chunk
                guard gathered.count >= CopyChunk.size else { continue }
                let full = gathered
                gathered.removeAll(keepingCapacity: true)
                try await connection.perform { connection, interruption in
                    try connection.resume(interruption) { session throws(PostgresError) in try session.putCopy(full) }
                }
            }
            let last = gathered
            return try await connection.perform { connection, interruption in
                let copied = try connection.resume(interruption) { session throws(PostgresError) in
                    try session.putCopy(last)
                    return try session.endCopy()
                }
                let work = TransactionWork(resuming: connection, interruption)
                try body(Transaction(work))
                try work.commit()
                return copied
            }
        }
    }

    /// Hands what a `COPY ... TO STDOUT` sends to `body`, in chunks of whole rows, each about 64 KB; the next one is read when `body`
    /// returns. Runs in a read-only transaction of its own, after the preamble.
    package nonisolated(nonsending) func copyOut(
        preamble: [SQL] = [], _ statement: SQL, _ body: ([UInt8]) async throws -> Void
    ) async throws {
        try await lend { connection in
            try await connection.perform { connection, interruption in
                try connection.open(interruption)
                _ = try TransactionWork(connection, interruption, begin: "BEGIN READ ONLY", preamble: preamble, namespace: "").flush([])
            }
            try await connection.copyOut(statement, body)
        }
    }
}

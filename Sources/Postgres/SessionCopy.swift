import CLibPQ

/// How much of a COPY goes from thread to thread at once.
enum CopyChunk {
    static let size = 64 * 1024
}

/// COPY, piece by piece.
extension Session {
    /// Starts a COPY; the caller then moves its data.
    func startCopy(_ statement: SQL, expecting status: ExecStatusType) throws(PostgresError) {
        try statement.checkFormat()
        flushes += 1
        guard statement.values.isEmpty else { throw .unexpected("COPY takes no values.") }
        guard PQsendQuery(conn, statement.text) == 1, let result = PQgetResult(conn) else { throw broken() }
        defer { PQclear(result) }
        if PQresultStatus(result) == status { return }
        guard PQresultStatus(result) == PGRES_FATAL_ERROR else { throw .unexpected("The statement is not a COPY of this direction.") }
        let refusal = error(result, statement: 0)
        try readAll()
        throw refusal
    }

    /// Sends a piece of the data; blocks while the server has no room.
    func putCopy(_ bytes: [UInt8]) throws(PostgresError) {
        guard !bytes.isEmpty else { return }
        let isSent = bytes.withUnsafeBytes { bytes in
            PQputCopyData(conn, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(bytes.count)) == 1
        }
        if isSent { return }
        // The server has refused a row in the meantime; its reason waits to be read.
        try readAll()
        throw .unreachable(Dial.message(of: conn))
    }

    /// Ends the data. Answers how many rows the server took.
    func endCopy() throws(PostgresError) -> Int {
        guard PQputCopyEnd(conn, nil) == 1 else {
            try readAll()
            throw .unreachable(Dial.message(of: conn))
        }
        return try readAll()?.affected ?? 0
    }

    /// Some rows of the data, about `CopyChunk.size` bytes; none after the last.
    func getCopy() throws(PostgresError) -> [UInt8] {
        var chunk: [UInt8] = []
        while chunk.count < CopyChunk.size {
            var row: UnsafeMutablePointer<CChar>?
            let count = PQgetCopyData(conn, &row, 0)
            guard count > 0 else {
                // After the last row the server says whether all went well.
                if PQtransactionStatus(conn) == PQTRANS_ACTIVE || count == -2 { try readAll() }
                return chunk
            }
            chunk.append(contentsOf: UnsafeRawBufferPointer(start: row, count: Int(count)))
            PQfreemem(row)
        }
        return chunk
    }

    /// Ends a COPY or a statement half-way.
    func breakOff() {
        guard PQpipelineStatus(conn) == PQ_PIPELINE_OFF else { return giveUp("broken") }
        canceller.cancel()
        PQputCopyEnd(conn, "broken off")
        while let result = PQgetResult(conn) {
            let status = PQresultStatus(result)
            PQclear(result)
            if status == PGRES_COPY_IN || status == PGRES_COPY_BOTH { return giveUp("broken") }
            var bytes: UnsafeMutablePointer<CChar>?
            while status == PGRES_COPY_OUT, PQgetCopyData(conn, &bytes, 0) > 0 { PQfreemem(bytes) }
        }
    }
}

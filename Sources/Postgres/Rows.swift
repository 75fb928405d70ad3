import CLibPQ

/// The answer to one statement. Values stay where libpq put them until someone asks.
package final class Rows: Sendable, RandomAccessCollection {
    // libpq never changes a PGresult after PQgetResult handed it out, and frees it only in PQclear below: reading it from several
    // threads is safe (libpq manual 34.20).
    private nonisolated(unsafe) let result: OpaquePointer
    /// How many rows the answer has.
    package let count: Int
    let columnCount: Int

    /// Takes over a result of `PQgetResult`.
    init(owning result: OpaquePointer) {
        self.result = result
        count = Int(PQntuples(result))
        columnCount = Int(PQnfields(result))
    }

    deinit { PQclear(result) }

    /// Always 0.
    package var startIndex: Int { 0 }
    /// As many as there are rows.
    package var endIndex: Int { count }

    /// A row by its number, from 0; a number beyond the last is a mistake of the caller's and ends the process.
    package subscript(position: Int) -> Row {
        precondition(position >= 0 && position < count, "Row \(position) of \(count)")
        return Row(rows: self, index: position)
    }

    /// How many rows an INSERT, UPDATE, DELETE, MERGE, COPY or SELECT touched; 0 for statements without such a number.
    package var affected: Int {
        PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    /// The word the server answers with: "INSERT 0 1", "COMMIT".
    package var tag: String {
        PQcmdStatus(result).map { String(cString: $0) } ?? ""
    }

    /// The names of the columns, in order.
    package var columns: [String] {
        (0..<columnCount).map { name(of: $0) }
    }

    /// Where a column of this name stands.
    package func column(named name: String) -> Int? {
        columns.firstIndex(of: name)
    }

    func name(of column: Int) -> String {
        guard column >= 0 && column < columnCount, let name = PQfname(result, Int32(column)) else { return "column \(column)" }
        return String(cString: name)
    }

    /// The bytes of a value, nil for NULL or a column that does not exist. Valid as long as `self`.
    func value(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
        guard column >= 0 && column < columnCount, PQgetisnull(result, Int32(row), Int32(column)) == 0 else { return nil }
        let start = PQgetvalue(result, Int32(row), Int32(column))
        return UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, Int32(row), Int32(column))))
    }
}

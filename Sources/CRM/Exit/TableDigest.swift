import Postgres
import Secrets

/// The lines of a table as they come, and what they add up to.
struct TableDigest: ~Copyable {
    private(set) var rows = 0
    private var running = RunningDigest()

    /// Adds rows of `ExitTable.lines`; answers their lines, each with its end.
    mutating func add(_ rows: Rows, of table: ExitTable) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for row in rows {
            bytes += try table.leaving(try row.text(0))
            bytes.append(UInt8(ascii: "\n"))
        }
        running.add(bytes)
        self.rows += rows.count
        return bytes
    }

    /// In hexadecimal digits.
    consuming func finish() -> String { running.finish().hex }
}

/// What a table holds: the same rows have the same digest in every installation.
package struct TableSum: Sendable, Hashable {
    package let table: String
    package let rows: Int
    package let hash: String
}

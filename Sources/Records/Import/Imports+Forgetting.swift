import Foundation
import Postgres

extension Imports {
    /// Empties the rows of a person in files that wait or run, and among rows that were not taken: they count, and tell nothing. Answers how
    /// many there were.
    ///
    /// - Parameter pattern: a regular expression (PostgreSQL's) of what tells of the person, as it stands in JSON.
    package static func forget(_ pattern: String, in transaction: borrowing Transaction) throws -> Int {
        var emptied = try transaction.flush([
            """
            UPDATE import_errors SET cells = array_fill(''::text, ARRAY[cardinality(cells)]), reasons = array_fill(''::text, ARRAY[cardinality(reasons)]),
                codes = '{}', places = '{}'
            WHERE to_jsonb(cells)::text COLLATE "und-x-icu" ~* \(pattern)
            """
        ])[0].affected
        // What is taken back has no rows of the file, but the records' ids. One that failed may still have them from an older program.
        let files = try transaction.rows(
            """
            SELECT staging, json_array_length(content -> 'columns') FROM imports
            WHERE staging IS NOT NULL AND state <> 'reverting' FOR SHARE
            """)
        for file in files {
            let table = ImportState.table(try file.uuid(0))
            let columns = (1...max(1, try file.int(1))).map { "c\($0) = NULL" }.joined(separator: ", ")
            guard try transaction.rows("SELECT to_regclass(\(table.text)) IS NOT NULL")[0].bool(0) else { continue }
            let emptying: SQL =
                "UPDATE " + table
                + SQL(code: " AS line SET \(columns) WHERE (to_jsonb(line) - 'n')::text COLLATE \"und-x-icu\" ~* ") + "\(pattern)"
            emptied += try transaction.flush([emptying.prepared(.none)])[0].affected
        }
        return emptied
    }
}

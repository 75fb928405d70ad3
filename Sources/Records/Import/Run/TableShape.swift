import Postgres

/// The columns of a record type's table as the database has them: what a value is cast to, and what stands where none is given.
struct TableShape: Sendable {
    struct Column: Sendable {
        let type: String
        let standard: String?
    }

    private let columns: [String: Column]

    subscript(column: String) -> Column? { columns[column] }

    /// For the table whose name is given as a value.
    static func reading(_ table: String) -> SQL {
        """
        SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = to_regclass(\(table)) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        """
    }

    init(_ rows: Rows) throws {
        columns = Dictionary(
            uniqueKeysWithValues: try rows.map {
                (try $0.text(0), Column(type: try $0.text(1), standard: $0.optionalText(2)))
            })
    }
}

import Postgres
import Records

/// One table of a tenant's schema as it leaves the installation: a line of JSON for each row, in the order of its key.
///
/// A line is what PostgreSQL makes of the row (`to_jsonb`): members in one order, numbers as they are kept, times in UTC. So the same rows
/// make the same lines in every installation, and a digest of them says whether two tenants hold the same.
struct ExitTable: Sendable {
    let name: String
    /// What a line has; the others follow from these, or belong to this installation.
    let columns: [String]
    /// Expressions that put the rows in order, the same under every collation.
    private let order: [String]

    /// Tables that belong to this installation: ways in, kept answers, counters that are made anew, what expires. So do those of imports, whose
    /// names begin so, and a table for each.
    static let left: Set<String> = [
        "sessions", "api_keys", "idempotent_requests", "usage", "usage_slots", "exports", "duplicate_scans", "duplicate_groups",
    ]

    /// Columns that mean nothing elsewhere: numbers of this cluster's transactions, tokens that name the tenant.
    static let leftColumns = ["changes": ["transaction"], "users": ["calendar_token_hash", "links"]]

    /// The definitions of the tenant's own fields and types come first: whoever reads the file needs them for the rest.
    static let first = ["custom_objects", "custom_fields"]

    /// What `init(_:)` reads: every table of the schema at hand, with its columns and what its primary key is made of. Staging tables, which
    /// are not logged, are nobody's data.
    static let all: SQL = """
        SELECT c.relname,
            ARRAY(SELECT a.attname::text FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attname),
            ARRAY(SELECT quote_ident(a.attname) || CASE WHEN t.typcollation <> 0 THEN ' COLLATE "C"' ELSE '' END
                FROM pg_index AS i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
                    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum JOIN pg_type AS t ON t.oid = a.atttypid
                WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.place)
        FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p'
        ORDER BY c.relname = 'custom_objects' DESC, c.relname = 'custom_fields' DESC, c.relname COLLATE "C"
        """

    /// Nil for a table that does not leave.
    init?(_ row: Row) throws {
        let name = try row.text(0)
        guard !Self.left.contains(name), !name.hasPrefix("import") else { return nil }
        let left = Self.leftColumns[name] ?? []
        (self.name, columns, order) = (name, try row.texts(1).filter { !left.contains($0) }, try row.texts(2))
    }

    /// How values are written must not depend on who asks.
    static let canonical: SQL = """
        SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true), set_config('bytea_output', 'hex', true),
            set_config('extra_float_digits', '1', true)
        """

    /// The lines.
    var lines: SQL {
        let list = columns.map { "'\($0)', r.\(SQL.quoted(identifier: $0))" }
        // A function takes at most a hundred arguments.
        let parts = stride(from: 0, to: list.count, by: 40).map { start in
            "jsonb_build_object(\(list[start..<min(start + 40, list.count)].joined(separator: ", ")))"
        }
        let order = order.isEmpty ? "1" : order.map { "r.\($0)" }.joined(separator: ", ")
        return SQL(code: "SELECT (\(parts.joined(separator: " || ")))::text FROM \(SQL.quoted(identifier: name)) AS r ORDER BY \(order)")
    }

    /// Adds rows that stand in a JSON list.
    func insertion(_ list: String) -> SQL {
        let names = columns.map { SQL.quoted(identifier: $0) }.joined(separator: ", ")
        let table = SQL.quoted(identifier: name)
        return SQL(code: "INSERT INTO \(table) (\(names)) SELECT \(names) FROM jsonb_populate_recordset(NULL::\(table), ")
            + "\(list)::jsonb)"
    }

    /// The line as it leaves: secrets of settings, which only this installation can open, stay here.
    func leaving(_ line: String) throws -> [UInt8] {
        guard name == "settings" || name == "settings_history" else { return Array(line.utf8) }
        return try JSON(parsing: line).withoutSeals.bytes
    }
}

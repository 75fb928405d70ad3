import Postgres

/// Parts of the schema at hand that are better made when the rows are there.
enum SchemaParts {
    /// Drops the foreign keys; answers with the statements that make them again.
    static func takeReferences(_ transaction: borrowing Transaction) throws -> [SQL] {
        let found = try transaction.rows(
            """
            SELECT quote_ident(c.relname), quote_ident(k.conname), pg_get_constraintdef(k.oid)
            FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
            WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace ORDER BY 1, 2
            """)
        var again: [SQL] = []
        for row in found {
            let (table, name) = (try row.text(0), try row.text(1))
            try transaction.flush([SQL(code: "ALTER TABLE \(table) DROP CONSTRAINT \(name)").prepared(.none)])
            again.append(SQL(code: "ALTER TABLE \(table) ADD CONSTRAINT \(name) \(try row.text(2))").prepared(.none))
        }
        return again
    }

    /// Drops the indexes of a table that no constraint needs; answers with the statements that make them again.
    static func takeIndexes(of table: String, _ transaction: borrowing Transaction) throws -> [SQL] {
        let found = try transaction.rows(
            """
            SELECT quote_ident(c.relname), pg_get_indexdef(i.indexrelid) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
            WHERE i.indrelid = to_regclass(\(SQL.quoted(identifier: table)))
                AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid) ORDER BY 1
            """)
        var again: [SQL] = []
        for row in found {
            try transaction.flush([SQL(code: "DROP INDEX \(try row.text(0))").prepared(.none)])
            again.append(SQL(code: try row.text(1)).prepared(.none))
        }
        return again
    }
}

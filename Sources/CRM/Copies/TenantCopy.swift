import Postgres
import Records

/// Streams a tenant's rows from one schema into another of the same version, table by table, in PostgreSQL's own COPY format: nothing of
/// it stays in memory.
///
/// Foreign keys come last, since rows of several tables refer to each other in circles, and so do the indexes of large tables.
struct TenantCopy: Sendable {
    let base: Catalog
    let purpose: Purpose

    enum Purpose: Sendable {
        /// Into another tenant.
        case clone(Disguise?)
        /// The tenant itself goes elsewhere; on the same server transactions keep their numbers.
        case move(sameServer: Bool)
    }

    /// - Parameters:
    ///   - source: acts as the tenant whose rows they are.
    ///   - target: a schema that was just built; acts as its owner.
    ///   - progress: told of each table when its rows are there.
    func run(
        from source: borrowing some TableSource & ~Copyable, into target: borrowing Assembly, progress: (String, Int) -> Void = { _, _ in }
    ) async throws {
        for reference in try await rows(from: source, into: target, progress: progress).references {
            _ = try await target.rows([reference])
        }
    }

    /// All but the foreign keys; answers what was copied and the statements that make the keys.
    func rows(
        from source: borrowing some TableSource & ~Copyable, into target: borrowing Assembly, progress: (String, Int) -> Void
    ) async throws -> (layout: Layout, references: [SQL]) {
        let answers = try await source.rows([ExitTable.canonical, CopyTable.all, "SELECT \(Shape.column)"])
        let shape = try answers[2].first?.optionalText(0).map { try Shape(parsing: $0) }
        let rules: CopyRules? =
            if case .clone(let disguise) = purpose { CopyRules(shape?.applied(to: base) ?? base, disguise) } else { nil }
        let tables = try answers[1].map(CopyTable.init).filter(isTaken)
        _ = try await target.rows([ExitTable.canonical])
        var references = try await target.perform { transaction in try SchemaParts.takeReferences(transaction) }
        for table in tables where ExitTable.first.contains(table.name) {
            try await copy(table, rules, from: source, into: target, progress)
        }
        let base = base
        references += try await target.perform { transaction in
            try OwnTables.build(transaction, base: base)
            return try SchemaParts.takeReferences(transaction)
        }
        for table in tables where !ExitTable.first.contains(table.name) {
            let indexes = table.isLarge ? try await target.perform { [table] in try SchemaParts.takeIndexes(of: table.name, $0) } : []
            try await copy(table, rules, from: source, into: target, progress)
            for index in indexes { _ = try await target.rows([index]) }
        }
        return (Layout(tables: tables, shape: answers[2].first?.optionalText(0)), references)
    }

    /// What a copy was made of.
    struct Layout: Sendable, Equatable {
        let tables: [CopyTable]
        /// The tenant's own fields and objects.
        let shape: String?
    }

    private func isTaken(_ table: CopyTable) -> Bool {
        switch purpose {
        case .move: !table.isPassing
        case .clone(let disguise):
            !table.isPassing && !ExitTable.left.contains(table.name) && !table.name.hasPrefix("import")
                && (disguise == nil || table.name != "attachments")
        }
    }

    /// Which columns go along.
    func columns(of table: CopyTable) -> [String] {
        switch purpose {
        case .clone: table.columns.filter { !(ExitTable.leftColumns[table.name] ?? []).contains($0) }
        case .move(let sameServer): sameServer || table.name != "changes" ? table.columns : table.columns.filter { $0 != "transaction" }
        }
    }

    func copy(
        _ table: CopyTable, _ rules: CopyRules?, from source: borrowing some TableSource & ~Copyable, into target: borrowing Assembly,
        _ progress: (String, Int) -> Void
    ) async throws {
        let columns = columns(of: table)
        let rows = CopyRows(columns, rules?.rules(of: table.name) ?? [:])
        let list = columns.map { SQL.quoted(identifier: $0) }.joined(separator: ", ")
        let name = SQL.quoted(identifier: table.name)
        // A schema that was just built has its own first row here and there.
        _ = try await target.rows([SQL(code: "DELETE FROM \(name)")])
        try await target.beginCopy(SQL(code: "COPY \(name) (\(list)) FROM STDIN"))
        try await source.copyOut(SQL(code: "COPY (SELECT \(list) FROM \(name)) TO STDOUT")) { chunk in
            try await target.put(try rows.changed(chunk))
        }
        progress(table.name, try await target.endCopy())
    }

    /// The rows of an import while it is needed stand in a table of their own, which no migration makes.
    func remake(_ table: CopyTable, from source: borrowing some TableSource & ~Copyable, in target: borrowing Assembly) async throws {
        let found = try await source.rows([
            """
            SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY a.attnum)
            FROM pg_attribute AS a WHERE a.attrelid = \(table.name)::regclass AND a.attnum > 0 AND NOT a.attisdropped
            """,
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = \(table.name)::regclass",
        ])
        guard let columns = try found[0].first?.text(0) else { return }
        _ = try await target.rows(
            [SQL(code: "CREATE UNLOGGED TABLE \(SQL.quoted(identifier: table.name)) (\(columns))")]
                + found[1].map { SQL(code: try $0.text(0)) })
    }
}

/// A table of the schema at hand.
struct CopyTable: Sendable, Equatable {
    let name: String
    /// Those that are not generated.
    let columns: [String]
    /// Not logged: it holds what is needed for a while.
    let isPassing: Bool
    /// So many rows that its indexes are better made behind them.
    let isLarge: Bool
    /// The columns of its primary key; none when it has no such key.
    let key: [String]

    /// Whether rows of the one fit into the other; how many there are is another matter.
    static func == (one: CopyTable, other: CopyTable) -> Bool { one.name == other.name && one.columns == other.columns }

    /// What `init(_:)` reads, in the order in which they are copied.
    static let all: SQL = """
        SELECT c.relname,
            ARRAY(SELECT a.attname::text FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum),
            c.relpersistence = 'u', pg_relation_size(c.oid) > 8388608,
            ARRAY(SELECT a.attname::text FROM pg_index AS i JOIN unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place) ON true
                    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.place)
        FROM pg_class AS c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
        ORDER BY c.relname COLLATE "C"
        """

    init(_ row: Row) throws {
        (name, columns, isPassing, isLarge) = (try row.text(0), try row.texts(1), try row.bool(2), try row.bool(3))
        key = try row.texts(4)
    }
}

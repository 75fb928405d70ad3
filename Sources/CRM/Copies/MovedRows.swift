import Postgres
import Records
import Tenancy

/// A tenant's rows on their way to another cell: copied while its people write, and brought up to date when they wait.
///
/// What was written since the copy is known by the transaction that wrote it (`xmin`, PostgreSQL manual 5.5): not earlier than the oldest one
/// that had not ended at the copy's moment. Some of those rows were copied already, and come again. What was removed shows in the number of
/// rows that are left; only where it differs are the keys compared.
struct MovedRows: RelocatedRows {
    private let copying: TenantCopy
    private let progress: @Sendable (String, Int) -> Void
    /// For a moment in the new schema; with a space, as no type of the tenant's own can be called.
    private static let (moved, kept) = ("\"moved rows\"", "\"kept rows\"")
    private var copied: (layout: TenantCopy.Layout, references: [SQL])?

    init(_ copying: TenantCopy, progress: @escaping @Sendable (String, Int) -> Void) {
        self.copying = copying
        self.progress = progress
    }

    mutating nonisolated(nonsending) func copy(from source: borrowing Reading, into target: borrowing Assembly) async throws {
        copied = try await copying.rows(from: source, into: target, progress: progress)
    }

    mutating nonisolated(nonsending) func catchUp(
        from source: borrowing Assembly, into target: borrowing Assembly, since horizon: Int
    ) async throws -> Bool {
        guard let copied else { return false }
        let answers = try await source.rows([ExitTable.canonical, CopyTable.all, "SELECT \(Shape.column)"])
        let all = try answers[1].map(CopyTable.init)
        let lasting = all.filter { !$0.isPassing }
        guard TenantCopy.Layout(tables: lasting, shape: answers[2].first?.optionalText(0)) == copied.layout else { return false }
        for table in lasting {
            if table.key.isEmpty {
                try await copying.copy(table, nil, from: source, into: target, progress)
            } else {
                try await catchUp(table, from: source, into: target, since: horizon)
            }
        }
        for table in all where table.isPassing {
            try await copying.remake(table, from: source, in: target)
            try await copying.copy(table, nil, from: source, into: target, progress)
        }
        for reference in copied.references { _ = try await target.rows([reference]) }
        return true
    }

    private nonisolated(nonsending) func catchUp(
        _ table: CopyTable, from source: borrowing Assembly, into target: borrowing Assembly, since horizon: Int
    ) async throws {
        let name = SQL.quoted(identifier: table.name)
        let list = copying.columns(of: table).map { SQL.quoted(identifier: $0) }.joined(separator: ", ")
        let keys = table.key.map { SQL.quoted(identifier: $0) }
        let key = keys.joined(separator: ", ")
        let isSame = keys.map { "t.\($0) = m.\($0)" }.joined(separator: " AND ")
        // Numbers of transactions go round; all in use are less than half a round apart.
        let isNew = "xmin::text::bigint >= 3 AND (xmin::text::bigint - \(horizon & 0xffff_ffff) + 4294967296) % 4294967296 < 2147483648"

        _ = try await target.rows([SQL(code: "CREATE TABLE \(Self.moved) AS SELECT \(list) FROM \(name) WITH NO DATA")])
        let new = try await rows("SELECT \(list) FROM \(name) WHERE \(isNew)", from: source, into: Self.moved, list, target)
        let left = try await source.rows([SQL(code: "SELECT count(*) FROM \(name)")])[0][0].int(0)
        if new > 0 { _ = try await target.rows([SQL(code: "DELETE FROM \(name) AS t USING \(Self.moved) AS m WHERE \(isSame)")]) }
        let there = try await target.rows([SQL(code: "SELECT count(*) FROM \(name)")])[0][0].int(0)
        if there + new != left {
            _ = try await target.rows([SQL(code: "CREATE TABLE \(Self.kept) AS SELECT \(key) FROM \(name) WITH NO DATA")])
            _ = try await rows("SELECT \(key) FROM \(name)", from: source, into: Self.kept, key, target)
            _ = try await target.rows([
                SQL(code: "ANALYZE \(Self.kept)"),
                SQL(code: "DELETE FROM \(name) AS t WHERE NOT EXISTS (SELECT FROM \(Self.kept) AS m WHERE \(isSame))"),
                SQL(code: "DROP TABLE \(Self.kept)"),
            ])
        }
        let brought = try await target.rows([
            SQL(code: "INSERT INTO \(name) (\(list)) SELECT \(list) FROM \(Self.moved)"), SQL(code: "DROP TABLE \(Self.moved)"),
            SQL(code: "SELECT count(*) FROM \(name)"),
        ])
        guard try brought[2][0].int(0) == left else { throw Incomplete(table: table.name) }
        progress(table.name, left)
    }

    /// Answers how many came.
    private nonisolated(nonsending) func rows(
        _ query: String, from source: borrowing Assembly, into table: String, _ columns: String, _ target: borrowing Assembly
    ) async throws -> Int {
        try await target.beginCopy(SQL(code: "COPY \(table) (\(columns)) FROM STDIN"))
        try await source.copyOut(SQL(code: "COPY (\(query)) TO STDOUT")) { chunk in try await target.put(chunk) }
        return try await target.endCopy()
    }

    /// Rows are missing, or there are too many: nothing is kept, the tenant stays where it is.
    struct Incomplete: Error, Sendable, CustomStringConvertible {
        let table: String
        var description: String { "The rows of \(table) did not all arrive." }
    }
}

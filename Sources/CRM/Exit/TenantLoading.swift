import Postgres
import Records

/// Fills a fresh schema, of the version the file was written with, with a tenant's rows.
///
/// Everything happens in the transaction that builds the schema: what is refused leaves nothing behind. Foreign keys come last, since rows
/// of several tables refer to each other in circles; then the rows are read again and must have the digests of the manifest.
struct TenantLoading {
    let file: ExitFile
    let base: Catalog
    /// Told how many rows of which table are loaded.
    var progress: @Sendable (String, Int) -> Void = { _, _ in }

    /// Runs with the tenant's role and search path.
    func run(_ transaction: borrowing Transaction) throws {
        try transaction.flush([ExitTable.canonical])
        var references = try SchemaParts.takeReferences(transaction)
        var tables = try tables(transaction)
        var rows: [String: Int] = [:]
        var isBuilt = false
        try file.parts { name, lines in
            if !isBuilt, !ExitTable.first.contains(name) {
                isBuilt = true
                do { try OwnTables.build(transaction, base: base) } catch let unusable as OwnTables.Unusable {
                    throw ExitFile.Refused(unusable.description)
                }
                references += try SchemaParts.takeReferences(transaction)
                tables = try self.tables(transaction)
            }
            guard let table = tables[name] else {
                throw ExitFile.Refused("There is no table \(name) in schema version \(file.schemaVersion).")
            }
            rows[name, default: 0] += try load(lines, into: table, transaction)
            progress(name, rows[name, default: 0])
        }
        try references.forEach { try transaction.flush([$0]) }
        try check(tables, transaction)
        // A file that was removed while the rest was written, or one of a form without contents: no row without its bytes.
        if tables["attachments"] != nil {
            try transaction.flush(["DELETE FROM attachments WHERE id <> ALL (\(file.contents.map(\.id))::uuid[])"])
        }
    }

    private func tables(_ transaction: borrowing Transaction) throws -> [String: ExitTable] {
        let all = try transaction.rows(ExitTable.all).compactMap { try ExitTable($0) }
        return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    }

    private func load(_ lines: [UInt8], into table: ExitTable, _ transaction: borrowing Transaction) throws -> Int {
        let rows = lines.split(separator: UInt8(ascii: "\n"))
        guard let first = rows.first else { return 0 }
        let members = (try JSON(parsing: Array(first))).members?.map(\.name) ?? []
        if let unknown = members.first(where: { !table.columns.contains($0) }) {
            throw ExitFile.Refused("The table \(table.name) has no column \(unknown) in schema version \(file.schemaVersion).")
        }
        let list = "[" + String(decoding: Array(rows.joined(separator: [UInt8(ascii: ",")])), as: UTF8.self) + "]"
        let answers = try transaction.flush([table.insertion(list).prepared(.none)])
        return answers[0].affected
    }

    private func check(_ tables: [String: ExitTable], _ transaction: borrowing Transaction) throws {
        for sum in file.manifest.tables {
            guard let table = tables[sum.table] else { throw ExitFile.Refused("There is no table \(sum.table).") }
            var digest = TableDigest()
            try transaction.flush([(SQL(code: "DECLARE checked NO SCROLL CURSOR FOR ") + table.lines).prepared(.none)])
            while true {
                let rows = try transaction.rows(SQL(code: "FETCH FORWARD 1000 FROM checked").prepared(.none))
                _ = try digest.add(rows, of: table)
                if rows.count < 1000 { break }
            }
            try transaction.flush([SQL(code: "CLOSE checked").prepared(.none)])
            let rows = digest.rows
            guard TableSum(table: sum.table, rows: rows, hash: digest.finish()) == sum else {
                throw ExitFile.Refused("The rows of \(sum.table) are not the same after they were loaded.")
            }
        }
    }
}

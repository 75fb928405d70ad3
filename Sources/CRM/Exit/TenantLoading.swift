import Postgres
import Records

/// Fills a fresh schema, of the version the file was written with, with a tenant's rows.
///
/// Everything happens in the transaction that builds the schema: what is refused leaves nothing behind. Foreign keys come last, since rows
/// of several tables refer to each other in circles; then the rows are read again and must have the digests of the manifest.
struct TenantLoading {
    let file: ExitFile
    let base: Catalog

    /// Runs with the tenant's role and search path.
    func run(_ transaction: borrowing Transaction) throws {
        try transaction.flush([ExitTable.canonical])
        var references = try takeReferences(transaction)
        var tables = try tables(transaction)
        var rows: [String: Int] = [:]
        var isBuilt = false
        try file.parts { name, lines in
            if !isBuilt, !ExitTable.first.contains(name) {
                isBuilt = true
                try buildOwn(transaction)
                references += try takeReferences(transaction)
                tables = try self.tables(transaction)
            }
            guard let table = tables[name] else {
                throw ExitFile.Refused("There is no table \(name) in schema version \(file.schemaVersion).")
            }
            rows[name, default: 0] += try load(lines, into: table, transaction)
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

    /// Drops the foreign keys; answers with the statements that make them again.
    private func takeReferences(_ transaction: borrowing Transaction) throws -> [SQL] {
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

    /// Tables and columns of the tenant's own, by their definitions, which have been loaded.
    private func buildOwn(_ transaction: borrowing Transaction) throws {
        let fields = try transaction.rows(
            "SELECT \(CustomField.json)::text, deleted_at IS NOT NULL FROM custom_fields ORDER BY created_at, id"
        )
        .map { row in
            guard let field = CustomField(try JSON(parsing: row.text(0))) else {
                throw ExitFile.Refused("A definition of a field cannot be read.")
            }
            return (field: field, isHidden: try row.bool(1))
        }
        let objects = try transaction.rows("SELECT plural, label_field FROM custom_objects ORDER BY created_at, id").map {
            CustomSchema.Object(plural: try $0.text(0), label: try $0.text(1))
        }
        do {
            try transaction.flush(try CustomSchema(fields, objects, base: base).statements)
        } catch let unknown as CustomSchema.Unknown {
            throw ExitFile.Refused("The definition of \(unknown.name) cannot be used.")
        }
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

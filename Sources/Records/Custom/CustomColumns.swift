import Postgres

/// The columns that hold a tenant's own field, as statements about their table.
struct CustomColumns {
    let table: String
    let field: CustomField
    /// The table that a reference leads to.
    let target: String?

    init(_ field: CustomField, in table: String, of catalog: Catalog) {
        self.table = table
        self.field = field
        target = field.options["type"]?.string.flatMap { catalog[$0]?.table }
    }

    var names: [String] { field.kind == .money ? [field.column, "\(field.column)_currency"] : [field.column] }

    private var types: [String] {
        switch field.kind {
        case .money: ["numeric(19,4)", "text"]
        default: [field.fieldKind.columnType]
        }
    }

    /// The columns as a new table has them. Whatever is deleted for good leaves nothing behind, also in a field that lies in the trash.
    var definitions: [String] {
        zip(zip(names, types), literals).map { column, literal in
            var text = "\(SQL.quoted(identifier: column.0)) \(column.1)"
            if let literal { text += " DEFAULT \(literal)" }
            if isNeverNull { text += " NOT NULL" }
            if let target {
                let name = ConstraintName.of(table, field.column, "reference")
                text += " CONSTRAINT \(SQL.quoted(identifier: name)) REFERENCES \(SQL.quoted(identifier: target)) ON DELETE SET NULL"
            }
            return text
        }
    }

    /// The same for a table that exists: rows that are there get the default only where they need a value.
    var adding: [SQL] {
        let fills = isNeverNull
        return zip(zip(names, types), zip(definitions, literals)).flatMap { column, rest -> [SQL] in
            guard !fills, let literal = rest.1 else { return [ddl("ALTER TABLE \(quotedTable) ADD COLUMN \(rest.0)")] }
            let name = SQL.quoted(identifier: column.0)
            return [
                ddl("ALTER TABLE \(quotedTable) ADD COLUMN \(name) \(column.1)"),
                ddl("ALTER TABLE \(quotedTable) ALTER COLUMN \(name) SET DEFAULT \(literal)"),
            ]
        } + indexes
    }

    /// What makes values unique, and what finds those who refer to a record.
    var indexes: [SQL] {
        var statements: [SQL] = []
        if field.isUnique { statements.append(unique) }
        if target != nil {
            let name = ConstraintName.of(table, field.column, "index")
            statements.append(
                ddl("CREATE INDEX \(SQL.quoted(identifier: name)) ON \(quotedTable) (\(SQL.quoted(identifier: field.column)), id)"))
        }
        if hasWords { statements.append(words) }
        return statements
    }

    /// Whether `q` looks into it.
    var hasWords: Bool { field.kind.hasWords }
    var words: SQL {
        let expression = FieldDefinition.words(SQL.quoted(identifier: field.column))
        return ddl("CREATE INDEX \(wordsName) ON \(quotedTable) USING gin (\(expression)) \(CustomTable.prompt)")
    }
    var noWords: SQL { ddl("DROP INDEX IF EXISTS \(wordsName)") }

    var unique: SQL {
        let value = field.fieldKind.equality(SQL(code: field.column)).text
        return ddl("CREATE UNIQUE INDEX \(uniqueName) ON \(quotedTable) ((\(value))) WHERE deleted_at IS NULL")
    }

    var notUnique: SQL { ddl("DROP INDEX IF EXISTS \(uniqueName)") }
    var required: [SQL] { names.map { alter($0, "SET NOT NULL") } }
    var optional: [SQL] { field.kind.isNeverNull ? [] : names.map { alter($0, "DROP NOT NULL") } }
    var defaults: [SQL] { zip(names, literals).map { alter($0, $1.map { "SET DEFAULT \($0)" } ?? "DROP DEFAULT") } }
    var noDefaults: [SQL] { names.map { alter($0, "DROP DEFAULT") } }
    var dropping: [SQL] { names.map { ddl("ALTER TABLE \(quotedTable) DROP COLUMN IF EXISTS \(SQL.quoted(identifier: $0))") } }

    /// Gives the default to every record without a value.
    var filling: SQL? {
        let pairs = zip(names, literals).compactMap { name, literal in literal.map { "\(SQL.quoted(identifier: name)) = \($0)" } }
        guard !pairs.isEmpty, !field.kind.isNeverNull else { return nil }
        return ddl("UPDATE \(quotedTable) SET \(pairs.joined(separator: ", ")) WHERE \(field.column) IS NULL")
    }

    func converting(_ expression: String) -> SQL {
        alter(field.column, "TYPE \(field.fieldKind.columnType) USING \(expression)")
    }

    /// Whether a record has no value.
    var isMissing: String { "\(field.column) IS NULL" }
    /// Whether a record has a value that someone gave it.
    var isSet: String {
        switch field.kind {
        case .boolean: field.column
        case .multiSelect: "cardinality(\(field.column)) > 0"
        default: "\(field.column) IS NOT NULL"
        }
    }

    private var isNeverNull: Bool { field.isRequired || field.kind.isNeverNull }
    private var quotedTable: String { SQL.quoted(identifier: table) }
    private var uniqueName: String { SQL.quoted(identifier: ConstraintName.of(table, field.column, "unique")) }

    private var wordsName: String { SQL.quoted(identifier: ConstraintName.of(table, field.column, "words")) }

    /// The default of each column as a literal.
    private var literals: [String?] {
        let standard: JSON = field.standard.isNull && field.kind.isNeverNull ? .null : field.standard
        // Checked when the definition was read.
        guard !standard.isNull || field.kind.isNeverNull, let reading = try? field.fieldKind.read(standard, at: "") else {
            return names.map { _ in nil }
        }
        return zip(reading.values, types).map { value, type in
            switch value {
            case .text(let text): "\(SQL.quoted(literal: text))::\(type)"
            case .null, .bytes: nil
            }
        }
    }

    private func alter(_ column: String, _ what: String) -> SQL {
        ddl("ALTER TABLE \(quotedTable) ALTER COLUMN \(SQL.quoted(identifier: column)) \(what)")
    }
}

/// A statement about tables: its text hardly repeats, so it is not kept prepared.
func ddl(_ text: String) -> SQL { SQL(code: text).prepared(.none) }

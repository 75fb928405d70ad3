import Schema

/// Refuses migrations that would hurt a running installation, and says what to write instead.
///
/// The first file of a scope meets empty schemas and may do more; each later one meets tables full of rows that people are working with.
package enum MigrationChecker {
    /// One thing that is wrong with a file.
    package struct Finding: Sendable, Hashable, CustomStringConvertible {
        package let file: String
        /// The beginning of the statement; empty when it is about the whole file.
        package let statement: String
        package let problem: String

        package var description: String {
            statement.isEmpty ? "\(file): \(problem)" : "\(file): \(statement)\n    \(problem)"
        }
    }

    /// Everything that is wrong with these files, in their order.
    package static func findings(in files: [SchemaFile]) -> [Finding] {
        Dictionary(grouping: files, by: \.scope).sorted { $0.key < $1.key }.flatMap { scope, files in
            let ordered = files.sorted { $0.name < $1.name }
            return numbering(of: ordered) + check(ordered)
        }
    }

    private static func numbering(of files: [SchemaFile]) -> [Finding] {
        files.enumerated().flatMap { index, file -> [Finding] in
            var problems: [String] = []
            if file.name.wholeMatch(of: /\d{4}-[a-z0-9-]+/) == nil {
                problems.append("Name it by number and purpose: 0007-tickets.sql.")
            } else if file.number != index + 1 {
                problems.append("Its number should be \(index + 1): numbers follow each other without a gap.")
            }
            if !file.text.hasPrefix("-- ") { problems.append("Begin with a comment that says why: the first line is `-- ...`.") }
            return problems.map { Finding(file: "\(file.scope)/\(file.name)", statement: "", problem: $0) }
        }
    }

    private static func check(_ files: [SchemaFile]) -> [Finding] {
        var tables = KnownTables()
        return files.flatMap { file -> [Finding] in
            tables.beginFile()
            return SQLStatement.all(in: file.text).flatMap { statement -> [Finding] in
                defer { tables.read(statement) }
                let place = MigrationPlace(file: file, isFirst: file.number == files.first?.number, tables: tables)
                return MigrationRule.all.filter { $0.isFor(place) }.flatMap { $0.problems(statement, place) }
                    .map { Finding(file: "\(file.scope)/\(file.name)", statement: String(statement.text.prefix(72)), problem: $0) }
            }
        }
    }
}

/// Where a statement stands: what decides which rules it has to obey.
struct MigrationPlace {
    let file: SchemaFile
    let isFirst: Bool
    let tables: KnownTables

    var isTenant: Bool { file.scope == "tenant" }
}

/// What the files up to here have made.
struct KnownTables {
    /// Made in the file at hand: they are empty.
    private var new: Set<String> = []
    /// Altered in the file at hand, other than by VALIDATE: whoever runs it holds their strongest lock from there to its end.
    private var altered: Set<String> = []
    /// CHECK constraints that say a column is not null: constraint to table and column.
    private var checks: [String: String] = [:]
    private var validated: Set<String> = []

    mutating func beginFile() {
        new = []
        altered = []
    }

    func isNew(_ table: String) -> Bool { new.contains(table) }

    func isAltered(_ table: String) -> Bool { altered.contains(table) }

    /// Whether a validated CHECK proves it, so that SET NOT NULL need not read the table.
    func isProvenNotNull(_ table: String, _ column: String) -> Bool { validated.contains(Self.place(table, column)) }

    mutating func read(_ statement: SQLStatement) {
        let makesTable = statement.begins(with: "create", "table") || statement.begins(with: "create", "unlogged", "table")
        // With IF NOT EXISTS it may be an old one, full of rows.
        if makesTable, !statement.contains("table", "if", "not", "exists"),
            let table = statement.tokens.dropFirst(2).first(where: { $0 != "table" })
        {
            new.insert(table.unquoted)
        }
        guard let alter = AlterTable(statement) else { return }
        if !alter.onlyValidates { altered.insert(alter.table) }
        for action in alter.actions {
            if action.starts(with: ["add", "constraint"]), let name = action.dropFirst(2).first,
                let check = action.firstIndex(of: "check"), action.containsRun(["is", "not", "null", ")"]),
                let column = action.dropFirst(check + 1).first(where: { $0 != "(" })
            {
                checks[name.unquoted] = Self.place(alter.table, column.unquoted)
                if !action.containsRun(["not", "valid"]) { validated.insert(Self.place(alter.table, column.unquoted)) }
            }
            if action.starts(with: ["validate", "constraint"]), let name = action.dropFirst(2).first, let place = checks[name.unquoted] {
                validated.insert(place)
            }
        }
    }

    private static func place(_ table: String, _ column: String) -> String { table + "." + column }
}

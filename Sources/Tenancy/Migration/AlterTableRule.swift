/// What one action of ALTER TABLE must not do to a table in use.
enum AlterTableRule {
    static let contract =
        "A running version may still need this. Take it away one release later, with the comment `-- contract: <why nobody needs it any more>`."

    static let validatesUnderLock =
        "This reads the whole table under the locks that the file has taken: VALIDATE CONSTRAINT in a later file, a tenant's in one whose first line is `-- outside a transaction: <why>`."

    static func problems(_ action: [String], of table: String, _ statement: SQLStatement, _ tables: KnownTables) -> [String] {
        switch (action.first, action.dropFirst().first) {
        case ("alter", _): changedColumn(action, of: table, tables)
        case ("add", "constraint"): addedConstraint(Array(action.dropFirst(3)))
        case ("add", "check"), ("add", "foreign"), ("add", "unique"), ("add", "primary"), ("add", "exclude"):
            ["Name the constraint: ADD CONSTRAINT \(table)_..."] + addedConstraint(Array(action.dropFirst()))
        case ("add", _): addedColumn(action)
        case ("drop", "constraint"): []
        case ("drop", _), ("rename", _): statement.contractReason == nil ? [contract] : []
        case ("set", "tablespace"), ("set", "logged"), ("set", "unlogged"): ["This writes the whole table anew while nobody can use it."]
        default: []
        }
    }

    /// `ALTER [COLUMN] name ...`
    private static func changedColumn(_ action: [String], of table: String, _ tables: KnownTables) -> [String] {
        let words = action.dropFirst().drop { $0 == "column" }
        guard let column = words.first?.unquoted else { return [] }
        let change = Array(words.dropFirst())
        if change.starts(with: ["type"]) || change.starts(with: ["set", "data", "type"]) {
            return ["A change of type writes the whole table anew: add a column of the new type, fill it in batches, then switch over."]
        }
        if change.starts(with: ["set", "not", "null"]) && !tables.isProvenNotNull(table, column) {
            return [
                "This reads the whole table under a lock: first ADD CONSTRAINT \(table)_\(column)_required CHECK (\(column) IS NOT NULL) NOT VALID, then VALIDATE CONSTRAINT in a file outside a transaction, then SET NOT NULL."
            ]
        }
        if change.starts(with: ["add", "generated"]) { return ["No sequences on a table in use: ids are uuid version 7."] }
        return []
    }

    /// What follows `ADD CONSTRAINT name`.
    private static func addedConstraint(_ words: [String]) -> [String] {
        switch words.first {
        case "check", "foreign":
            words.containsRun(["not", "valid"])
                ? []
                : [
                    "Checking all rows holds a lock meanwhile: add NOT VALID, and VALIDATE CONSTRAINT in a later file outside a transaction."
                ]
        case "unique", "primary":
            words.containsRun(["using", "index"])
                ? []
                : [
                    "This builds an index while nobody can write: CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT ... UNIQUE USING INDEX."
                ]
        case "exclude": ["An exclusion constraint builds its index while nobody can write; there is no way around it on a table in use."]
        default: []
        }
    }

    /// `ADD [COLUMN] [IF NOT EXISTS] name type ...`
    private static func addedColumn(_ action: [String]) -> [String] {
        var problems: [String] = []
        let isRequired = action.containsRun(["not", "null"])
        if isRequired && !action.contains("default") {
            problems.append("Existing rows have no value: give it a constant DEFAULT, or add it without NOT NULL and fill it in batches.")
        }
        if let start = action.firstIndex(of: "default"), isVolatile(Array(action[(start + 1)...])) {
            problems.append(
                "A default that differs from row to row writes the whole table anew: add the column without it and fill it in batches.")
        }
        if action.contains("generated") { problems.append("A generated column writes the whole table anew: fill a plain one in batches.") }
        if !Set(action).isDisjoint(with: ["serial", "bigserial", "smallserial"]) {
            problems.append("No sequences: ids are uuid version 7.")
        }
        if action.contains("check") {
            problems.append("Its CHECK reads all rows under a lock: add the column, then ADD CONSTRAINT ... NOT VALID.")
        }
        if action.contains("unique") || action.containsRun(["primary", "key"]) {
            problems.append("This builds an index while nobody can write: add the column, then CREATE UNIQUE INDEX CONCURRENTLY.")
        }
        if action.contains("references") && action.contains("default") {
            problems.append(
                "The new value is looked up for every row: add the column without the reference, then ADD CONSTRAINT ... NOT VALID.")
        }
        return problems
    }

    /// Whether it calls a function that is not the same for the whole statement.
    private static func isVolatile(_ expression: [String]) -> Bool {
        zip(expression, expression.dropFirst()).contains { name, sign in
            sign == "(" && !constantCalls.contains(name) && name.first.map { $0.isLetter || $0 == "_" || $0 == "\"" } ?? false
        }
    }

    /// Stable functions, and words that are followed by a bracket but are no calls.
    private static let constantCalls: Set<String> = [
        "now", "transaction_timestamp", "statement_timestamp", "current_timestamp", "localtimestamp", "timestamptz", "timestamp", "time",
        "numeric", "varchar", "char", "check", "references", "constraint", "decimal", "bit",
    ]
}

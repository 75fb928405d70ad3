import Postgres

/// The indexes that a type's duplicate rules need beyond those that it has: one for a rule of which no field has one.
package struct DuplicateIndexes {
    private let type: RecordType

    package init(of type: RecordType) {
        self.type = type
    }

    /// What must be built and taken down when these rules take the place of others. Nobody writes the table while an index is built.
    package func change(from old: [DuplicateRule], to new: [DuplicateRule]) -> [SQL] {
        let (before, after) = (Set(old.filter(isNeeded)), Set(new.filter(isNeeded)))
        return before.subtracting(after).map(drop).sorted { $0.text < $1.text }
            + after.subtracting(before).map(create).sorted { $0.text < $1.text }
    }

    /// Takes down what stands in the way of another kind of the field. Its rule holds on without an index, until the rules are set anew.
    package func release(_ path: String) -> [SQL] {
        type.duplicateRules.filter { isNeeded($0) && $0.paths.contains(path) }.map(drop)
    }

    private func isNeeded(_ rule: DuplicateRule) -> Bool { !rule.fields.contains(where: \.hasIndex) }

    private func create(_ rule: DuplicateRule) -> SQL {
        let keys = rule.fields.map { "(\($0.key(SQL(code: SQL.quoted(identifier: $0.column))).text))" }.joined(separator: ", ")
        // What was built for the rule before, and left behind by a field that has become another, goes.
        return ddl(
            "CREATE INDEX IF NOT EXISTS \(name(of: rule)) ON \(SQL.quoted(identifier: type.table)) (\(keys)) WHERE deleted_at IS NULL")
    }

    private func drop(_ rule: DuplicateRule) -> SQL { ddl("DROP INDEX IF EXISTS \(name(of: rule))") }

    private func name(of rule: DuplicateRule) -> String {
        SQL.quoted(identifier: ConstraintName.of(type.table, rule.fields.map(\.column).joined(separator: "_"), "duplicates"))
    }
}

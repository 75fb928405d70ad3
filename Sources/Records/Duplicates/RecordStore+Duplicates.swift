import Postgres

extension RecordStore {
    /// What follows the INSERT of a new record, in the same flush: whoever is about to make one with the same keys waits, and then it is
    /// refused where there is one already. Nothing where no rule speaks of what the draft has.
    ///
    /// It comes after the write, so that a unique field speaks first.
    func refusalOfDuplicates(_ draft: Draft, _ id: String) -> [SQL] {
        let rules = rules(for: draft)
        guard !rules.isEmpty else { return [] }
        let turns = rules.map { rule in
            let name: SQL = "concat_ws(' ', '.duplicate', \(([type.name] + rule.rule.paths).joined(separator: " "))::text, "
            return "pg_advisory_xact_lock(hashtextextended(current_schema() || " + name
                + rule.values.map { "(" + $0.field.key($0.value) + ")::text" }.joined(separator: ", ") + "), 0))"
        }
        let any = rules.map { "EXISTS (SELECT " + matching($0, except: id) + ")" }.joined(separator: " OR ")
        return ["SELECT " + turns.joined(separator: ", "), "SELECT cell.refuse('TN002', \(Self.duplicate)) WHERE " + any]
    }

    /// What it means, once it is known which records there are that the caller may read.
    func explanation(ofDuplicate refusal: PostgresError.Refusal, _ draft: Draft?) -> Explanation? {
        guard refusal.constraint == Self.duplicate, let draft else { return nil }
        let rules = rules(for: draft)
        // The record that was refused is gone by now.
        let questions = rules.map { rule in
            "SELECT r.id " + matching(rule, except: nil) + " AND " + caller.readable(type)
                + " ORDER BY r.id LIMIT \(Self.mostNamed)"
        }
        return Explanation(questions) { answers in
            var found: [(id: String, fields: [String])] = []
            var fields: [DuplicateField] = []
            for (rule, rows) in zip(rules, answers) where !rows.isEmpty || rules.count == 1 {
                fields += rule.rule.fields.filter { !fields.contains($0) }
                for row in rows {
                    let id = try row.text(0)
                    if let known = found.firstIndex(where: { $0.id == id }) {
                        found[known].fields += rule.rule.paths.filter { !found[known].fields.contains($0) }
                    } else {
                        found.append((id, rule.rule.paths))
                    }
                }
            }
            // Whoever may read none of them learns no more than that there is one.
            if fields.isEmpty { fields = rules.first?.rule.fields ?? [] }
            return Self.problem(type, fields, found)
        }
    }

    private static func problem(_ type: RecordType, _ fields: [DuplicateField], _ found: [(id: String, fields: [String])]) -> Problem {
        let sentence = "There is a \(type.singular) with this \(fields.map(\.path).joined(separator: ", ")) already."
        return Problem(
            .duplicate, sentence + " Use that one, or send X-Allow-Duplicate: true to make another.",
            errors: fields.map { .init($0.pointer, .duplicate, sentence) },
            members: [
                .init(
                    "existing",
                    .array(found.map { ["type": .string(type.name), "id": .string($0.id), "fields": JSON($0.fields)] }))
            ])
    }

    /// A rule that speaks of a draft, with what the draft has for each of its fields.
    private struct Applied {
        let rule: DuplicateRule
        let values: [(field: DuplicateField, value: SQL)]
    }

    /// The rules all of whose fields the draft sets.
    private func rules(for draft: Draft) -> [Applied] {
        type.duplicateRules.compactMap { rule in
            let values = rule.fields.compactMap { field -> (field: DuplicateField, value: SQL)? in
                guard let given = draft.assignments.first(where: { $0.column == field.column })?.value, given != SQL(SQLValue.null) else {
                    return nil
                }
                return (field, given + SQL(code: "::\(field.kind.columnType)"))
            }
            return values.count == rule.fields.count ? Applied(rule: rule, values: values) : nil
        }
    }

    /// `FROM ... WHERE ...`: the records `r` that share every key of the rule.
    private func matching(_ applied: Applied, except id: String?) -> SQL {
        var condition = SQL(code: "FROM \(type.table) AS r WHERE r.deleted_at IS NULL")
        if let id { condition += " AND r.id <> \(id)" }
        for (field, value) in applied.values {
            condition += " AND " + field.key(SQL(code: "r.\(field.column)")) + " = " + field.key(value)
            if field.mayHaveEmptyKey { condition += " AND " + field.key(value) + " <> ''" }
        }
        return condition + alike(applied)
    }

    /// Follows from the keys, for the index over names: the folded name is like the folded values, with anything for spaces between words and
    /// for parts that the rule does not speak of.
    private func alike(_ applied: Applied) -> SQL {
        let given = type.nameFields.map { field in
            applied.values.first { $0.field.column == field.column && $0.field.kind.holdsWords }?.value
        }
        guard type.isSearchable, given.contains(where: { $0 != nil }), let name = type.foldedName("r") else { return "" }
        let pattern = given.map { value -> SQL in
            guard let value else { return "'%'" }
            return "regexp_replace(regexp_replace(cell.search_fold(" + value + SQL(code: #"), '([\\%_])', '\\\1', 'g'), '\s+', '%', 'g')"#)
        }
        return SQL(code: " AND \(name) LIKE ") + pattern.joined(separator: " || ' ' || ")
    }

    private static let duplicate = "duplicate_rule"
    /// So many of those that are there already are named.
    private static let mostNamed = 10
}

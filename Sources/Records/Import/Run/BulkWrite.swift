import Postgres

/// Thousands of records of one type in one statement, each with its row in the change log: what `RecordStore` does to one.
///
/// The statements are planned anew each time: a plan kept for any number of rows takes them for few, and compares each with each.
///
/// For records that only their own fields decide; those that a rule has something to say of go one by one.
struct BulkWrite: Sendable {
    let store: RecordStore
    let shape: TableShape

    private var type: RecordType { store.type }
    private var caller: Caller { store.caller }

    struct Entry: Sendable {
        let id: String
        let draft: Draft
    }

    /// Answers the ids of those that were not made, because another record has one of their unique values.
    func creation(_ entries: [Entry]) -> SQL {
        let owner = CommonFields.owner.column
        var columns = columns(of: entries)
        if !columns.contains(owner) { columns.append(owner) }
        let kind = caller.actor.kind.rawValue
        let names = columns.map { SQL.quoted(identifier: $0) }.joined(separator: ", ")
        var values: SQL = "rows.id, \(kind), \(caller.actor.id)::uuid, \(kind), \(caller.actor.id)::uuid"
        for (index, column) in columns.enumerated() {
            let given = SQL(code: "rows.v\(index)::\(shape[column]?.type ?? "text")")
            if column == owner {
                values += ", coalesce(" + given + ", \(caller.userID)::uuid)"
            } else {
                values += ", " + (shape[column]?.standard.map { "coalesce(" + given + SQL(code: ", \($0))") } ?? given)
            }
        }
        let logged = caller.logging(.create, in: type, SQL(code: creationFields(columns) + " FROM record"))
        let sql: SQL = """
            WITH rows AS (\(rows(entries, columns))), record AS (
                INSERT INTO \(SQL(code: type.table)) (id, created_by_type, created_by_id, updated_by_type, updated_by_id, \(SQL(code: names)))
                SELECT \(values) FROM rows ON CONFLICT DO NOTHING RETURNING *
            ), logged AS (\(logged))
            SELECT rows.id FROM rows WHERE NOT EXISTS (SELECT FROM record WHERE record.id = rows.id)
            """
        return sql.prepared(.none)
    }

    /// What `cell.field_changes` says of a record that was not there before, four times as fast.
    private func creationFields(_ columns: [String]) -> String {
        let fields = type.loggedFields.filter { field in field.columns.contains { columns.contains($0) || shape[$0]?.standard != nil } }
        let list = fields.map { field in
            "'\"\(field.path)\":{\"before\":null,\"after\":' || nullif(to_json(\(field.json("record")))::text, 'null') || '}'"
        }
        return "('{' || concat_ws(',', \(list.joined(separator: ", "))) || '}')::jsonb"
    }

    /// Answers id and whether anything changed, for those that are there and the caller's to write. Null leaves what is there.
    func change(_ entries: [Entry]) -> SQL {
        let columns = columns(of: entries)
        var sets = caller.stamp
        var differs: [SQL] = []
        for (index, column) in columns.enumerated() {
            let name = SQL.quoted(identifier: column)
            let value = SQL(code: "coalesce(rows.v\(index)::\(shape[column]?.type ?? "text"), r.\(name))")
            sets += SQL(code: ", \(name) = ") + value
            differs.append(SQL(code: "r.\(name) IS DISTINCT FROM ") + value)
        }
        let table = SQL(code: type.table)
        let sql: SQL = """
            WITH rows AS (\(rows(entries, columns))), before AS MATERIALIZED (
                SELECT r.* FROM \(table) AS r WHERE r.id = ANY (\(entries.map(\.id))::uuid[]) AND r.deleted_at IS NULL
                    AND \(caller.within(caller.rights[type.name].update)) ORDER BY r.id FOR UPDATE
            ), record AS (
                UPDATE \(table) AS r SET \(sets) FROM rows, before
                WHERE r.id = rows.id AND before.id = rows.id AND (\(differs.isEmpty ? "false" : differs.joined(separator: " OR ")))
                RETURNING r.*
            ), logged AS (\(caller.logging(.update, in: type, type.changedFields)))
            SELECT before.id, EXISTS (SELECT FROM record WHERE record.id = before.id) FROM before
            """
        return sql.prepared(.none)
    }

    private func columns(of entries: [Entry]) -> [String] {
        var known: Set<String> = []
        var columns: [String] = []
        for entry in entries {
            for assignment in entry.draft.assignments where known.insert(assignment.column).inserted { columns.append(assignment.column) }
        }
        return columns
    }

    /// `id, v0, v1, ...`, every value as text.
    private func rows(_ entries: [Entry], _ columns: [String]) -> SQL {
        let places = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
        var values = Array(repeating: [String?](repeating: nil, count: entries.count), count: columns.count)
        for (row, entry) in entries.enumerated() {
            for assignment in entry.draft.assignments {
                guard let place = places[assignment.column], case .text(let text)? = assignment.plainValue else { continue }
                values[place][row] = text
            }
        }
        var sql: SQL = "SELECT * FROM unnest(\(entries.map(\.id))::uuid[]"
        for column in values { sql += ", \(column)::text[]" }
        return sql + SQL(code: ") AS rows (id" + columns.indices.map { ", v\($0)" }.joined() + ")")
    }
}

extension Draft.Assignment {
    /// The value, where it is no expression.
    var plainValue: SQLValue? { isConsequence ? nil : value.onlyValue }
}

extension Draft {
    /// Whether it says everything by values.
    var isPlain: Bool { before.isEmpty && after.isEmpty && assignments.allSatisfy { $0.plainValue != nil } }
}

import Postgres

/// One page of a list as a statement: keyset pagination, so that page 1,000 costs what page 1 costs and rows inserted meanwhile
/// neither repeat nor hide others.
struct PageQuery {
    /// What the rows come from, the records `r`.
    let source: SQL
    let condition: SQL
    let sort: Sort
    let after: Cursor?
    /// One more than the page holds tells whether there is more.
    let rows: Int

    /// Selects `columns` of the page's records, then each sort value as text for the cursor.
    func statement(_ columns: SQL) -> SQL {
        var list = columns
        for key in sort.keys { list.append(code: ", \(key.cursorText("r"))") }
        if sort.keys.count == 1, sort.keys[0].isNullable, sort.keys[0].isDescending || after != nil {
            return inBranches(list, sort.keys[0])
        }
        let start = after.map { " AND " + following($0) } ?? SQL()
        return "SELECT " + list + " FROM " + source + " AS r WHERE " + condition + start
            + SQL(code: " ORDER BY \(sort.clause())")
            + " LIMIT \(rows)"
    }

    /// The rows behind the cursor. Keys that cannot be missing compare as one row value, which an index can start from.
    private func following(_ cursor: Cursor) -> SQL {
        let sign = sort.isIDDescending ? "<" : ">"
        if sort.keys.count == 1, !sort.keys[0].isNullable, let value = cursor.values[0] {
            return SQL(code: "(\(sort.keys[0].expression("r")), r.id) \(sign) (") + sort.keys[0].typed(value) + ", \(cursor.id)::uuid)"
        }
        return zip(sort.keys, cursor.values).reversed().reduce(SQL(code: "r.id \(sign) ") + "\(cursor.id)::uuid") { rest, pair in
            let (key, value) = pair
            let column = SQL(code: key.expression("r"))
            guard let value else { return "(" + column + " IS NULL AND " + rest + ")" }
            let beyond = column + SQL(code: key.isDescending ? " < " : " > ") + key.typed(value)
            let missing: SQL = key.isNullable ? " OR " + column + " IS NULL" : ""
            return "(" + beyond + missing + " OR (" + column + " = " + key.typed(value) + " AND " + rest + "))"
        }
    }

    /// One nullable key: the rows that have it, then the rows that miss it, each read in the order of one index (key, id) in either
    /// direction. A single ORDER BY ... NULLS LAST would need a second index for descending order.
    private func inBranches(_ columns: SQL, _ key: Sort.Key) -> SQL {
        let column = SQL(code: key.expression("r"))
        let sign = SQL(code: key.isDescending ? "<" : ">")
        let direction = SQL(code: key.direction)
        var branches: [SQL] = []
        let value = after.flatMap { $0.values[0] }
        if after == nil || value != nil {
            var start = SQL()
            if let value, let after {
                start = " AND (" + column + ", r.id) " + sign + " (" + key.typed(value) + ", \(after.id)::uuid)"
            }
            let head: SQL = "(SELECT 0 AS branch, r.* FROM " + source + " AS r WHERE " + condition + " AND " + column + " IS NOT NULL"
            branches.append(head + start + " ORDER BY " + column + " " + direction + ", r.id " + direction + " LIMIT \(rows))")
        }
        var start = SQL()
        if let after, value == nil { start = " AND r.id " + sign + " \(after.id)::uuid" }
        let head: SQL = "(SELECT 1 AS branch, r.* FROM " + source + " AS r WHERE " + condition + " AND " + column + " IS NULL"
        branches.append(head + start + " ORDER BY r.id " + direction + " LIMIT \(rows))")
        let all = branches.joined(separator: " UNION ALL ")
        return "SELECT " + columns + " FROM (" + all + ") AS r ORDER BY r.branch, " + column + " " + direction + ", r.id " + direction
            + " LIMIT \(rows)"
    }
}

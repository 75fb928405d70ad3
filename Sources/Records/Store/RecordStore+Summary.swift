import Postgres

extension RecordStore {
    /// The most rows that one summary reads: a report that nobody could read refuses with `.invalid`.
    private static let mostRows = 5_000

    /// How many records there are of each kind asked for, as `{"data":[{"group":{..},"month","count","sum":{"EUR":".."}}]}`.
    ///
    /// Counted are those that the caller may read, outside the trash. Sums are exact and rounded once, half to even.
    ///
    /// - Parameter timeZone: where months begin for moments.
    package func summary(_ request: SummaryRequest, timeZone: String) async throws -> JSON {
        guard caller.rights[type.name].read != .none else { throw Problem(.forbidden, "Your role may not read \(type.name).") }
        let keys = request.groups.map { SQL(code: "r.\($0.column)::text") } + (request.month.map { [month($0, timeZone)] } ?? [])
        let sums: [SQL] =
            request.sum.map { field in
                let (amount, currency) = ("r.\(field.columns[0])", "r.\(field.columns[1])")
                return [
                    SQL(code: currency), SQL(code: "cell.half_even(sum(\(amount)), cell.minor_digits(\(currency)))::text"),
                ]
            } ?? []
        let grouped = (1...(keys.count + 1)).dropLast(sums.isEmpty ? 1 : 0).map(String.init)
        // In the order: keys, currency if any, count, sum if any.
        let columns = keys + sums.prefix(1) + ["count(*)"] + sums.dropFirst()
        var statement: SQL = "SELECT " + columns.joined(separator: ", ") + " FROM " + source(nil) + " AS r WHERE " + condition(request.list)
        if !grouped.isEmpty {
            let list = grouped.joined(separator: ", ")
            statement += SQL(code: " GROUP BY \(list) ORDER BY \(list) LIMIT \(Self.mostRows + 1)")
        }
        let rows = try await answering { [statement] () async throws(PostgresError) in try await scope.run([statement], isRepeatable: true)
        }[0]
        guard rows.count <= Self.mostRows else {
            throw Problem.invalid([.init("/group", .range, "There are more than \(Self.mostRows) groups; ask for fewer records or fields.")]
            )
        }
        return ["data": .array(try lines(rows, request, keys: keys.count))]
    }

    private func month(_ field: FieldDefinition, _ timeZone: String) -> SQL {
        switch field.kind {
        case .date: SQL(code: "to_char(r.\(field.column), 'YYYY-MM')")
        case .localTime: SQL(code: "to_char(r.\(field.column)_at AT TIME ZONE ") + "\(timeZone)::text, 'YYYY-MM')"
        default: SQL(code: "to_char(r.\(field.column) AT TIME ZONE ") + "\(timeZone)::text, 'YYYY-MM')"
        }
    }

    /// One line for each group; rows that differ in the currency alone become one.
    private func lines(_ rows: Rows, _ request: SummaryRequest, keys: Int) throws -> [JSON] {
        var lines: [(key: [String?], count: Int, sums: [JSON.Member])] = []
        let hasSum = request.sum != nil
        for row in rows {
            let key = (0..<keys).map { row.optionalText($0) }
            if lines.last?.key != key { lines.append((key, 0, [])) }
            lines[lines.count - 1].count += try row.int(keys + (hasSum ? 1 : 0))
            if hasSum, let currency = row.optionalText(keys) {
                lines[lines.count - 1].sums.append(.init(currency, .string(try row.text(keys + 2))))
            }
        }
        return lines.map { line in
            let group = zip(request.groups, line.key).map { JSON.Member($0.path, value($1, of: $0)) }
            var members: [JSON.Member] = [.init("group", .object(group))]
            if request.month != nil { members.append(.init("month", JSON(line.key.last ?? nil))) }
            members.append(.init("count", JSON(line.count)))
            if hasSum { members.append(.init("sum", .object(line.sums))) }
            return .object(members)
        }
    }

    private func value(_ text: String?, of field: FieldDefinition) -> JSON {
        field.kind == .flag ? text.map { .bool($0 == "true") } ?? .null : JSON(text)
    }
}

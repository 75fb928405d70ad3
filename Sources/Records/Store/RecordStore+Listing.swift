import Postgres

/// A page of records, ready to be sent.
package struct ListAnswer: Sendable {
    /// `{"data":[..],"page":{..}}`.
    package let body: [UInt8]
    /// The cursor of the next page.
    package let next: String?
}

extension RecordStore {
    package func list(_ request: ListRequest) async throws -> ListAnswer {
        guard caller.rights[type.name].read != .none else { throw Problem(.forbidden, "Your role may not read \(type.name).") }
        let projection = projection(of: request)
        let condition = condition(request)
        let page = try pageStatement(request, projection, condition)
        let count = counting(request, condition).map { $0.prepared(page.preparation) }
        let before = request.asOf.map { [$0.hasPassed] } ?? []
        let unit = before + [page] + (count.map { [$0] } ?? [])
        let answered = try await answering { () async throws(PostgresError) in try await scope.run(unit, isRepeatable: true) }
        let answers = answered.dropFirst(before.count).map { $0 }

        let rows = answers[0]
        let shown = rows.prefix(request.limit)
        var next: String?
        if rows.count > request.limit, let last = shown.last {
            let values = request.sort.keys.indices.map { last.optionalText(projection.width + $0) }
            next = Cursor(values: values, id: try last.text(0)).text(for: fingerprint(request))
        }
        var body: [UInt8] = []
        body.reserveCapacity(256 + shown.count * 900)
        body.append(contentsOf: "{\"data\":[".utf8)
        for (index, row) in shown.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            projection.encode(row, into: &body)
        }
        var members: [JSON.Member] = [.init("next", JSON(next)), .init("has_more", .bool(next != nil))]
        if answers.count > 1 {
            members.append(.init("count", JSON(max(try self.count(request.count, answers[1]), shown.count + (next == nil ? 0 : 1)))))
        }
        body.append(contentsOf: "],\"page\":".utf8)
        body.append(contentsOf: JSON.object(members).bytes)
        body.append(UInt8(ascii: "}"))
        return ListAnswer(body: try await completed(list: body), next: next)
    }

    /// The statement of one page. Conditions hardly repeat, so only a list without any is kept prepared.
    package func pageStatement(_ request: ListRequest) throws(Problem) -> SQL {
        try pageStatement(request, projection(of: request), condition(request))
    }

    private func pageStatement(_ request: ListRequest, _ projection: Projection, _ condition: SQL) throws(Problem) -> SQL {
        let fingerprint = fingerprint(request)
        let after = try request.after.map { text throws(Problem) in try Cursor(parsing: text, for: fingerprint, request.sort) }
        let page = PageQuery(source: source(request.asOf), condition: condition, sort: request.sort, after: after, rows: request.limit + 1)
        return page.statement(projection.columns()).prepared(request.filterText.isEmpty && request.asOf == nil ? .perNamespace : .none)
    }

    private func projection(of request: ListRequest) -> Projection {
        projection(request.fields, request.includes, overflow: request.asOf == nil ? overflow : nil)
    }

    private func fingerprint(_ request: ListRequest) -> String {
        let moment = request.asOf.map { [$0.text] } ?? []
        return Cursor.fingerprint(
            [scope.tenant.id.uuidString, type.name, request.filterText, request.sort.text, request.trash.rawValue] + moment)
    }

    /// What `where`, `q` and the trash ask for, within the caller's reach.
    func condition(_ request: ListRequest) -> SQL {
        var condition = request.filter.sql("r", FilterScope(catalog: catalog, caller: caller)) + self.condition(request.trash)
        guard !request.words.isEmpty else { return condition }
        if type.isSearchable {
            let query: SQL = "cell.search_query(\(request.words.joined(separator: " ")))"
            return condition + " AND " + type.matching(query, for: caller)
        }
        let titles = type.titleFields.filter { !caller.rights.isHidden($0.path, of: type.name) }.map { "r.\($0.column)" }
        for word in request.words {
            let text = titles.isEmpty ? "''" : "concat_ws(' ', \(titles.joined(separator: ", ")))"
            condition += SQL(code: " AND \(text) COLLATE \"und-x-icu\" ILIKE ") + "\("%" + word.likeLiteral + "%")"
        }
        return condition
    }

    /// Counts the records outside the trash for which the condition holds and which the caller may read.
    package func counting(_ filter: Filter) -> SQL {
        SQL(code: "SELECT count(*) FROM \(type.table) AS r WHERE ")
            + filter.sql("r", FilterScope(catalog: catalog, caller: caller)) + condition(.without)
    }

    private func counting(_ request: ListRequest, _ condition: SQL) -> SQL? {
        let rows = " FROM " + source(request.asOf) + " AS r WHERE " + condition
        return switch request.count {
        case .none: nil
        case .exact: "SELECT count(*)" + rows
        case .estimate: "EXPLAIN (FORMAT JSON) SELECT" + rows
        }
    }

    private func count(_ count: ListRequest.Count, _ rows: Rows) throws -> Int {
        guard count == .estimate else { return try rows[0].int(0) }
        let plan = try JSON(parsing: rows[0].text(0))
        return plan.elements?.first?["Plan"]?["Plan Rows"]?.integer ?? 0
    }
}

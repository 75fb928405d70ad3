import Records

/// A list that is small enough to be at hand as a whole and is shown in pages like any other, by the order of a key no two rows share.
struct WholeList<Row> {
    /// What its cursors are bound to.
    let name: String
    let rows: [Row]
    let key: (Row) -> String

    /// The page that the query's `limit` and `after` ask for.
    func page(_ call: Call, _ document: (Row) throws -> JSON) throws -> Reply {
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        let mark = PageMark(list: name)
        var rest = rows.sorted { key($0) < key($1) }
        if let cursor = call.query["after"] {
            let last = try mark.last(in: cursor)
            rest.removeAll { key($0) <= last }
        }
        let shown = rest.prefix(limit)
        return .page(
            try shown.map(document), next: rest.count > limit ? shown.last.map { mark.text(after: key($0)) } : nil, of: call)
    }
}

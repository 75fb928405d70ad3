import Postgres

/// One column of a CSV export: a field, or a part of it under the name that conditions use: `address.city`, `amount.currency`.
struct CSVColumn: Sendable {
    let name: String
    /// Its value as text, of the record `r`.
    let expression: String
    let form: Form

    enum Form: Sendable {
        /// As the server writes it.
        case text
        /// An array: its elements with commas between them, `\,` for a comma and `\\` for a backslash in one, as in a query's lists.
        case list
    }

    /// Adds the cell of a row; nothing for null.
    func write(_ row: Row, _ column: Int, into bytes: inout [UInt8]) {
        guard !row.isNull(column) else { return }
        switch form {
        case .text: row.withBytes(column) { CSVText.write($0, into: &bytes) }
        case .list:
            // An array of ours holds no NULL.
            let elements = (try? row.texts(column)) ?? []
            CSVText.write(elements.map(Self.escaped).joined(separator: ",").utf8, into: &bytes)
        }
    }

    private static func escaped(_ element: String) -> String {
        element.replacing("\\", with: "\\\\").replacing(",", with: "\\,")
    }
}

extension FieldDefinition {
    /// The columns that show the field; none for what is kept nowhere.
    func csvColumns(_ r: String = "r") -> [CSVColumn] {
        func column(_ suffix: String, _ expression: String, _ form: CSVColumn.Form = .text) -> CSVColumn {
            CSVColumn(name: path + suffix, expression: expression, form: form)
        }
        switch kind {
        case .secret, .computed: return []
        case .custom(let fields): return fields.flatMap { $0.csvColumns(r) }
        case .time: return [column("", json(r))]
        case .flag: return [column("", "\(r).\(self.column)::text")]
        case .money: return [column("", "(\(json(r))) ->> 'amount'"), column(".currency", "\(r).\(columns[1])")]
        case .address: return zip(columns, Address.parts).map { column(".\($1.name)", "\(r).\($0)") }
        case .actor, .record: return [column(".type", "\(r).\(columns[0])"), column(".id", "\(r).\(columns[1])")]
        case .localTime: return [column(".local", "\(r).\(columns[0])"), column(".time_zone", "\(r).\(columns[1])")]
        case .tags, .references, .choices, .integers: return [column("", "\(r).\(self.column)", .list)]
        default: return [column("", "\(r).\(self.column)")]
        }
    }
}

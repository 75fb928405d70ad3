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
        /// An array: its elements with commas between them, and in one a backslash before a comma and a backslash, as in a query's lists, and
        /// before a semicolon and the end of a line, by which people divide lists.
        case list
    }

    /// Adds the cell of a row; nothing for null.
    func write(_ row: Row, _ column: Int, _ text: CSVText, into bytes: inout [UInt8]) {
        guard !row.isNull(column) else { return }
        switch form {
        case .text: row.withBytes(column) { text.write($0, into: &bytes) }
        case .list:
            // An array of ours holds no NULL.
            let elements = (try? row.texts(column)) ?? []
            text.write(elements.map(Self.escaped).joined(separator: ",").utf8, into: &bytes)
        }
    }

    private static func escaped(_ element: String) -> String {
        guard element.unicodeScalars.contains(where: { $0 == escape || divides($0) }) else { return element }
        var text = String.UnicodeScalarView()
        for scalar in element.unicodeScalars {
            if scalar == escape || divides(scalar) { text.append(escape) }
            text.append(scalar)
        }
        return String(text)
    }

    /// Stands before a sign that belongs to an element of a list.
    static let escape: Unicode.Scalar = "\\"

    /// Whether the sign divides a list, in our files or in those that people make.
    static func divides(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case ",", ";", "\n", "\r", "\u{0B}", "\u{0C}", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }
}

extension FieldDefinition {
    /// The columns that show the field; none for what is kept nowhere.
    func csvColumns(_ dialect: CSVDialect, _ r: String = "r") -> [CSVColumn] {
        func column(_ suffix: String, _ expression: String, _ form: CSVColumn.Form = .text) -> CSVColumn {
            CSVColumn(name: path + suffix, expression: expression, form: form)
        }
        switch kind {
        case .secret, .computed: return []
        case .custom(let fields): return fields.flatMap { $0.csvColumns(dialect, r) }
        case .time: return [column("", dialect.text(ofTime: "\(r).\(self.column)"))]
        case .decimal: return [column("", dialect.text(ofNumber: "\(r).\(self.column)"))]
        case .flag: return [column("", "\(r).\(self.column)::text")]
        case .money:
            return [column("", dialect.text(ofNumber: "(\(json(r))) ->> 'amount'")), column(".currency", "\(r).\(columns[1])")]
        case .address: return zip(columns, Address.parts).map { column(".\($1.name)", "\(r).\($0)") }
        case .actor, .record: return [column(".type", "\(r).\(columns[0])"), column(".id", "\(r).\(columns[1])")]
        case .localTime: return [column(".local", "\(r).\(columns[0])"), column(".time_zone", "\(r).\(columns[1])")]
        case .tags, .references, .choices, .integers: return [column("", "\(r).\(self.column)", .list)]
        default: return [column("", "\(r).\(self.column)")]
        }
    }
}

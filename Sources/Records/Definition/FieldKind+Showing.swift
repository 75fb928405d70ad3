import Postgres

/// How a field leaves the database and becomes JSON, in two ways that give the same value: written by us from plain columns (`FieldWriter`;
/// twice as fast for lists, see DECISIONS.md) or by PostgreSQL, where the JSON itself is needed inside the statement (change log, stored
/// answers, included records).
extension FieldDefinition {
    /// The expressions to select, `r` being the record.
    func selection(_ r: String) -> [String] {
        switch kind {
        case .time: ["\(r).\(column) AT TIME ZONE 'UTC'"]
        case .money: ["cell.money_json(\(columns.map { "\(r).\($0)" }.joined(separator: ", ")))"]
        case .custom(let fields): fields.flatMap { $0.selection(r) }
        default: columns.map { "\(r).\($0)" }
        }
    }

    /// An expression of type json (or one that becomes it) with the field's value, `r` being the record.
    func json(_ r: String) -> String {
        switch kind {
        case .time: #"to_char(\#(r).\#(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"#
        case .money: selection(r)[0]
        case .decimal: "\(r).\(column)::text"
        case .address, .actor, .record, .localTime:
            """
            CASE WHEN \(columns.map { "\(r).\($0)" }.joined(separator: " IS NULL AND ")) IS NULL THEN NULL ELSE \
            (SELECT row_to_json(part) FROM (SELECT \(zip(columns, parts).map { "\(r).\($0) AS \($1)" }.joined(separator: ", "))) AS part) END
            """
        case .custom(let fields):
            fields.isEmpty
                ? "'{}'::json"
                : "(SELECT row_to_json(\"the record\") FROM (SELECT \(fields.map { "\($0.json(r)) AS \($0.name)" }.joined(separator: ", "))) AS \"the record\")"
        case .secret, .computed: "NULL"
        default: "\(r).\(column)"
        }
    }

    /// How many columns `selection` names.
    var selectionWidth: Int {
        switch kind {
        case .custom(let fields): fields.reduce(0) { $0 + $1.selectionWidth }
        case .secret, .computed: 0
        case .address, .actor, .record: parts.count
        // The instant behind the clocks' time is not shown.
        case .localTime: parts.count + 1
        default: 1
        }
    }

    /// The names of its members, for kinds of several columns.
    var parts: [String] {
        switch kind {
        case .address: Self.partsOfAddress
        case .actor, .record: Self.partsOfReference
        case .localTime: Self.partsOfLocalTime
        default: []
        }
    }

    private static let partsOfAddress = Address.parts.map(\.name)
    private static let partsOfReference = ["type", "id"]
    private static let partsOfLocalTime = ["local", "time_zone"]
}

extension JSON {
    /// A text as JSON, straight from the server's memory; bytes that need no escape are copied in one piece.
    static func encode(text: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var clean = 0
        for index in text.indices {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: text[clean..<index])
            JSON.writeEscape(byte, into: &bytes)
            clean = index + 1
        }
        bytes.append(contentsOf: text[clean...])
        bytes.append(UInt8(ascii: "\""))
    }

    /// An array literal of texts (PostgreSQL manual 8.15.6) as a JSON list of texts.
    static func encode(arrayLiteral: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        var element: [UInt8] = []
        var isQuoted = false
        var isEscaped = false
        var count = 0
        func finish() {
            if count > 0 { bytes.append(UInt8(ascii: ",")) }
            count += 1
            element.withUnsafeBytes { JSON.encode(text: $0, into: &bytes) }
            element.removeAll(keepingCapacity: true)
        }
        guard arrayLiteral.count > 2 else { return bytes.append(UInt8(ascii: "]")) }
        for byte in arrayLiteral[1..<(arrayLiteral.count - 1)] {
            if isEscaped {
                element.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == UInt8(ascii: ","), !isQuoted {
                finish()
            } else {
                element.append(byte)
            }
        }
        finish()
        bytes.append(UInt8(ascii: "]"))
    }
}

extension Timestamp {
    /// `2026-11-22 22:47:01.5` in UTC becomes `"2026-11-22T22:47:01.500Z"`.
    static func encode(_ value: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        let point = value.firstIndex(of: UInt8(ascii: ".")) ?? value.endIndex
        for byte in value[..<point] { bytes.append(byte == UInt8(ascii: " ") ? UInt8(ascii: "T") : byte) }
        let decimals = value[point...].dropFirst().prefix(3)
        bytes.append(UInt8(ascii: "."))
        bytes.append(contentsOf: decimals)
        for _ in decimals.count..<3 { bytes.append(UInt8(ascii: "0")) }
        bytes.append(UInt8(ascii: "Z"))
        bytes.append(UInt8(ascii: "\""))
    }
}

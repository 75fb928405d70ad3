import Postgres

/// Writes one field of a row of plain columns as JSON.
///
/// What a `FieldDefinition` says about it, in the form that is quickest to go through: a list of fifty records writes fifteen hundred fields,
/// and going through their definitions, a dozen parts each, took longer than writing them.
struct FieldWriter: Sendable {
    private enum Form: Sendable {
        case verbatim, quoted, text, flag, time, integers, list, nothing
        /// Of several columns, with what stands before the value of each.
        case parts([[UInt8]])
        case object([FieldWriter])
    }

    /// The name as a record's JSON has it before the value.
    private let key: [UInt8]
    private let form: Form
    /// How many of the row's columns it takes.
    let width: Int

    init(_ field: FieldDefinition) {
        key = Self.key(field.name)
        width = field.selectionWidth
        form =
            switch field.kind {
            case .custom(let fields): .object(fields.map(FieldWriter.init))
            case .secret, .computed: .nothing
            case .address, .actor, .record, .localTime: .parts(field.parts.map(Self.key))
            case .integer, .document, .money: .verbatim
            case .flag: .flag
            case .reference, .identifier, .date, .choice: .quoted
            case .time: .time
            case .integers: .integers
            case .tags, .references, .choices: .list
            default: .text
            }
    }

    private static func key(_ name: String) -> [UInt8] { Array("\"\(name)\":".utf8) }

    /// Writes members of an object from the row's columns, the first of which is `column`; answers the column behind them.
    static func write(_ writers: [FieldWriter], _ row: Row, from column: Int, into bytes: inout [UInt8]) -> Int {
        var column = column
        // By their places: going through the values would copy each of them.
        for place in writers.indices {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: writers[place].key)
            writers[place].write(row, column, into: &bytes)
            column += writers[place].width
        }
        return column
    }

    private func write(_ row: Row, _ column: Int, into bytes: inout [UInt8]) {
        switch form {
        case .object(let writers):
            bytes.append(UInt8(ascii: "{"))
            _ = Self.write(writers, row, from: column, into: &bytes)
            bytes.append(UInt8(ascii: "}"))
        case .parts(let keys): Self.write(parts: keys, row, column, into: &bytes)
        case .nothing: bytes.append(contentsOf: "null".utf8)
        default:
            guard !row.isNull(column) else { return bytes.append(contentsOf: "null".utf8) }
            row.withBytes(column) { write($0, into: &bytes) }
        }
    }

    private func write(_ value: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
        switch form {
        case .verbatim: bytes.append(contentsOf: value)
        case .quoted:
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: value)
            bytes.append(UInt8(ascii: "\""))
        case .flag: bytes.append(contentsOf: (value.first == UInt8(ascii: "t") ? "true" : "false").utf8)
        case .time: Timestamp.encode(value, into: &bytes)
        case .integers:
            for byte in value {
                switch byte {
                case UInt8(ascii: "{"): bytes.append(UInt8(ascii: "["))
                case UInt8(ascii: "}"): bytes.append(UInt8(ascii: "]"))
                default: bytes.append(byte)
                }
            }
        case .list: JSON.encode(arrayLiteral: value, into: &bytes)
        case .text, .nothing, .parts, .object: JSON.encode(text: value, into: &bytes)
        }
    }

    private static func write(parts keys: [[UInt8]], _ row: Row, _ column: Int, into bytes: inout [UInt8]) {
        guard keys.indices.contains(where: { !row.isNull(column + $0) }) else { return bytes.append(contentsOf: "null".utf8) }
        for place in keys.indices {
            bytes.append(UInt8(ascii: place == 0 ? "{" : ","))
            bytes.append(contentsOf: keys[place])
            if row.isNull(column + place) {
                bytes.append(contentsOf: "null".utf8)
            } else {
                row.withBytes(column + place) { JSON.encode(text: $0, into: &bytes) }
            }
        }
        bytes.append(UInt8(ascii: "}"))
    }
}

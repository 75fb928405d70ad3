/// Rows as `COPY` writes them as text, with some of their values changed on the way.
struct CopyRows: Sendable {
    /// What becomes of a value; nil stands for NULL. `other` is another value of the row, by its column.
    typealias Rule = @Sendable (_ value: String, _ other: (String) -> String?) throws -> String?

    private let places: [String: Int]
    private let rules: [(place: Int, rule: Rule)]

    init(_ columns: [String], _ rules: [String: Rule]) {
        let places = Dictionary(columns.enumerated().map { ($1, $0) }) { first, _ in first }
        self.places = places
        self.rules = rules.compactMap { name, rule in places[name].map { ($0, rule) } }.sorted { $0.place < $1.place }
    }

    /// Whole rows, each with its end.
    func changed(_ rows: [UInt8]) throws -> [UInt8] {
        guard !rules.isEmpty else { return rows }
        var result: [UInt8] = []
        result.reserveCapacity(rows.count + rows.count / 8)
        for row in rows.split(separator: Self.end) {
            var values = row.split(separator: Self.tab, omittingEmptySubsequences: false).map(Array.init)
            for (place, rule) in rules where place < values.count {
                guard let value = Self.read(values[place]) else { continue }
                let changed = try rule(value) { name in places[name].flatMap { $0 < values.count ? Self.read(values[$0]) : nil } }
                values[place] = changed.map(Self.written) ?? Self.null
            }
            for (place, value) in values.enumerated() {
                if place > 0 { result.append(Self.tab) }
                result += value
            }
            result.append(Self.end)
        }
        return result
    }

    private static let end = UInt8(ascii: "\n")
    private static let tab = UInt8(ascii: "\t")
    private static let backslash = UInt8(ascii: "\\")
    private static let null = Array("\\N".utf8)

    /// The value without its escapes; nil for NULL.
    private static func read(_ value: [UInt8]) -> String? {
        if value == null { return nil }
        guard value.contains(backslash) else { return String(decoding: value, as: UTF8.self) }
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in value {
            if isEscaped {
                isEscaped = false
                bytes.append(escapes[byte] ?? byte)
            } else if byte == backslash {
                isEscaped = true
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func written(_ value: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for byte in value.utf8 {
            switch byte {
            case backslash: bytes += [backslash, backslash]
            case end: bytes += [backslash, UInt8(ascii: "n")]
            case UInt8(ascii: "\r"): bytes += [backslash, UInt8(ascii: "r")]
            case tab: bytes += [backslash, UInt8(ascii: "t")]
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
        UInt8(ascii: "v"): 11,
    ]
}

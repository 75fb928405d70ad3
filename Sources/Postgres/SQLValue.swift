import Foundation

/// A value on its way to the server. Everything travels in text format except bytes; the server infers the type from where the
/// value stands, so write a cast (`\(id)::uuid`) where it stands alone.
package enum SQLValue: Sendable, Hashable {
    case null
    case text(String)
    /// `bytea` in binary format.
    case bytes([UInt8])
}

/// What can be interpolated into `SQL`.
package protocol SQLEncodable: Sendable {
    var sqlValue: SQLValue { get }
}

extension SQLValue: SQLEncodable {
    package var sqlValue: SQLValue { self }
}

extension String: SQLEncodable {
    package var sqlValue: SQLValue { .text(self) }
}

extension Int: SQLEncodable {
    package var sqlValue: SQLValue { .text(String(self)) }
}

extension Bool: SQLEncodable {
    package var sqlValue: SQLValue { .text(self ? "t" : "f") }
}

extension UUID: SQLEncodable {
    package var sqlValue: SQLValue { .text(text) }
}

extension Date: SQLEncodable {
    /// RFC 3339 in UTC with milliseconds, the precision of every time in the API.
    package var sqlValue: SQLValue {
        // Rounded first, and the fraction written apart: the formatter cuts it off, so that .123 (in binary a little less) becomes .122.
        let milliseconds = Int((timeIntervalSince1970 * 1000).rounded())
        let fraction = milliseconds - Int((Double(milliseconds) / 1000).rounded(.down)) * 1000
        let seconds = Date(timeIntervalSince1970: Double(milliseconds - fraction) / 1000).formatted(Date.ISO8601FormatStyle())
        return .text(seconds.dropLast() + "." + String(1000 + fraction).dropFirst() + "Z")
    }
}

extension Optional: SQLEncodable where Wrapped: SQLEncodable {
    package var sqlValue: SQLValue { self?.sqlValue ?? .null }
}

extension Array: SQLEncodable where Element: SQLEncodable {
    /// An array literal (PostgreSQL manual 8.15.2): every element quoted, so that no text in it can end it.
    package var sqlValue: SQLValue {
        var literal = "{"
        for (index, element) in enumerated() {
            if index > 0 { literal += "," }
            switch element.sqlValue {
            case .null: literal += "NULL"
            case .text(let text):
                literal += "\""
                if text.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
                    for scalar in text.unicodeScalars {
                        if scalar == "\"" || scalar == "\\" { literal += "\\" }
                        literal.unicodeScalars.append(scalar)
                    }
                } else {
                    literal += text
                }
                literal += "\""
            case .bytes(let bytes):
                literal += "\"\\\\x" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\""
            }
        }
        return .text(literal + "}")
    }
}

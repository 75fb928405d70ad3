/// Text as iCalendar (RFC 5545, 3.1) and vCard (RFC 6350, 3.2) are written: lines of `NAME:value` that end in CRLF, folded at 75 octets,
/// never inside of a character.
struct ContentLines {
    private(set) var bytes: [UInt8] = []

    /// A line whose value is free text.
    mutating func text(_ name: String, _ value: String) { line("\(name):\(Self.escaped(value))") }

    /// The same, unless there is no text.
    mutating func text(_ name: String, _ value: String?) {
        guard let value, !value.isEmpty else { return }
        text(name, value)
    }

    /// Several texts, with commas between them.
    mutating func list(_ name: String, _ values: [String]) {
        let values = values.filter { !$0.isEmpty }
        guard !values.isEmpty else { return }
        line("\(name):\(values.map(Self.escaped).joined(separator: ","))")
    }

    /// Parts that have a place each, with semicolons between them.
    mutating func structure(_ name: String, _ parts: [String?]) {
        line("\(name):\(parts.map { Self.escaped($0 ?? "") }.joined(separator: ";"))")
    }

    /// A line as it stands; its maker has escaped what needs it.
    mutating func line(_ text: String) {
        var width = 0
        for scalar in text.unicodeScalars {
            let octets = UTF8.width(scalar)
            if width + octets > Self.widest {
                bytes.append(contentsOf: "\r\n ".utf8)
                width = 1
            }
            bytes.append(contentsOf: String(scalar).utf8)
            width += octets
        }
        bytes.append(contentsOf: "\r\n".utf8)
    }

    /// Without the line break (RFC 5545, 3.1).
    private static let widest = 75

    /// Text that cannot end its line, its list or its part. Other characters of control than the tab have no place in it.
    static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var isAfterReturn = false
        for scalar in text.unicodeScalars {
            defer { isAfterReturn = scalar == "\r" }
            switch scalar {
            case "\\", ";", ",":
                result.append("\\")
                result.append(scalar)
            case "\n" where isAfterReturn: continue
            // Also what other programs take for the end of a line: next line, line separator, paragraph separator.
            case "\r", "\n", "\u{85}", "\u{2028}", "\u{2029}": result.append(contentsOf: "\\n".unicodeScalars)
            case "\t": result.append(scalar)
            default:
                if scalar.properties.generalCategory != .control { result.append(scalar) }
            }
        }
        return String(result)
    }
}

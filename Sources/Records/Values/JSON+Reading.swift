extension JSON {
    /// Why bytes are not the JSON this house accepts, and where.
    package struct SyntaxError: Error, Sendable, Hashable {
        package let reason: String
        /// Offset in bytes from 0.
        package let offset: Int
    }

    /// Reads RFC 8259 strictly: UTF-8 only, no duplicate member names, at most `maximumDepth` levels, nothing after the value.
    ///
    /// Foundation's readers keep the last of two equal names silently and turn numbers into `Double`; both would lose data.
    package init(parsing bytes: [UInt8], maximumDepth: Int = 64) throws(SyntaxError) {
        var reader = JSONReader(bytes: bytes, maximumDepth: maximumDepth)
        self = try reader.document()
    }

    package init(parsing text: String) throws(SyntaxError) {
        try self.init(parsing: Array(text.utf8))
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    let maximumDepth: Int
    var position = 0

    init(bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    mutating func document() throws(JSON.SyntaxError) -> JSON {
        let value = try value(depth: 1)
        skipSpace()
        guard position == bytes.count else { throw failure("There is text after the JSON value.") }
        return value
    }

    private func failure(_ reason: String) -> JSON.SyntaxError {
        JSON.SyntaxError(reason: reason, offset: position)
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func value(depth: Int) throws(JSON.SyntaxError) -> JSON {
        skipSpace()
        guard let byte = current else { throw failure("The JSON text ends too early.") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw failure("A JSON value is expected here.")
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSON) throws(JSON.SyntaxError) -> JSON {
        let end = position + text.utf8CodeUnitCount
        let expected = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard end <= bytes.count, bytes[position..<end].elementsEqual(expected) else {
            throw failure("A JSON value is expected here.")
        }
        position = end
        return value
    }

    private mutating func object(depth: Int) throws(JSON.SyntaxError) -> JSON {
        guard depth <= maximumDepth else { throw failure("The JSON text is nested more than \(maximumDepth) levels deep.") }
        position += 1
        var members: [JSON.Member] = []
        var names: Set<String> = []
        skipSpace()
        if current == UInt8(ascii: "}") {
            position += 1
            return .object([])
        }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw failure("A member name in quotes is expected here.") }
            let start = position
            let name = try string()
            guard names.insert(name).inserted else {
                position = start
                throw failure("The member \"\(name.prefix(80))\" stands twice in one object.")
            }
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw failure("A colon is expected here.") }
            position += 1
            members.append(JSON.Member(name, try value(depth: depth + 1)))
            skipSpace()
            switch current {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                position += 1
                return .object(members)
            default: throw failure("A comma or the end of the object is expected here.")
            }
        }
    }

    private mutating func array(depth: Int) throws(JSON.SyntaxError) -> JSON {
        guard depth <= maximumDepth else { throw failure("The JSON text is nested more than \(maximumDepth) levels deep.") }
        position += 1
        var elements: [JSON] = []
        skipSpace()
        if current == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            switch current {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                position += 1
                return .array(elements)
            default: throw failure("A comma or the end of the list is expected here.")
            }
        }
    }

    private mutating func number() throws(JSON.SyntaxError) -> JSON {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if current == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits() throws(JSON.SyntaxError) {
        let start = position
        while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        guard position > start else { throw failure("A digit is expected here.") }
    }

    private mutating func string() throws(JSON.SyntaxError) -> String {
        position += 1
        let start = position
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if current == UInt8(ascii: "\"") {
            let text = try utf8(bytes[start..<position])
            position += 1
            return text
        }
        var text = try utf8(bytes[start..<position])
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return text
            case UInt8(ascii: "\\"):
                text.unicodeScalars.append(try escape())
            case 0..<0x20:
                throw failure("A control character inside a text must be escaped.")
            default:
                let start = position
                while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
                text += try utf8(bytes[start..<position])
            }
        }
        throw failure("A text is not closed.")
    }

    private func utf8(_ slice: ArraySlice<UInt8>) throws(JSON.SyntaxError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else { throw failure("The text before this is not UTF-8.") }
        return text
    }

    private mutating func escape() throws(JSON.SyntaxError) -> Unicode.Scalar {
        position += 1
        guard let byte = current else { throw failure("A text is not closed.") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw failure("This escape is not JSON.")
        }
    }

    /// `\uXXXX`, two of them for a character outside the basic plane; half a pair is refused, since no UTF-8 could carry it on.
    private mutating func unicodeEscape() throws(JSON.SyntaxError) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, current == UInt8(ascii: "\\") else { throw failure("A surrogate stands alone.") }
        position += 1
        guard current == UInt8(ascii: "u") else { throw failure("A surrogate stands alone.") }
        position += 1
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw failure("A surrogate stands alone.") }
        return scalar
    }

    private mutating func hexadecimal() throws(JSON.SyntaxError) -> UInt32 {
        guard position + 4 <= bytes.count,
            bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure("Four hexadecimal digits are expected after \\u.") }
        position += 4
        return value
    }
}

/// Text that stays readable as ASCII (RFC 2045, 6.7), in lines of at most 76 characters.
enum QuotedPrintable {
    /// The lines' ends are CRLF. A dot that begins a line is written as `=2E`: one that a careless server doubles or swallows is none.
    static func encode(_ text: String) -> [UInt8] {
        var encoded: [UInt8] = []
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            if number > 0 { encoded += [13, 10] }
            append(line, to: &encoded)
        }
        return encoded
    }

    private static func append(_ line: Substring.UTF8View.SubSequence, to encoded: inout [UInt8]) {
        var length = 0
        let end = line.endIndex
        for place in line.indices {
            let byte = line[place]
            let isLast = line.index(after: place) == end
            let piece = stands(byte, first: length == 0, last: isLast) ? [byte] : Array(HexEscape.of(byte).utf8)
            // One column is kept for the `=` of a line that goes on.
            if length + piece.count > (isLast ? 76 : 75) {
                encoded += [UInt8(ascii: "="), 13, 10]
                length = 0
                let again = stands(byte, first: true, last: isLast) ? [byte] : Array(HexEscape.of(byte).utf8)
                encoded += again
                length = again.count
            } else {
                encoded += piece
                length += piece.count
            }
        }
    }

    private static func stands(_ byte: UInt8, first: Bool, last: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "="): false
        case UInt8(ascii: "."): !first
        case UInt8(ascii: " "), UInt8(ascii: "\t"): !last
        default: Characters.isVisible(byte)
        }
    }
}

extension QuotedPrintable {
    /// What was encoded; what is no proper escape stays as it is.
    static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                decoded.append(byte)
                continue
            }
            if rest.starts(with: [13, 10]) {
                rest = rest.dropFirst(2)
            } else if rest.first == 10 {
                rest = rest.dropFirst()
            } else if let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 {
                decoded.append(value)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }
}

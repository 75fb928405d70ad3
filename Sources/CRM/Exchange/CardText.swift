import Foundation

/// A value's bytes as text that a record can hold.
enum CardText {
    /// Escapes undone, line ends as `\n`, characters of control left out, no white space at the ends.
    static func read(_ bytes: ArraySlice<UInt8>) -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var isEscaped = false
        for byte in bytes {
            let isMeant = isEscaped
            isEscaped = false
            switch byte {
            case UInt8(ascii: "\\") where !isMeant: isEscaped = true
            case UInt8(ascii: "n"), UInt8(ascii: "N"):
                plain.append(isMeant ? UInt8(ascii: "\n") : byte)
            case UInt8(ascii: "\\"), UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: ":"): plain.append(byte)
            default:
                // Nobody's escape: version 2.1 has backslashes that mean themselves.
                if isMeant { plain.append(UInt8(ascii: "\\")) }
                if byte >= 0x20 && byte != 0x7F || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n") { plain.append(byte) }
            }
        }
        if isEscaped { plain.append(UInt8(ascii: "\\")) }
        return text(plain).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// UTF-8; what is not was written by a program that knew no better than Latin-1, where every byte is a character.
    private static func text(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var scalars = String.UnicodeScalarView()
        for byte in bytes where !(0x80...0x9F).contains(byte) { scalars.append(Unicode.Scalar(byte)) }
        return String(scalars)
    }
}

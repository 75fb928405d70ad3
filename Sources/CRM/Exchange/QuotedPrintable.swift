/// `=C3=BC` for bytes beyond ASCII (RFC 2045, 6.7), as vCard 2.1 writes texts.
enum QuotedPrintable {
    /// An equals sign that begins no number stands for itself. Line ends after `=` are gone before: see `VCardLines`.
    static func decoded(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var plain: [UInt8] = []
        var position = bytes.startIndex
        while position < bytes.endIndex {
            if bytes[position] == UInt8(ascii: "="), position + 2 < bytes.endIndex,
                let high = digit(bytes[position + 1]), let low = digit(bytes[position + 2])
            {
                plain.append(high << 4 | low)
                position += 3
            } else {
                plain.append(bytes[position])
                position += 1
            }
        }
        return plain[...]
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

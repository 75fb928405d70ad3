/// Six digits at the end of a credential by which a scanner knows it from random text without asking anyone.
package enum Checksum {
    /// CRC-32 (IEEE 802.3, as in zlib and PNG) of the text's UTF-8, written in base 62 with the digits `0-9A-Za-z`, most significant first,
    /// always six of them.
    package static func of(_ text: some StringProtocol) -> String {
        String(decoding: digits(of: text.utf8), as: UTF8.self)
    }

    /// Whether these are the digits that `of` makes of the text.
    static func matches(_ digits: Slice<UnsafeBufferPointer<UInt8>>, of text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        Self.digits(of: text).elementsEqual(digits)
    }

    private static func digits(of text: some Sequence<UInt8>) -> [UInt8] {
        var rest = crc32(text)
        var digits = [UInt8](repeating: 0, count: length)
        for place in digits.indices.reversed() {
            digits[place] = base62[Int(rest % 62)]
            rest /= 62
        }
        return digits
    }

    package static let length = 6

    private static let base62 = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var crc: UInt32 = ~0
        for byte in bytes { crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
        return ~crc
    }

    private static let table: [UInt32] = (0..<256).map { (byte: UInt32) in
        (0..<8).reduce(byte) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
}

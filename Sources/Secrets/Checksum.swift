/// Six digits at the end of a credential by which a scanner knows it from random text without asking anyone.
package enum Checksum {
    /// CRC-32 (IEEE 802.3, as in zlib and PNG) of the text's UTF-8, written in base 62 with the digits `0-9A-Za-z`, most significant first,
    /// always six of them.
    package static func of(_ text: some StringProtocol) -> String {
        var rest = crc32(text.utf8)
        var digits = [UInt8](repeating: 0, count: length)
        for place in digits.indices.reversed() {
            digits[place] = base62[Int(rest % 62)]
            rest /= 62
        }
        return String(decoding: digits, as: UTF8.self)
    }

    package static let length = 6

    private static let base62 = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
    }

    private static let table: [UInt32] = (0..<256).map { (byte: UInt32) in
        (0..<8).reduce(byte) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
}

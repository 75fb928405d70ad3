/// Bytes as text without padding (RFC 4648).
package enum Base64 {
    /// Safe in addresses and headers: `-` and `_` for the last two digits (section 5).
    package static let url = Alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    /// The common one, with `+` and `/` (section 4).
    package static let standard = Alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

    package struct Alphabet: Sendable {
        private let digits: [UInt8]
        private let values: [UInt8?]

        init(_ digits: String) {
            self.digits = Array(digits.utf8)
            var values = [UInt8?](repeating: nil, count: 256)
            for (value, digit) in self.digits.enumerated() { values[Int(digit)] = UInt8(value) }
            self.values = values
        }

        /// Four digits for three bytes, and no padding at the end.
        package func encode(_ bytes: [UInt8]) -> String {
            var text: [UInt8] = []
            text.reserveCapacity((bytes.count * 4 + 2) / 3)
            var bits: UInt32 = 0
            var held = 0
            for byte in bytes {
                bits = bits << 8 | UInt32(byte)
                held += 8
                while held >= 6 {
                    held -= 6
                    text.append(digits[Int(bits >> UInt32(held) & 63)])
                }
            }
            if held > 0 { text.append(digits[Int(bits << UInt32(6 - held) & 63)]) }
            return String(decoding: text, as: UTF8.self)
        }

        /// The bytes, or nil when the text has a foreign character, an impossible length or bits left over that are not zero: then two
        /// texts would stand for the same bytes.
        package func decode(_ text: some StringProtocol) -> [UInt8]? {
            var bytes: [UInt8] = []
            var bits: UInt32 = 0
            var held = 0
            for digit in text.utf8 {
                guard let value = values[Int(digit)] else { return nil }
                bits = bits << 6 | UInt32(value)
                held += 6
                if held >= 8 {
                    held -= 8
                    bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
                }
            }
            guard held < 6, bits & ((1 << UInt32(held)) - 1) == 0 else { return nil }
            return bytes
        }

        func contains(_ digit: UInt8) -> Bool { values[Int(digit)] != nil }
    }
}

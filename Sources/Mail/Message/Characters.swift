/// The sets of characters that the standards of mail name.
enum Characters {
    /// `atext` of RFC 5322, 3.2.3: what a word may have without quotes.
    static func isAtom(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && isAtom(UInt8(truncatingIfNeeded: scalar.value))
    }

    static func isAtom(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || atomSigns.contains(byte) }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    static func isLetterDigitHyphen(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == UInt8(ascii: "-") }

    static func isLabelScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "." || scalar.isASCII && isLetterDigitHyphen(UInt8(truncatingIfNeeded: scalar.value))
    }

    /// Visible ASCII, without the space.
    static func isVisible(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }

    /// Controls (C0, DEL, C1) and the separators of lines and paragraphs: nothing that a line of text may have.
    static func breaksLine(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar.value == 0x2028 || scalar.value == 0x2029
    }

    private static let atomSigns = Set("!#$%&'*+-/=?^_`{|}~".utf8)
}

import Foundation

/// Text of any script inside a header (RFC 2047): `=?utf-8?q?Gr=C3=BC=C3=9Fe?=`.
enum EncodedWord {
    /// Characters of one encoded word, its frame included. RFC 2047, section 2 allows 75, and 76 for its line: this leaves room for the
    /// header's name before the first one.
    private static let longest = 64

    /// As many words as are needed; a reader joins them without the spaces between them. Each holds whole characters.
    static func words(of text: String) -> [String] {
        let plain = text.utf8.filter(isSafe).count
        let usesBase64 = plain * 3 < text.utf8.count * 2
        let frame = usesBase64 ? "=?utf-8?b?" : "=?utf-8?q?"
        let room = longest - frame.utf8.count - 2
        var words: [String] = []
        var bytes: [UInt8] = []
        func close() {
            words.append(frame + (usesBase64 ? Data(bytes).base64EncodedString() : quoted(bytes)) + "?=")
            bytes = []
        }
        for scalar in text.unicodeScalars {
            let more = Array(UTF8.encode(scalar) ?? UTF8.EncodedScalar())
            let length = usesBase64 ? (bytes.count + more.count + 2) / 3 * 4 : quoted(bytes + more).utf8.count
            if length > room { close() }
            bytes += more
        }
        if !bytes.isEmpty { close() }
        return words
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        bytes.reduce(into: "") { text, byte in
            if byte == UInt8(ascii: " ") {
                text += "_"
            } else if isSafe(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += HexEscape.of(byte)
            }
        }
    }

    /// What may stand for itself in a name (section 5, rule 3), the strictest place.
    private static func isSafe(_ byte: UInt8) -> Bool {
        Characters.isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: " ")
    }
}

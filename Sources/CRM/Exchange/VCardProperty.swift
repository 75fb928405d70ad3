/// One line of a card taken apart: `group.NAME;PARAMETER=value:value`.
struct VCardProperty {
    /// In capitals, without its group.
    let name: String
    /// The line it began in.
    let line: Int
    let isCut: Bool
    /// Names in capitals. A value without a name, as version 2.1 has them, is a type or an encoding.
    private var parameters: [(name: String, value: String)] = []
    private let value: ArraySlice<UInt8>
    private var isQuotedPrintable = false

    /// Nil for what is no property: an empty line, or the rest of a note that nobody folded.
    init?(_ line: VCardLines.Line) {
        let pieces = Self.head(of: line.bytes)
        guard let pieces, let first = pieces.names.first else { return nil }
        let name = first.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).last ?? []
        guard !name.isEmpty, name.allSatisfy(Self.isNameByte) else { return nil }
        self.name = String(decoding: name, as: UTF8.self).uppercased()
        self.line = line.number
        isCut = line.isCut
        value = pieces.value
        for piece in pieces.names.dropFirst() { read(parameter: String(decoding: piece, as: UTF8.self)) }
        isQuotedPrintable = values(of: "ENCODING").contains("quoted-printable")
    }

    /// The whole value as one text.
    var text: String { decoded(value) }

    /// The value's parts, each with a place of its own: `;;Main St 1;Springfield;;12345;`. A comma is taken as a part's own: more programs
    /// forget to escape it than write lists.
    var parts: [String] { Self.split(value, at: UInt8(ascii: ";")).map(decoded) }

    /// The same, each part with the words of its list: `Keller;Anna,Maria;;Dr.`.
    var partsOfWords: [String] {
        Self.split(value, at: UInt8(ascii: ";")).map { part in
            Self.split(part, at: UInt8(ascii: ",")).map(decoded).filter { !$0.isEmpty }.joined(separator: " ")
        }
    }

    /// The value as a list of texts.
    var list: [String] { Self.split(value, at: UInt8(ascii: ",")).map(decoded) }

    /// Several values of one parameter, in small letters, whether it stands once or often: `TYPE=home,pref` or `TYPE=home;TYPE=pref`.
    func values(of parameter: String) -> [String] {
        parameters.filter { $0.name == parameter }.flatMap { $0.value.lowercased().split(separator: ",").map(String.init) }
    }

    /// The smaller, the sooner this one of several is taken: 1 to 100, or 101 when the card does not say.
    var preference: Int {
        if let number = values(of: "PREF").first.flatMap(Int.init), (1...100).contains(number) { return number }
        return values(of: "TYPE").contains("pref") ? 1 : 101
    }

    private mutating func read(parameter text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = String((parts.last ?? "").filter { $0 != "\"" })
        let bare = ["QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT"].contains(value.uppercased()) ? "ENCODING" : "TYPE"
        parameters.append((parts.count == 2 ? parts[0].uppercased() : bare, value))
    }

    private func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        CardText.read(isQuotedPrintable ? QuotedPrintable.decoded(bytes) : bytes)
    }

    /// What stands before the first colon outside of quotation marks, in its pieces, and what stands behind it.
    private static func head(of line: [UInt8]) -> (names: [ArraySlice<UInt8>], value: ArraySlice<UInt8>)? {
        var names: [ArraySlice<UInt8>] = []
        var start = 0
        var isQuoted = false
        for (index, byte) in line.enumerated() {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ";") where !isQuoted:
                names.append(line[start..<index])
                start = index + 1
            case UInt8(ascii: ":") where !isQuoted:
                names.append(line[start..<index])
                return (names, line[(index + 1)...])
            default: break
            }
        }
        return nil
    }

    private static func split(_ value: ArraySlice<UInt8>, at separator: UInt8) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = value.startIndex
        var isEscaped = false
        for (index, byte) in zip(value.indices, value) {
            if byte == separator, !isEscaped {
                parts.append(value[start..<index])
                start = index + 1
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return parts + [value[start...]]
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// A row of a CSV file as RFC 4180 writes it, in UTF-8, safe to open in a spreadsheet.
///
/// A cell that begins with = + - @, a tab or a carriage return would be taken for a formula: it gets an apostrophe in front, as does one
/// that begins with apostrophes and then such a sign, so that whoever takes one apostrophe away has the value again.
struct CSVText: Sendable {
    /// What stands between the cells.
    let delimiter: UInt8

    /// Adds a cell.
    func write(_ cell: some Collection<UInt8>, into bytes: inout [UInt8]) {
        let isFormula = Self.startsLikeFormula(cell)
        guard cell.contains(where: needsQuotes) else {
            if isFormula { bytes.append(Self.apostrophe) }
            return bytes.append(contentsOf: cell)
        }
        bytes.append(Self.quote)
        if isFormula { bytes.append(Self.apostrophe) }
        for byte in cell {
            if byte == Self.quote { bytes.append(Self.quote) }
            bytes.append(byte)
        }
        bytes.append(Self.quote)
    }

    func write(_ cells: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, cell) in cells.enumerated() {
            if index > 0 { separate(&bytes) }
            write(cell.utf8, into: &bytes)
        }
        endRow(&bytes)
        return bytes
    }

    func separate(_ bytes: inout [UInt8]) { bytes.append(delimiter) }
    func endRow(_ bytes: inout [UInt8]) { bytes.append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")]) }

    private static let quote = UInt8(ascii: "\"")
    private static let apostrophe = UInt8(ascii: "'")

    private func needsQuotes(_ byte: UInt8) -> Bool {
        byte == Self.quote || byte == delimiter || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
    }

    /// What a cell stands for: `write` backwards, without the apostrophe that it has set.
    static func value(of cell: String) -> String {
        guard cell.utf8.first == apostrophe, startsLikeFormula(cell.utf8) else { return cell }
        return String(cell.unicodeScalars.dropFirst())
    }

    private static func startsLikeFormula(_ cell: some Collection<UInt8>) -> Bool {
        switch cell.first(where: { $0 != apostrophe }) {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), UInt8(ascii: "\t"), UInt8(ascii: "\r"): true
        default: false
        }
    }
}

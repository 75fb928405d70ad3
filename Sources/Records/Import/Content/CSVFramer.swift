/// Cuts CSV (RFC 4180, any line ends) into rows and gives each its number, so that one that is broken harms no other.
///
/// What goes out is CSV again, for `COPY`: number, flaw, and the cells as they came, as many as the header has. PostgreSQL reads the cells;
/// here only their ends are found.
struct CSVFramer {
    static let quote = UInt8(ascii: "\"")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    /// The most bytes of one row.
    static let longestRow = 1 << 20

    private enum Place { case start, plain, quoted, quoteInQuoted }

    private let delimiter: UInt8
    private let columns: Int
    private(set) var rows = 0
    /// The bytes of a row whose end has not come, and how far they are looked at.
    private var row: [UInt8] = []
    private var place = Place.start
    private var cells = 1
    /// Where the first cell beyond the header's begins.
    private var excess: Int?
    private var isMisquoted = false
    /// The last row ended with a carriage return: a line feed at once belongs to it.
    private var swallowsLineFeed = false

    init(_ form: CSVForm) {
        delimiter = form.delimiter
        columns = form.columns.count
    }

    /// Refuses with `.invalid` a row that does not end.
    mutating func take(_ bytes: some Collection<UInt8>) throws(Problem) -> [UInt8] {
        var framed: [UInt8] = []
        framed.reserveCapacity(bytes.count + bytes.count / 8)
        for byte in bytes {
            if swallowsLineFeed {
                swallowsLineFeed = false
                if byte == Self.lineFeed { continue }
            }
            switch place {
            case .quoted:
                if byte == Self.quote { place = .quoteInQuoted }
            case .start, .plain, .quoteInQuoted:
                if byte == delimiter {
                    if cells == columns { excess = row.count }
                    cells += 1
                    place = .start
                } else if byte == Self.lineFeed || byte == Self.carriageReturn {
                    swallowsLineFeed = byte == Self.carriageReturn
                    end(into: &framed)
                    continue
                } else if byte == Self.quote {
                    if place == .plain { isMisquoted = true }
                    place = place == .plain ? .plain : .quoted
                } else {
                    if place == .quoteInQuoted { isMisquoted = true }
                    place = .plain
                }
            }
            row.append(byte)
            if row.count > Self.longestRow { throw tooLong }
        }
        return framed
    }

    mutating func finish() throws(Problem) -> [UInt8] {
        if place == .quoted { throw tooLong }
        var framed: [UInt8] = []
        if !row.isEmpty { end(into: &framed) }
        return framed
    }

    private var tooLong: Problem {
        let sentence =
            place == .quoted
            ? "Row \(rows + 1) opens a quotation mark that is not closed; double the mark if it is part of the text."
            : "Row \(rows + 1) is longer than \(Self.longestRow) bytes."
        return .invalid([.init("", place == .quoted ? .format : .tooLong, sentence)])
    }

    private mutating func end(into framed: inout [UInt8]) {
        defer {
            row.removeAll(keepingCapacity: true)
            (place, cells, excess, isMisquoted) = (.start, 1, nil, false)
        }
        // A line without anything is no row.
        guard !row.isEmpty else { return }
        rows += 1
        framed.append(contentsOf: String(rows).utf8)
        framed.append(delimiter)
        if let flaw {
            framed.append(contentsOf: "\"\(flaw.stored)\"".utf8)
            framed.append(delimiter)
            if isWellFormed { framed.append(contentsOf: row[..<(excess ?? row.count)]) } else { quoteAll(into: &framed) }
            let written = isWellFormed ? min(cells, columns) : 1
            framed.append(contentsOf: repeatElement(delimiter, count: columns - written))
        } else {
            framed.append(delimiter)
            framed.append(contentsOf: row)
        }
        framed.append(Self.lineFeed)
    }

    /// Whether the row can be read, even if it has too many cells or too few.
    private var isWellFormed: Bool { !isMisquoted && !row.contains(0) && isText }

    private var isText: Bool {
        row.allSatisfy { $0 < 0x80 } || String(validating: row, as: UTF8.self) != nil
    }

    private var flaw: ImportFlaw? {
        if row.contains(0) { return .init(.zero, "The row holds a character U+0000.") }
        if isMisquoted {
            let way = "a cell with marks is put in marks, and each of its own doubled."
            return .init(.quotation, "A quotation mark stands inside a cell; \(way)")
        }
        if !isText { return .init(.encoding, "The row is no text in UTF-8.") }
        if cells != columns { return .init(.cells, "The row has \(cells) cells, the header \(columns).") }
        return nil
    }

    /// The row as it came, as one cell.
    private func quoteAll(into framed: inout [UInt8]) {
        framed.append(Self.quote)
        for byte in String(decoding: row.filter { $0 != 0 }, as: UTF8.self).utf8 {
            if byte == Self.quote { framed.append(byte) }
            framed.append(byte)
        }
        framed.append(Self.quote)
    }
}

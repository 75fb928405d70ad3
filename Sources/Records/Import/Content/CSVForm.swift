/// How a file separates its cells, and what it calls its columns.
struct CSVForm: Sendable, Hashable {
    let delimiter: UInt8
    /// In order, each name once.
    let columns: [String]
    /// Where the first row below the header begins.
    let start: Int
    /// The cells of the first rows.
    private let samples: [[String]]

    static let delimiters: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|")]
    static let mostColumns = 500
    private static let mostSamples = 20

    /// Reads the first row of `sample`, UTF-8 from the beginning of the file. Refuses with `.invalid` what has none.
    ///
    /// - Parameter delimiter: what somebody has said; nil: the sign that divides the first rows alike.
    init(_ sample: [UInt8], delimiter given: UInt8?, isWhole: Bool) throws(Problem) {
        delimiter = given ?? Self.detected(in: sample)
        guard let header = Self.record(sample, from: 0, delimiter, isWhole: isWhole), header.cells.contains(where: { !$0.isEmpty }) else {
            throw Self.wrong("The file has no header: its first row names the columns, and must end within the first 64 kB.")
        }
        guard header.cells.count <= Self.mostColumns else {
            throw Self.wrong("The header has \(header.cells.count) columns; a file has at most \(Self.mostColumns).")
        }
        guard String(validating: sample[..<header.end], as: UTF8.self) != nil, !sample[..<header.end].contains(0) else {
            throw Self.wrong("The header is no text in this encoding; say the right one in options.encoding.")
        }
        start = header.end
        var names: [String] = []
        for (index, cell) in header.cells.enumerated() {
            let name = cell.trimmed.isEmpty ? "column \(index + 1)" : String(cell.trimmed.prefix(200))
            names.append(names.contains(name) ? "\(name) (\(index + 1))" : name)
        }
        columns = names
        var (samples, place) = ([[String]](), header.end)
        while samples.count < Self.mostSamples, let row = Self.record(sample, from: place, delimiter, isWhole: isWhole) {
            samples.append(row.cells)
            place = row.end
        }
        self.samples = samples
    }

    /// What the first rows hold in a column, but for empty cells.
    func samples(of column: String) -> [String] {
        guard let index = columns.firstIndex(of: column) else { return [] }
        return samples.compactMap { $0.indices.contains(index) ? $0[index].trimmed : nil }.filter { !$0.isEmpty }
    }

    private static func wrong(_ sentence: String) -> Problem { .invalid([.init("", .format, sentence)]) }

    /// The sign that most rows have as often as the first one, and as often as possible.
    private static func detected(in sample: [UInt8]) -> UInt8 {
        var best = (delimiter: delimiters[0], alike: 0, count: 1)
        for delimiter in delimiters {
            var (place, counts) = (0, [Int]())
            while counts.count < 20,
                let record = record(sample, from: place, delimiter, isWhole: false)
                    ?? (counts.isEmpty ? record(sample, from: place, delimiter, isWhole: true) : nil)
            {
                if record.end > place + 1 { counts.append(record.cells.count) }
                place = record.end
            }
            guard let first = counts.first, first > 1 else { continue }
            let alike = counts.count { $0 == first }
            if (alike, first) > (best.alike, best.count) { best = (delimiter, alike, first) }
        }
        return best.delimiter
    }

    /// The cells of one row, and where the next begins; nil when it does not end.
    private static func record(_ bytes: [UInt8], from start: Int, _ delimiter: UInt8, isWhole: Bool) -> (cells: [String], end: Int)? {
        var (cells, cell, isQuoted, place) = ([String](), [UInt8](), false, start)
        func text() -> String { String(decoding: cell, as: UTF8.self) }
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if isQuoted {
                if byte != CSVFramer.quote {
                    cell.append(byte)
                } else if place < bytes.count, bytes[place] == CSVFramer.quote {
                    cell.append(byte)
                    place += 1
                } else {
                    isQuoted = false
                }
            } else if byte == CSVFramer.quote, cell.isEmpty {
                isQuoted = true
            } else if byte == delimiter {
                cells.append(text())
                cell = []
            } else if byte == CSVFramer.lineFeed || byte == CSVFramer.carriageReturn {
                if byte == CSVFramer.carriageReturn, place < bytes.count, bytes[place] == CSVFramer.lineFeed { place += 1 }
                return (cells + [text()], place)
            } else {
                cell.append(byte)
            }
        }
        return isWhole && !isQuoted && place > start ? (cells + [text()], place) : nil
    }
}

/// An uploaded file on its way to the database: bytes as they come in, framed rows as they go out; never more than a piece in memory.
final class ContentReader<Source: AsyncIteratorProtocol> where Source.Element == [UInt8] {
    private var source: Source
    private let limit: Int
    private var received = 0
    private var sample: [UInt8] = []
    private var isOver = false
    private var transcoder: Transcoder?
    private var framer: CSVFramer?
    /// What the sample holds of rows.
    private var first: [UInt8]?

    /// What is looked at to find out how the file is written.
    private static var sampleSize: Int { 64 << 10 }

    init(_ source: Source, limit: Int) {
        self.source = source
        self.limit = limit
    }

    /// How the file is written. Refuses with `.unsupportedMediaType` what is no text, with `.invalid` what has no header.
    nonisolated(nonsending) func begin(_ options: ImportOptions, charset: String?) async throws -> (encoding: TextEncoding, form: CSVForm) {
        while sample.count < Self.sampleSize, let piece = try await piece() { sample += piece }
        guard !sample.isEmpty else { throw Problem.invalid([.init("", .required, "The file is empty.")]) }
        let isWorkbook = sample.starts(with: [0x50, 0x4B, 0x03, 0x04]) || sample.starts(with: [0xD0, 0xCF, 0x11, 0xE0])
        guard !isWorkbook else { throw Self.workbook }
        let name = options.encoding ?? charset
        let encoding = name.flatMap { TextEncoding(name: $0, sample: sample[...]) } ?? .detected(in: sample[...])
        let transcoder = try Transcoder(encoding)
        let text = try transcoder.utf8(sample)
        if isOver { try transcoder.finish() }
        let form = try CSVForm(text, delimiter: options.delimiter, isWhole: isOver)
        var framer = CSVFramer(form)
        first = try framer.take(text[form.start...])
        (self.transcoder, self.framer, sample) = (transcoder, framer, [])
        return (encoding, form)
    }

    static var workbook: Problem {
        Problem(.unsupportedMediaType, "A workbook of a spreadsheet (XLSX, XLS) is not read; save the sheet as CSV in UTF-8 and send that.")
    }

    /// Rows for `COPY`; nil at the end.
    nonisolated(nonsending) func frames() async throws -> [UInt8]? {
        if let first {
            self.first = nil
            return first
        }
        guard var framer, let transcoder else { return nil }
        if let piece = try await piece() {
            let framed = try framer.take(try transcoder.utf8(piece))
            self.framer = framer
            return framed
        }
        self.framer = nil
        try transcoder.finish()
        return try framer.finish()
    }

    private nonisolated(nonsending) func piece() async throws -> [UInt8]? {
        guard !isOver, let piece = try await source.next(isolation: #isolation) else {
            isOver = true
            return nil
        }
        received += piece.count
        guard received <= limit else {
            throw Problem(.tooLarge, "A file has at most \(limit) bytes; divide it.", members: [.init("limit", JSON(limit))])
        }
        return piece
    }
}

/// The framed rows of a reader, for `COPY`.
struct ContentFrames<Source: AsyncIteratorProtocol>: AsyncSequence where Source.Element == [UInt8] {
    let reader: ContentReader<Source>

    struct Iterator: AsyncIteratorProtocol {
        let reader: ContentReader<Source>
        nonisolated(nonsending) mutating func next() async throws -> [UInt8]? { try await reader.frames() }
    }

    func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }
}

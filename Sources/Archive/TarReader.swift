/// Reads a tar archive file by file, from wherever its bytes come. Every call may block.
package struct TarReader {
    /// Answers with so many bytes, fewer only at the end.
    private let read: (Int) throws -> [UInt8]
    private let limit: Int

    package struct File: Sendable {
        package let name: String
        package let content: [UInt8]
    }

    /// A file whose content comes next.
    package struct Entry: Sendable {
        package let name: String
        /// In bytes.
        package let size: Int
    }

    /// So much of a content is handed over at once.
    private static let pieceSize = 1 << 20

    /// - Parameter limit: the most bytes that a file may have that is read whole.
    package init(limit: Int, _ read: @escaping (Int) throws -> [UInt8]) {
        (self.limit, self.read) = (limit, read)
    }

    /// The next file, whole; nil at the archive's end. Throws `TarError`.
    package func next() throws -> File? {
        guard let entry = try nextEntry() else { return nil }
        return File(name: entry.name, content: try content(of: entry))
    }

    /// The next file without its content, which must be taken before the one after it is asked for; nil at the archive's end.
    package func nextEntry() throws -> Entry? {
        let block = try exactly(TarHeader.blockSize)
        guard block.contains(where: { $0 != 0 }) else { return nil }
        let header = try TarHeader(reading: block)
        return Entry(name: header.name, size: header.size)
    }

    /// All of the content. Refuses with `.tooLarge` more than the limit.
    package func content(of entry: Entry) throws -> [UInt8] {
        guard entry.size <= limit else { throw TarError.tooLarge(entry.name) }
        let content = try exactly(entry.size)
        _ = try exactly(TarWriter.padding(entry.size).count)
        return content
    }

    /// The content in pieces, of whatever size it is: one of them is in memory.
    package func pieces(of entry: Entry, _ body: ([UInt8]) throws -> Void) throws {
        var left = entry.size
        while left > 0 {
            let piece = try exactly(min(left, Self.pieceSize))
            left -= piece.count
            try body(piece)
        }
        _ = try exactly(TarWriter.padding(entry.size).count)
    }

    private func exactly(_ count: Int) throws -> [UInt8] {
        guard count > 0 else { return [] }
        let bytes = try read(count)
        guard bytes.count == count else { throw TarError.cutShort }
        return bytes
    }
}

/// Reads a tar archive file by file, from wherever its bytes come. Every call may block.
package struct TarReader {
    /// Answers with so many bytes, fewer only at the end.
    private let read: (Int) throws -> [UInt8]
    private let limit: Int

    package struct File: Sendable {
        package let name: String
        package let content: [UInt8]
    }

    /// - Parameter limit: the most bytes that one file may have: each is read whole.
    package init(limit: Int, _ read: @escaping (Int) throws -> [UInt8]) {
        (self.limit, self.read) = (limit, read)
    }

    /// The next file; nil at the archive's end. Throws `TarError`.
    package func next() throws -> File? {
        let block = try exactly(TarHeader.blockSize)
        guard block.contains(where: { $0 != 0 }) else { return nil }
        let header = try TarHeader(reading: block)
        guard header.size <= limit else { throw TarError.tooLarge(header.name) }
        let content = try exactly(header.size)
        _ = try exactly(TarWriter.padding(header.size).count)
        return File(name: header.name, content: content)
    }

    private func exactly(_ count: Int) throws -> [UInt8] {
        guard count > 0 else { return [] }
        let bytes = try read(count)
        guard bytes.count == count else { throw TarError.cutShort }
        return bytes
    }
}

/// Makes a tar archive piece by piece: nothing of it is kept here.
package struct TarWriter: Sendable {
    private let time: Int

    /// - Parameter time: of all its files, in seconds since 1970.
    package init(time: Int) { self.time = time }

    /// A file with its header and padding. The name is ASCII of at most 100 bytes.
    package func file(_ name: String, _ content: [UInt8]) -> [UInt8] {
        beginning(of: name, size: content.count) + content + Self.padding(content.count)
    }

    /// What stands before a content of exactly so many bytes, which comes piece by piece and is followed by `padding`.
    package func beginning(of name: String, size: Int) -> [UInt8] {
        precondition(name.utf8.count <= 100, "\(name) is too long for a ustar header")
        return TarHeader(name: name, size: size, time: time).bytes
    }

    /// What ends an archive: two empty blocks.
    package var end: [UInt8] { [UInt8](repeating: 0, count: 2 * TarHeader.blockSize) }

    /// What stands behind a content of so many bytes.
    package static func padding(_ size: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: (TarHeader.blockSize - size % TarHeader.blockSize) % TarHeader.blockSize)
    }
}

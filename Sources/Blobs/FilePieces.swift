import Foundation
import Outgoing

/// Some bytes of a file that is no blob, in pieces, read without a thread of Swift's own pool: the next one when it is asked for.
package struct FilePieces: AsyncSequence, Sendable {
    private let path: String
    private let range: Range<Int64>
    private static let pieceSize: Int64 = 1 << 20

    /// The file may stand behind symbolic links.
    package init(of path: String, _ range: Range<Int64>) {
        self.path = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
        self.range = range
    }

    package func makeAsyncIterator() -> Iterator { Iterator(path: path, range: range) }

    package struct Iterator: AsyncIteratorProtocol {
        let path: String
        var range: Range<Int64>

        /// Throws `.unavailable` when the file is not there or ends before the range does.
        package mutating func next() async throws(BlobError) -> [UInt8]? {
            guard !range.isEmpty else { return nil }
            let (path, wanted) = (path, range.lowerBound..<Swift.min(range.upperBound, range.lowerBound + FilePieces.pieceSize))
            let piece = try await BlockingThreads.files.run { () throws(BlobError) in
                guard let file = try OpenFile(reading: path) else { throw .unavailable("The file \(path) is gone.") }
                defer { file.close() }
                return try file.read(wanted)
            }
            guard !piece.isEmpty else { throw .unavailable("The file \(path) is shorter than it was.") }
            range = range.lowerBound + Int64(piece.count)..<range.upperBound
            return piece
        }
    }
}

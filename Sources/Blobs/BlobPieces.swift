/// The bytes of a blob in pieces; the next one is fetched when it is asked for, so a slow reader holds one piece in memory.
package struct BlobPieces: AsyncSequence, Sendable {
    let store: any BlobStore
    let key: BlobKey
    let range: Range<Int64>

    package func makeAsyncIterator() -> Iterator { Iterator(store: store, key: key, range: range) }

    package struct Iterator: AsyncIteratorProtocol {
        let store: any BlobStore
        let key: BlobKey
        var range: Range<Int64>

        /// Throws `.unavailable` when the blob ends before the range does: whoever promised a length must not end early in silence.
        package mutating func next() async throws(BlobError) -> [UInt8]? {
            guard !range.isEmpty else { return nil }
            let end = range.upperBound - range.lowerBound > store.pieceSize ? range.lowerBound + store.pieceSize : range.upperBound
            let piece = try await store.piece(of: key, range.lowerBound..<end)
            guard !piece.isEmpty else { throw .unavailable("The blob \(key) is shorter than it was.") }
            range = range.lowerBound + Int64(piece.count)..<range.upperBound
            return piece
        }
    }
}

import Foundation

/// Where bytes are kept that are too many for the database: attachments, files of exports and imports.
///
/// A blob is written once and whole: it is there with all its bytes or not at all. Who keeps a key in the database writes the blob first
/// and deletes it last, so a crash leaves a blob without a row, which a sweep finds, and never a row without its blob. No key may be
/// another's folder: beside `a/b` there is no `a`.
package protocol BlobStore: Sendable {
    /// Keeps the content under the key, in place of what was there. Memory stays bounded whatever the length. When it throws, nothing was
    /// kept; what the content itself throws is passed on, `.tooLarge` is thrown as soon as there are more than `limit` bytes.
    func put<Content: AsyncSequence & Sendable>(_ key: BlobKey, _ content: Content, limit: Int64) async throws -> StoredBlob
    where Content.Element == [UInt8]

    /// The length in bytes; nil when there is no such blob.
    func size(of key: BlobKey) async throws(BlobError) -> Int64?

    /// These bytes of it, fewer where it ends before; in one piece, so ask for no more than memory should hold.
    func piece(of key: BlobKey, _ range: Range<Int64>) async throws(BlobError) -> [UInt8]

    /// Removes it; one that is not there is gone already.
    func delete(_ key: BlobKey) async throws(BlobError)

    /// Blobs whose keys begin with the prefix, in the order of their keys, after one of them; fewer than `limit` means there are no more.
    func list(_ prefix: String, after: BlobKey?, limit: Int) async throws(BlobError) -> [BlobEntry]

    /// Removes what uploads have left behind that began before this time and were never finished, because their process died.
    func removeUnfinished(before: Date) async throws(BlobError)

    /// How many bytes are best asked for at once.
    var pieceSize: Int64 { get }

    /// What and where it is, for whoever runs it; without secrets.
    var place: String { get }
}

/// What became of a content that was put.
package struct StoredBlob: Sendable, Equatable {
    package let size: Int64
    /// SHA-256, 32 bytes.
    package let digest: [UInt8]
}

/// A blob in a listing.
package struct BlobEntry: Sendable, Equatable {
    package let key: BlobKey
    package let size: Int64
    /// When it was written, by the store's clock.
    package let modified: Date
}

extension BlobStore {
    /// The bytes of a blob, piece by piece, as fast as they are taken.
    package func pieces(of key: BlobKey, _ range: Range<Int64>) -> BlobPieces { BlobPieces(store: self, key: key, range: range) }

    /// Everything of a small blob.
    package func whole(_ key: BlobKey, limit: Int64 = 1 << 20) async throws(BlobError) -> [UInt8] {
        let bytes = try await piece(of: key, 0..<limit + 1)
        guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
        return bytes
    }

    /// Keeps bytes that are at hand.
    @discardableResult
    package func put(_ key: BlobKey, _ bytes: [UInt8]) async throws -> StoredBlob {
        let content = AsyncStream<[UInt8]> { continuation in
            continuation.yield(bytes)
            continuation.finish()
        }
        return try await put(key, content, limit: .max)
    }

    /// Writes, reads and removes a few bytes: whether the store does what it must. Throws what it does not.
    package func probe() async throws {
        guard let key = BlobKey("probe/\(UUID().uuidString)") else { return }
        let bytes = Array("tenantry".utf8)
        try await put(key, bytes)
        guard try await whole(key) == bytes else { throw BlobError.unavailable("It gives back other bytes than were put.") }
        try await delete(key)
    }
}

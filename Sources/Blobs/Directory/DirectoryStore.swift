import Foundation
import Outgoing
import Secrets

/// Blobs as files below a directory: the default, for one machine or a file system that all machines see.
///
/// A file is written under another name, brought to disk and then renamed: after a crash it is whole or not there.
package struct DirectoryStore: BlobStore {
    /// Without a slash at the end.
    let root: String
    package let pieceSize: Int64 = 1 << 20
    package var place: String { "the directory \(root)" }

    /// Where unfinished files are; no key begins with a dot.
    private var nursery: String { "\(root)/.unfinished" }
    private let threads = BlockingThreads.files

    /// Makes the directory when the first blob is put.
    package init(_ root: String) {
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    }

    package func put<Content: AsyncSequence & Sendable>(_ key: BlobKey, _ content: Content, limit: Int64) async throws -> StoredBlob
    where Content.Element == [UInt8] {
        let unfinished = "\(nursery)/\(UUID().uuidString)"
        let file = try await threads.run { [nursery] () throws(BlobError) in
            try Path.makeDirectory(nursery)
            return try OpenFile(creating: unfinished)
        }
        do {
            var digest = RunningDigest()
            var size: Int64 = 0
            for try await batch in Batches(content: content, size: 256 << 10) {
                size += Int64(batch.count)
                guard size <= limit else { throw BlobError.tooLarge(limit: limit) }
                digest.add(batch)
                try await threads.run { () throws(BlobError) in try file.write(batch) }
            }
            let target = path(of: key)
            try await threads.run { () throws(BlobError) in
                try file.bringToDisk()
                try Path.move(unfinished, to: target)
            }
            await close(file)
            return StoredBlob(size: size, digest: digest.finish())
        } catch {
            await close(file)
            // What cannot be removed now is removed with the unfinished of dead processes.
            try? await threads.run { () throws(BlobError) in try Path.remove(unfinished) }
            throw error
        }
    }

    package func size(of key: BlobKey) async throws(BlobError) -> Int64? {
        let path = path(of: key)
        return try await threads.run { () throws(BlobError) in try Path.status(path)?.size }
    }

    package func piece(of key: BlobKey, _ range: Range<Int64>) async throws(BlobError) -> [UInt8] {
        let path = path(of: key)
        return try await threads.run { () throws(BlobError) in
            guard let file = try OpenFile(reading: path) else { throw .notFound(key) }
            defer { file.close() }
            return try file.read(range)
        }
    }

    package func delete(_ key: BlobKey) async throws(BlobError) {
        let path = path(of: key)
        try await threads.run { [root] () throws(BlobError) in
            try Path.remove(path)
            Path.removeEmptyFolders(from: path, below: root)
        }
    }

    package func list(_ prefix: String, after: BlobKey?, limit: Int) async throws(BlobError) -> [BlobEntry] {
        try await threads.run { [root] () throws(BlobError) in
            var listing = DirectoryListing(root: root, prefix: prefix, after: after?.text ?? "", limit: limit)
            try listing.visit("")
            return listing.entries
        }
    }

    package func removeUnfinished(before: Date) async throws(BlobError) {
        try await threads.run { [nursery] () throws(BlobError) in
            for name in try Path.names(in: nursery) {
                let path = "\(nursery)/\(name)"
                if let status = try Path.status(path), status.modified < before { try Path.remove(path) }
            }
        }
    }

    private func path(of key: BlobKey) -> String { "\(root)/\(key.text)" }

    private func close(_ file: OpenFile) async {
        // Closing does not fail in a way that matters: the bytes are on disk, or the file goes.
        try? await threads.run { () throws(BlobError) in file.close() }
    }
}

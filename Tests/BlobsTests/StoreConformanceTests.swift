import Foundation
import Secrets
import Testing

@testable import Blobs

/// What every store promises, tried with each.
@Suite("A store of blobs", .serialized) struct StoreConformanceTests {
    enum Kind: CaseIterable { case directory, bucket, stumblingBucket }

    @Test("What was put is given back, whole and in part", arguments: Kind.allCases, [0, 1, 300_000, 6 << 20])
    func roundTrip(kind: Kind, size: Int) async throws {
        try await withStore(kind) { store in
            let bytes = Array(0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let key = try #require(BlobKey("a/b-c/\(size)"))

            let stored = try await store.put(key, Slices(bytes: bytes, size: 70_001), limit: Int64(size))

            #expect(stored == StoredBlob(size: Int64(size), digest: Digest.sha256(bytes)))
            #expect(try await store.size(of: key) == Int64(size))
            #expect(try await collected(store.pieces(of: key, 0..<Int64(size))) == bytes)
            let middle = size / 3..<(size + 1) / 2
            #expect(try await collected(store.pieces(of: key, Int64(middle.lowerBound)..<Int64(middle.upperBound))) == Array(bytes[middle]))
            #expect(try await store.piece(of: key, Int64(size)..<Int64(size) + 10) == [])
        }
    }

    @Test("What is not there is not found, and removing it is no error", arguments: Kind.allCases)
    func absence(kind: Kind) async throws {
        try await withStore(kind) { store in
            let key = try #require(BlobKey("no/such"))

            #expect(try await store.size(of: key) == nil)
            await #expect(throws: BlobError.notFound(key)) { try await store.piece(of: key, 0..<1) }
            try await store.delete(key)
        }
    }

    @Test("A removed blob is gone, one put again is the new one", arguments: Kind.allCases)
    func replacement(kind: Kind) async throws {
        try await withStore(kind) { store in
            let key = try #require(BlobKey("x"))
            try await store.put(key, Array("first".utf8))
            try await store.put(key, Array("the second".utf8))
            #expect(try await store.whole(key) == Array("the second".utf8))

            try await store.delete(key)

            #expect(try await store.size(of: key) == nil)
        }
    }

    @Test("A content that is too long leaves nothing", arguments: Kind.allCases) func tooLong(kind: Kind) async throws {
        try await withStore(kind) { store in
            let key = try #require(BlobKey("long"))
            let content = Slices(bytes: [UInt8](repeating: 7, count: 12 << 20), size: 1 << 20)

            await #expect(throws: BlobError.tooLarge(limit: 11 << 20)) { try await store.put(key, content, limit: 11 << 20) }

            #expect(try await store.list("", after: nil, limit: 10) == [])
        }
    }

    @Test("A content that breaks off leaves nothing", arguments: Kind.allCases) func broken(kind: Kind) async throws {
        try await withStore(kind) { store in
            let key = try #require(BlobKey("broken"))
            let content = Slices(bytes: [UInt8](repeating: 7, count: 12 << 20), size: 1 << 20, failsAfter: 11)

            await #expect(throws: Broken()) { try await store.put(key, content, limit: .max) }

            #expect(try await store.list("", after: nil, limit: 10) == [])
            try await store.removeUnfinished(before: .distantFuture)
        }
    }

    @Test("A listing has the keys under a prefix in order, page by page", arguments: Kind.allCases)
    func listing(kind: Kind) async throws {
        try await withStore(kind) { store in
            let names = ["a-b", "a.b", "a/1", "a/2/x", "a/2/y", "a/2-x", "a0", "b/1"]
            for name in names.shuffled() { try await store.put(try #require(BlobKey(name)), Array(name.utf8)) }

            for prefix in ["", "a", "a/", "a/2", "b/", "c"] {
                for limit in [1, 2, 3, 100] {
                    let wanted = names.filter { $0.hasPrefix(prefix) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                    #expect(try await pages(store, prefix, limit).map(\.key.text) == wanted, "\(prefix) by \(limit)")
                }
            }
            let entry = try #require(try await store.list("a/2/x", after: nil, limit: 1).first)
            #expect(entry.size == 5)
            #expect(abs(entry.modified.timeIntervalSinceNow) < 60)
        }
    }

    @Test("A probe finds nothing wrong and leaves nothing", arguments: Kind.allCases) func probe(kind: Kind) async throws {
        try await withStore(kind) { store in
            try await store.probe()

            #expect(try await store.list("", after: nil, limit: 10) == [])
        }
    }

    private func pages(_ store: any BlobStore, _ prefix: String, _ limit: Int) async throws -> [BlobEntry] {
        var entries: [BlobEntry] = []
        while true {
            let page = try await store.list(prefix, after: entries.last?.key, limit: limit)
            entries += page
            if page.count < limit { return entries }
        }
    }

    private func withStore(_ kind: Kind, _ body: (any BlobStore) async throws -> Void) async throws {
        switch kind {
        case .directory:
            let folder = FileManager.default.temporaryDirectory.appending(path: "blobs-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
            try await body(DirectoryStore(folder.path()))
        case .bucket, .stumblingBucket:
            try await TestBucket.run(stumbles: kind == .stumblingBucket) { settings in
                var settings = settings
                settings.prefix = "shared/"
                // The smallest part a bucket takes.
                try await body(S3Store(settings, partSize: 5 << 20))
            }
        }
    }
}

func collected(_ pieces: BlobPieces) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await piece in pieces { bytes += piece }
    return bytes
}

struct Broken: Error, Equatable {}

/// Bytes that come slice by slice, and perhaps break off.
struct Slices: AsyncSequence, Sendable {
    let bytes: [UInt8]
    let size: Int
    var failsAfter: Int?

    func makeAsyncIterator() -> Iterator { Iterator(rest: bytes[...], size: size, left: failsAfter) }

    struct Iterator: AsyncIteratorProtocol {
        var rest: ArraySlice<UInt8>
        let size: Int
        var left: Int?

        mutating func next() async throws -> [UInt8]? {
            if left == 0 { throw Broken() }
            left = left.map { $0 - 1 }
            guard !rest.isEmpty else { return nil }
            defer { rest = rest.dropFirst(size) }
            return Array(rest.prefix(size))
        }
    }
}

import Foundation
import Testing

@testable import Blobs

@Suite("Keys of blobs") struct BlobKeyTests {
    @Test(
        "A key may not lead out of its store",
        arguments: [
            "", "/", "/etc/passwd", "..", "a/../b", "a/..", "./a", "a//b", "a/", ".unfinished/x", "a/.hidden", "a\\b", "a b", "ä", "a\0",
            "a%2Fb",
            String(repeating: "a", count: 256), String(repeating: "a/", count: 256) + "b",
        ])
    func refused(text: String) {
        #expect(BlobKey(text) == nil)
    }

    @Test(
        "Letters, digits, dots, dashes and slashes between them make a key", arguments: ["a", "A-1_x.tar.gz", "tenants/0190a-b/files/1..2"])
    func accepted(text: String) {
        #expect(BlobKey(text)?.text == text)
    }

    @Test("Many put and remove in one folder without losing one") func crowd() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "blobs-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let store = DirectoryStore(folder.path())

        try await withThrowingTaskGroup { group in
            for number in 0..<16 {
                group.addTask {
                    for _ in 0..<20 {
                        let key = try #require(BlobKey("a/b/c/\(number)"))
                        try await store.put(key, [UInt8(number)])
                        #expect(try await store.whole(key) == [UInt8(number)])
                        try await store.delete(key)
                    }
                }
            }
            try await group.waitForAll()
        }

        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()) == [".unfinished"])
    }

    @Test("What a dead process left unfinished is removed, what is young stays") func unfinished() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "blobs-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let nursery = folder.appending(path: ".unfinished")
        try FileManager.default.createDirectory(at: nursery, withIntermediateDirectories: true)
        for name in ["old", "young"] { try Data("x".utf8).write(to: nursery.appending(path: name)) }
        try FileManager.default.setAttributes(
            [.modificationDate: Date.now.addingTimeInterval(-90_000)], ofItemAtPath: nursery.appending(path: "old").path())

        try await DirectoryStore(folder.path()).removeUnfinished(before: .now.addingTimeInterval(-86_400))

        #expect(try FileManager.default.contentsOfDirectory(atPath: nursery.path()) == ["young"])
    }
}

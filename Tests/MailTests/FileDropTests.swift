import Foundation
import Mail
import Testing

@Suite struct FileDropTests {
    @Test("Each mail becomes one whole file, and names sort by time") func files() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "drop-\(UUID().uuidString)/mail")
        defer { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }  // A leftover folder harms nobody.
        let drop = FileDrop(folder)
        var later = try Message.sample(to: "a/b@example.com")
        later.date += 0.5
        let first = try Message.sample()

        #expect(await drop.deliver(later).setback == nil)
        #expect(await drop.deliver(first).setback == nil)

        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
        #expect(names.count == 2 && names.allSatisfy { $0.hasSuffix(".eml") })
        #expect(names[0].hasPrefix("20261128T153738.000Z-anna@example.com-") && names[1].hasPrefix("20261128T153738.500Z-a_b@example.com-"))
        #expect(try Data(contentsOf: folder.appending(path: names[0])) == Data(first.bytes))
    }

    @Test("A folder that cannot be written is said, and the mail may be tried again") func unwritable() async throws {
        let delivery = await FileDrop(URL(filePath: "/dev/null/mail")).deliver(try .sample())

        guard case .retry(let setback) = delivery else { return #expect(Bool(false), "\(delivery)") }
        #expect(setback.text.contains("/dev/null/mail"))
    }
}

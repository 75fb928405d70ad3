import Archive
import Foundation
import Support
import Testing

@Suite("Tar archives") struct TarTests {
    private let files: [(String, [UInt8])] = [
        ("tenant.json", Array("{}".utf8)), ("tables/contacts/000001.jsonl", Array("å".utf8)), ("empty", []),
        ("block", [UInt8](repeating: 7, count: 512)), ("large", (0..<100_000).map { UInt8($0 % 251) }),
    ]

    private var archive: [UInt8] {
        let writer = TarWriter(time: 1_700_000_000)
        return files.flatMap { writer.file($0.0, $0.1) } + writer.end
    }

    private func read(_ bytes: [UInt8], limit: Int = 1 << 20) throws -> [TarReader.File] {
        var rest = bytes[...]
        let reader = TarReader(limit: limit) { count in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        var found: [TarReader.File] = []
        while let file = try reader.next() { found.append(file) }
        return found
    }

    @Test("What was written is read again") func roundTrip() throws {
        let found = try read(archive)

        #expect(found.map(\.name) == files.map(\.0))
        #expect(found.map(\.content) == files.map(\.1))
    }

    @Test("A content may be written and read in pieces") func pieces() throws {
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let writer = TarWriter(time: 0)
        let written = writer.beginning(of: "files/x", size: content.count) + content + TarWriter.padding(content.count)
        #expect(written == writer.file("files/x", content))
        var rest = (written + writer.file("last", [1]) + writer.end)[...]
        let reader = TarReader(limit: 10) { count in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }

        let entry = try #require(try reader.nextEntry())
        var (found, pieces): ([UInt8], Int) = ([], 0)
        try reader.pieces(of: entry) {
            found += $0
            pieces += 1
        }

        #expect(entry.name == "files/x" && entry.size == content.count && found == content && pieces == 3)
        #expect(try reader.next()?.content == [1])
        #expect(try reader.next() == nil)
    }

    @Test("Sizes beyond eight gigabytes are written as Python's tarfile reads them") func largeSize() async throws {
        for size in [1 << 33 - 1, 1 << 33, 1 << 40 + 5] {
            let block = TarWriter(time: 0).beginning(of: "large", size: size)
            let reader = TarReader(limit: 1) { Array(block.prefix($0)) }
            #expect(try reader.nextEntry()?.size == size)
            let source = "import sys, tarfile; print(tarfile.TarInfo.frombuf(bytes.fromhex(sys.argv[1]), 'ascii', 'strict').size)"
            let (status, output) = try await PythonTool.script(source, [block.map { String(format: "%02x", $0) }.joined()])
            #expect(status == 0 && output == "\(size)\n", "\(output)")
        }
    }

    @Test("Python's tarfile and Debian's tar open it") func others() async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).tar")
        try Data(archive).write(to: place)
        defer { try? FileManager.default.removeItem(at: place) }  // A leftover harms nobody.
        let source = """
            import subprocess, sys, tarfile
            with tarfile.open(sys.argv[1], "r:") as t: print([(m.name, len(t.extractfile(m).read()), m.mode) for m in t])
            print(subprocess.run(["tar", "tf", sys.argv[1]], capture_output=True, text=True, check=True).stdout.split())
            """

        let (status, output) = try await PythonTool.script(source, [place.path()])

        let names = files.map { "'\($0.0)'" }.joined(separator: ", ")
        let sizes = files.map { "('\($0.0)', \($0.1.count), 384)" }.joined(separator: ", ")
        #expect(status == 0 && output == "[\(sizes)]\n[\(names)]\n", "\(output)")
    }

    @Test("What is cut short, damaged in a header, or larger than anyone may expect is refused") func damage() throws {
        let bytes = archive
        for length in [0, 100, 512, 600, bytes.count - 1100] {
            #expect(throws: TarError.cutShort) { try read(Array(bytes.prefix(length))) }
        }
        for place in [0, 3, 100, 130, 150, 156, 257] {
            var flipped = bytes
            flipped[place] ^= 1
            #expect(throws: TarError.self, "byte \(place)") { try read(flipped) }
        }
        #expect(throws: TarError.tooLarge("large")) { try read(bytes, limit: 1000) }
    }
}

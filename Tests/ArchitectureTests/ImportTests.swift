import Foundation
import Testing

/// SwiftPM builds a target that imports one it does not depend on as long as the order of the build happens to allow it; these tests do not.
@Suite("The house is one tower") struct ImportTests {
    @Test(
        "No room imports a room above it or beside it",
        arguments: Tower.ours.subtracting(["CLibPQ", "CLibCrypto", "CLibCurl", "CZlib"]).sorted())
    func imports(target: String) throws {
        let files = try swiftFiles(in: Tower.folder(of: target))
        #expect(!files.isEmpty, "\(target) has no files")

        for file in files {
            let text = try String(contentsOf: file, encoding: .utf8)
            for name in importedModules(text) where Tower.ours.contains(name) {
                #expect(Tower.allowed(for: target).contains(name), "\(file.lastPathComponent) of \(target) imports \(name)")
            }
        }
    }

    @Test("Every folder of Sources is a room of the tower") func noStrangers() throws {
        let tools: Set<String> = ["EmbedSQL", "EmbedSQLPlugin", "EmbedWeb", "EmbedWebPlugin"]

        let folders = try FileManager.default.contentsOfDirectory(atPath: Tower.root.appending(path: "Sources").path)

        #expect(Set(folders).subtracting(Tower.ours).subtracting(tools) == [])
    }

    @Test(
        "The package's dependencies say the same as the import lines",
        arguments: Tower.ours.subtracting(["CLibPQ", "CLibCrypto", "CLibCurl", "CZlib"]).sorted())
    func manifest(target: String) throws {
        let manifest = try Manifest.ours.get()
        let declared = try #require(manifest.dependencies[target], "\(target) is not in Package.swift")
        let imported = try Set(
            swiftFiles(in: Tower.folder(of: target)).flatMap { importedModules(try String(contentsOf: $0, encoding: .utf8)) }
        )
        .intersection(Tower.ours)

        #expect(declared.intersection(Tower.ours).isSubset(of: Tower.allowed(for: target)), "\(target) depends on a room above it")
        #expect(imported.isSubset(of: declared), "\(target) imports what Package.swift does not say")
    }

    @Test("Import lines are read as the compiler reads them") func reading() {
        let text = """
            import Foundation
            @testable import Tenancy
            internal import Postgres
            import struct Records.JSON  // why
            // import CRM
            let text = "import Server"
            """

        #expect(importedModules(text) == ["Foundation", "Tenancy", "Postgres", "Records"])
    }

    private func swiftFiles(in folder: URL) throws -> [URL] {
        let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }
        return (all ?? []).filter { $0.pathExtension == "swift" }
    }

    /// By words, not by a pattern: patterns take minutes over all our lines in a debug build.
    private func importedModules(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            var words = line.split(separator: " ")[...]
            while let word = words.first, word.hasPrefix("@") || Self.accessWords.contains(word) { words = words.dropFirst() }
            guard words.popFirst() == "import" else { return nil }
            if let word = words.first, Self.kindWords.contains(word) { words = words.dropFirst() }
            return words.first.map { String($0.prefix { $0.isLetter || $0.isNumber || $0 == "_" }) }
        }
    }

    private static let accessWords: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kindWords: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "let", "var", "typealias"]
}

/// What `Package.swift` says about targets, as far as these tests ask.
private struct Manifest {
    private(set) var dependencies: [String: Set<String>] = [:]

    static let ours = Result { Manifest(text: try String(contentsOf: Tower.root.appending(path: "Package.swift"), encoding: .utf8)) }

    private init(text: String) {
        let heads = text.matches(of: /\.(?:target|executableTarget|testTarget|systemLibrary|plugin)\(\s*name:\s*"(\w+)"/)
        for (index, head) in heads.enumerated() {
            let end = index + 1 < heads.count ? heads[index + 1].range.lowerBound : text.endIndex
            let body = text[head.range.upperBound..<end]
            guard let list = body.firstMatch(of: /dependencies:\s*\[([^\[\]]*)\]/) else {
                dependencies[String(head.output.1)] = []
                continue
            }
            // A product of another package has the form .product(name: "...", package: "...").
            let own = String(list.output.1).replacing(/\.product\([^)]*\)/, with: "")
            dependencies[String(head.output.1)] = Set(own.matches(of: /"(\w+)"/).map { String($0.output.1) })
        }
    }
}

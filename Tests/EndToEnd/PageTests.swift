import Foundation
import Support
import Testing

/// The web application in a real browser: Debian's Chromium, driven by the journeys beside this file.
@Suite("The page in a browser", .serialized, .timeLimit(.minutes(30)), .withDev) struct PageTests {
    @Test("A journey", arguments: Journeys.all) func journey(_ name: String) async throws {
        let dev = try #require(DevTrait.dev)
        let (status, output) = try await PythonTool.run(
            "python", ["-B", Journeys.folder.appending(path: "\(name).py").path], ["TENANTRY_READY": "\(dev.folder)-ready.json"])

        #expect(status == 0, "\(output.suffix(6_000))")
        for line in output.split(separator: "\n") where line.hasPrefix("FIGURE ") { print(line.dropFirst(7)) }
    }
}

/// The files `journey_*.py`.
private enum Journeys {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Pages")

    static let all: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasPrefix("journey_") && $0.hasSuffix(".py") }.map { String($0.dropLast(3)) }.sorted()
    }()
}

/// One `tenantry dev` with its sample tenant for all tests of a suite.
private struct DevTrait: SuiteTrait, TestScoping {
    @TaskLocal static var dev: Dev?

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path, ["--demo"])
        do {
            try await Self.$dev.withValue(dev) { try await function() }
        } catch {
            try await dev.stop()
            throw error
        }
        try await dev.stop()
    }
}

extension Trait where Self == DevTrait {
    fileprivate static var withDev: Self { DevTrait() }
}

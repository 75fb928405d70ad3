import Foundation
import Testing

/// A program from PyPI that `Deploy/python-tools.sh` installs for the tests.
enum PythonTool {
    /// Runs it in a folder of its own; answers its exit status and what it printed.
    static func run(_ name: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let program = root.appending(path: ".build/python-tools/bin/\(name)")
        try #require(FileManager.default.isExecutableFile(atPath: program.path()), "Run Deploy/python-tools.sh first.")
        let folder = FileManager.default.temporaryDirectory.appending(path: "\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let log = folder.appending(path: "log")
        try Data().write(to: log)

        let process = Process()
        process.executableURL = program
        process.currentDirectoryURL = folder
        process.arguments = arguments
        let output = try FileHandle(forWritingTo: log)
        process.standardOutput = output
        process.standardError = output
        let status = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return (status, try String(contentsOf: log, encoding: .utf8))
    }
}

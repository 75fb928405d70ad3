import Foundation

/// A program from PyPI that `Deploy/python-tools.sh` installs for the tests.
package enum PythonTool {
    package struct Missing: Error, CustomStringConvertible {
        package let description: String
    }

    /// Runs a few lines of Python that see the installed packages.
    package static func script(_ source: String, _ arguments: [String] = []) async throws -> (status: Int32, output: String) {
        try await run("python", ["-W", "ignore", "-c", source] + arguments)
    }

    /// Runs it in a folder of its own; answers its exit status and what it printed.
    ///
    /// - Parameter environment: variables beside those of this process.
    package static func run(
        _ name: String, _ arguments: [String], _ environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String) {
        let program = Self.program(name)
        guard FileManager.default.isExecutableFile(atPath: program.path()) else {
            throw Missing(description: "Run Deploy/python-tools.sh first: \(name) is not there.")
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let log = folder.appending(path: "log")
        try Data().write(to: log)

        let process = Process()
        process.executableURL = program
        process.currentDirectoryURL = folder
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = try FileHandle(forWritingTo: log)
        process.standardOutput = output
        process.standardError = output
        let status = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return (status, try String(contentsOf: log, encoding: .utf8))
    }

    /// Where it is, for who runs it beside a test.
    package static func program(_ name: String) -> URL {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return root.appending(path: ".build/python-tools/bin/\(name)")
    }
}

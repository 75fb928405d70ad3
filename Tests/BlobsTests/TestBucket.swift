import Foundation
import Support
import Testing

@testable import Blobs

/// A bucket of its own for one test, on a server that checks signatures (`s3_server.py`).
enum TestBucket {
    /// Runs one for the time of `body`. A server that stumbles refuses every second request for an object at first.
    static func run(stumbles: Bool = false, _ body: (S3Settings) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "s3-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let process = Process()
        process.executableURL = PythonTool.program("python")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "s3_server.py")
        process.arguments = ["-W", "ignore", script.path(), folder.path()] + (stumbles ? ["--stumble"] : [])
        // One line per request is too much to read.
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer { process.terminate() }
        let file = folder.appending(path: "server")
        try await eventually(within: .seconds(60)) { FileManager.default.fileExists(atPath: file.path()) }
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        try await body(
            S3Settings(endpoint: lines[0], region: "eu-central-1", bucket: lines[3], accessKey: lines[1], secretKey: lines[2]))
    }
}

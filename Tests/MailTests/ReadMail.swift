import Foundation
import Support
import Testing

/// A mail as Python's `email` package reads it.
struct ReadMail: Decodable {
    struct Part: Decodable {
        let content: String
        let id: String?
        let disposition: String?
        let name: String?
    }

    let headers: [[String]]
    let from: [String]
    let to: [String]
    let replyTo: [String]?
    let subject: String
    let seconds: Double
    let structure: [String]
    let parts: [String: Part]
    let defects: [String]
    let longest: Int
    let bare: Int
    let ascii: Bool

    func header(_ name: String) -> String? { headers.first { $0[0] == name }?[1] }

    static func read(_ mails: [[UInt8]]) async throws -> [ReadMail] {
        let lines = try await run("whole", mails.map { Data($0).base64EncodedString() })
        return try lines.map { try JSONDecoder().decode(ReadMail.self, from: Data($0.utf8)) }
    }

    /// Which of these have other headers than `names`, another subject, a control in a name, or another body than `body`.
    static func wrongHeads(_ mails: [(mail: [UInt8], subject: String)], names: [String]) async throws -> [Int] {
        let lines = mails.map { "\(Data($0.mail).base64EncodedString()) \(Data($0.subject.utf8).base64EncodedString())" }
        return try await run("heads", lines, [names.joined(separator: ",")]).compactMap { Int($0) }
    }

    private static func run(_ kind: String, _ lines: [String], _ arguments: [String] = []) async throws -> [Substring] {
        let file = FileManager.default.temporaryDirectory.appending(path: "mails-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover file harms nobody.
        try lines.joined(separator: "\n").write(to: file, atomically: false, encoding: .utf8)
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "read_mails.py")
        let (status, output) = try await PythonTool.run("python", ["-W", "ignore", script.path(), kind, file.path()] + arguments)
        try #require(status == 0, "\(output.suffix(2000))")
        return output.split(separator: "\n")
    }
}

import Foundation
import Mail
import Support
import Testing

/// A mail server of its own for one test: `smtp_server.py` says for which recipients it misbehaves, and how.
struct TestSMTPServer {
    struct Mail: Decodable {
        let connection: Int
        let tls: Bool
        let user: String?
        let from: String
        let to: String
        let content: Data
    }

    struct SignIn: Decodable {
        let user: String
        let accepted: Bool
    }

    let port: Int
    private let folder: URL
    let authorities: String

    /// As a client would be told of it.
    func settings(_ security: SMTPServer.Security, host: String = "localhost") -> SMTPServer {
        var server = SMTPServer(host: host, port: port, security: security)
        server.authorities = authorities
        server.connectTime = .seconds(10)
        server.dialogueTime = .seconds(20)
        return server
    }

    /// What it has taken, in order.
    var mails: [Mail] { get throws { try lines("mails") } }

    /// Who has tried to sign in, in order.
    var signIns: [SignIn] { get throws { try lines("sign-ins") } }

    private func lines<Line: Decodable>(_ name: String) throws -> [Line] {
        // No file: nothing has happened yet.
        guard let lines = try? String(contentsOf: folder.appending(path: name), encoding: .utf8) else { return [] }
        return try lines.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    var connectionsSoFar: Int { connections[0] }

    var openConnections: Int { connections[1] }

    private var connections: [Int] {
        // It is there from the start; a moment of renaming never hides it.
        let text = (try? String(contentsOf: folder.appending(path: "connections"), encoding: .utf8)) ?? ""
        let numbers = text.split(separator: " ").compactMap { Int($0) }
        return numbers.count == 2 ? numbers : [-1, -1]
    }

    /// Runs one for the time of `body`.
    static func run(_ options: [String: Any] = [:], security: SMTPServer.Security = .none, _ body: (TestSMTPServer) async throws -> Void)
        async throws
    {
        let folder = FileManager.default.temporaryDirectory.appending(path: "smtp-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let certificate = try await Certificate.shared.value
        var options = options
        options["security"] = security.rawValue
        if security != .none {
            options["certificate"] = certificate.certificate
            options["key"] = certificate.key
        }
        let process = Process()
        process.executableURL = PythonTool.program("python")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "smtp_server.py")
        process.arguments = [
            "-W", "ignore", script.path(), folder.path(),
            String(decoding: try JSONSerialization.data(withJSONObject: options), as: UTF8.self),
        ]
        try process.run()
        defer { process.terminate() }
        let file = folder.appending(path: "port")
        try await eventually { FileManager.default.fileExists(atPath: file.path()) }
        let port = try #require(Int(try String(contentsOf: file, encoding: .utf8)))
        try await body(TestSMTPServer(port: port, folder: folder, authorities: certificate.certificate))
    }
}

/// A self-signed certificate for `localhost`, made once.
private struct Certificate {
    let certificate: String
    let key: String

    static let shared = Task {
        let folder = FileManager.default.temporaryDirectory.appending(path: "certificate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let made = Certificate(certificate: folder.appending(path: "cert.pem").path(), key: folder.appending(path: "key.pem").path())
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-keyout", made.key, "-out", made.certificate,
        ]
        process.standardError = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        try #require(status == 0)
        return made
    }
}

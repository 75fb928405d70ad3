import Foundation
import Testing

/// A running `tenantry dev` and what its ready file told.
final class Dev: Sendable {
    let program: Program
    let folder: String
    let ready: Ready

    struct Ready: Decodable, Sendable {
        struct Tenant: Decodable, Sendable, Equatable {
            let slug, email, password: String
        }
        let api, operatorAPI, operatorToken, databaseURL, mailFolder: String
        let tenants: [Tenant]

        enum CodingKeys: String, CodingKey {
            case api, tenants
            case operatorAPI = "operator_api"
            case operatorToken = "operator_token"
            case databaseURL = "database_url"
            case mailFolder = "mail_dir"
        }
    }

    /// Starts it and waits until it is ready; a start that ends instead fails the test with what it wrote.
    init(in folder: String, _ arguments: [String] = ["--no-demo"], settings: [String] = []) async throws {
        let file = "\(folder)-ready.json"
        self.folder = folder
        // One of an earlier run, which was killed.
        unlink(file)
        let program = try Program(
            ["dev", "--data", folder, "--port", "0", "--ready-file", file] + arguments + ["--", "security.scrypt_log_n=10"] + settings)
        self.program = program
        let bytes = try await eventually("tenantry dev is ready") {
            try #require(kill(program.pid, 0) == 0 || FileManager.default.fileExists(atPath: file), "\(program.output)")
            return FileManager.default.contents(atPath: file)
        }
        ready = try JSONDecoder().decode(Ready.self, from: bytes)
    }

    /// Asks it to stop as an operator would, and answers how long that took. Whatever is left of its PostgreSQL fails the test.
    @discardableResult
    func stop(_ signal: Int32 = SIGTERM) async throws -> Duration {
        let clock = ContinuousClock()
        let time = await clock.measure {
            program.send(signal)
            let status = await program.end()
            #expect(status == 0, "\(program.output)")
        }
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/postgres/data/postmaster.pid"))
        return time
    }

    /// The number of its PostgreSQL.
    var postgres: Int32 {
        get throws {
            let text = try String(contentsOfFile: "\(folder)/postgres/data/postmaster.pid", encoding: .utf8)
            return try #require(text.split(separator: "\n").first.flatMap { Int32($0) })
        }
    }

    var operators: Client { Client(ready.operatorAPI, token: ready.operatorToken) }

    /// Provisions a tenant and signs its administrator in.
    func tenant(_ slug: String) async throws -> Client {
        let made = try await operators.call(
            "PUT", "/operator/v1/tenants/\(slug)",
            ["name": "Firm \(slug)", "admin": ["email": "ada@\(slug).example", "name": "Ada", "password": Self.password]])
        try #require(made.status == 201, "\(made)")
        return try await signedIn(slug, "ada@\(slug).example", Self.password)
    }

    func signedIn(_ slug: String, _ email: String, _ password: String) async throws -> Client {
        let session = try await Client(ready.api).call("POST", "/v1/session", ["tenant": slug, "email": email, "password": password])
        let answered = try session.text("token")
        let token: String = try #require(answered, "\(session)")
        return Client(ready.api, token: token)
    }

    static let password = "correct horse battery staple"
}

/// Asks again and again until there is an answer; there is a limit, after which the test fails.
func eventually<Answer>(
    _ what: String, within limit: Duration = .seconds(60), _ question: () async throws -> Answer?
) async throws -> Answer {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if let answer = try await question() { return answer }
        try await Task.sleep(for: .milliseconds(50))
    }
    throw Never(what: what)
}

private struct Never: Error, CustomStringConvertible {
    let what: String
    var description: String { "It never happened: \(what)" }
}

/// A place for one `dev`, gone with the test.
final class Place: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/tenantry-e2e-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // A failed test may have left something in use; the folder is in /tmp.
        try? FileManager.default.removeItem(atPath: path)
        unlink("\(path)-ready.json")
    }
}

import CRM
import Foundation
import Jobs
import Logging
import Records
import ServiceLifecycle
import Support
import Testing

@testable import Server

/// The server against its own OpenAPI document, tried by Schemathesis with all checks.
///
/// What it tries follows from a seed, so that a failure can be seen again: `TENANTRY_SCHEMATHESIS_SEED`, 1 unless said otherwise.
/// `positive_data_acceptance` is left out by design: a well-formed reference to nothing is 422 (API.md).
@Suite("The API keeps what its OpenAPI document promises") struct SchemathesisTests {
    @Test("Tenants' side, but for the ways in and out", .timeLimit(.minutes(10)))
    func records() async throws {
        try await withServer { site, origin in
            let firm = try await site.firm()
            let key = try await firm.admin().post("/v1/api_keys", ["name": "tester", "role_id": .string(try await firm.roleID("admin"))])
            let token = try #require(try key.json["key"]?.string)

            // A key that the test itself may delete would end the test; the next one tries those calls.
            try await run("\(origin)/v1/openapi.json", token, ["--exclude-path-regex", "^/v1/(session|api_keys|events$|test/)"])
        }
    }

    @Test("Sessions and keys", .timeLimit(.minutes(10)))
    func session() async throws {
        try await withServer { site, origin in
            let firm = try await site.firm()
            let token = try #require(try await site.stranger.post("/v1/session", firm.signInBody).json["token"]?.string)

            // Signing out and changing the password would end the test; SessionTests show them.
            try await run(
                "\(origin)/v1/openapi.json", token,
                [
                    "--include-path-regex", "^/v1/(session|api_keys)", "--exclude-operation-id", "session.delete", "--exclude-operation-id",
                    "session.password",
                ])
        }
    }

    /// A worker does what falls due while the clock is moved.
    @Test("A test tenant's clock", .timeLimit(.minutes(10)))
    func clock() async throws {
        try await withServer { site, origin in
            let firm = try await site.firm()
            let token = try #require(try await site.stranger.post("/v1/session", firm.signInBody).json["token"]?.string)
            let handlers = StandingWork.handlers(RecordTypes.builtIn, site.installation)
            let worker = Worker(
                site.installation, handlers: handlers, settings: WorkerSettings(),
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await worker.run() }
                defer { group.cancelAll() }
                try await run("\(origin)/v1/openapi.json", token, ["--include-path-regex", "^/v1/test/"])
            }
        }
    }

    @Test("Operators' side", .timeLimit(.minutes(10)))
    func operators() async throws {
        try await withServer { site, origin in
            let token = try #require(site.tokens[.admin])

            try await run("\(origin)/operator/v1/openapi.json", token, [])
        }
    }

    /// A server with a socket, on an installation of its own, for as long as `work` runs.
    private func withServer(_ work: (TestSite, String) async throws -> Void) async throws {
        let site = try await TestSite(TestHouse.open(), .test)
        let (ports, opened) = AsyncStream.makeStream(of: Int.self)
        var settings = ServerSettings.test
        settings.port = 0
        let logger = Logger(label: "schemathesis") { _ in SwiftLogNoOpLogHandler() }
        let server = TenantryServer(site.installation, settings: settings, logger: logger) { opened.yield($0.port) }
        let group = ServiceGroup(services: [server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = await ports.first { _ in true }
            try await work(site, "http://127.0.0.1:\(try #require(port))")
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func run(_ document: String, _ token: String, _ options: [String]) async throws {
        let (status, text) = try await PythonTool.run(
            "schemathesis",
            [
                "run", document, "--header", "Authorization: Bearer \(token)", "--checks", "all", "--exclude-checks",
                "positive_data_acceptance", "--max-examples", "12", "--continue-on-failure", "--no-color", "--warnings",
                "off", "--seed",
                ProcessInfo.processInfo.environment["TENANTRY_SCHEMATHESIS_SEED"] ?? "1",
            ] + options)

        #expect(status == 0, "\(text.suffix(6_000))")
        #expect(text.contains("generated"), "Nothing was tried: \(text.suffix(2_000))")
    }
}

import Foundation
import Testing

@testable import Settings

@Suite("Settings") struct SettingsTests {
    @Test("Without a word from anyone the defaults hold") func defaults() {
        let settings = Settings()

        #expect(settings.poolConnections == 4)
        #expect(settings.listen == ListenAddress(host: "127.0.0.1", port: 8080))
        #expect(settings.databaseURL == nil)
        #expect(settings.poolWait == .seconds(5))
        #expect(!settings.isSet(\.poolConnections))
    }

    @Test("The command line outranks the environment, and that the file, and that what a command presumes") func order() throws {
        let file = try TemporaryFile("pool: {connections: 5, statements: 50}\nsecurity.session_hours: 3\nlog:\n  level: debug\n")
        var settings = try Settings(
            commandLine: ["pool.connections=7"],
            environment: ["TENANTRY_POOL_CONNECTIONS": "6", "TENANTRY_POOL_STATEMENTS": "60", "PATH": "/bin"],
            file: file.path)
        settings.presume(\.httpServerTiming, "true", by: "dev")
        settings.presume(\.logLevel, "error", by: "dev")

        #expect(settings.poolConnections == 7)
        #expect(settings.poolStatements == 60)
        #expect(settings.sessionHours == .seconds(3 * 3600))
        #expect(settings.logLevel == .debug)
        #expect(settings.httpServerTiming)
        let origins = Dictionary(uniqueKeysWithValues: settings.report.map { ($0.declaration.name, $0.origin) })
        #expect(origins["pool.connections"] == .commandLine)
        #expect(origins["pool.statements"] == .environment(variable: "TENANTRY_POOL_STATEMENTS"))
        #expect(origins["log.level"] == .file(path: file.path, line: 4))
        #expect(origins["http.server_timing"] == .presumed(by: "dev"))
        #expect(origins["listen"] == .initial)
    }

    @Test(
        "A name that nobody knows is refused with the nearest known one",
        arguments: [
            ("pool.conections=4", "pool.connections"), ("databse_url=postgresql://x", "database_url"), ("level=info", "log.level"),
        ])
    func unknown(word: String, meant: String) {
        let refusal = #expect(throws: SettingsRefusal.self) { try Settings(commandLine: [word]) }

        #expect(refusal?.description.contains("Did you mean `\(meant)`?") == true)
    }

    @Test("A variable with our prefix that nobody knows is refused, Kubernetes' service links are not") func variables() throws {
        let refusal = #expect(throws: SettingsRefusal.self) { try Settings(environment: ["TENANTRY_LOG_LEVL": "info"]) }

        #expect(refusal?.description.contains("log.level") == true)
        _ = try Settings(environment: [
            "TENANTRY_SERVICE_HOST": "10.0.0.1", "TENANTRY_SERVICE_PORT": "80", "TENANTRY_PORT": "tcp://10.0.0.1:80",
            "TENANTRY_PORT_80_TCP_ADDR": "10.0.0.1", "TENANTRY_CONFIG": "/etc/tenantry.yaml",
        ])
    }

    @Test("All problems are told at once, each with its place") func everyProblem() throws {
        let file = try TemporaryFile("pool:\n  wait_seconds: 0\n  size: 4\n")

        let refusal = #expect(throws: SettingsRefusal.self) {
            try Settings(commandLine: ["listen"], environment: ["TENANTRY_LOG_FORMAT": "xml"], file: file.path)
        }

        #expect(refusal?.problems.count == 4)
        #expect(refusal?.description.contains("\(file.path):2: `pool.wait_seconds` is seconds from 1 to 300; `0` is not.") == true)
        #expect(refusal?.description.contains("TENANTRY_LOG_FORMAT: `log.format` is one of auto, text, json; `xml` is not.") == true)
    }

    @Test("A file that is missing, is no YAML, or is a list is refused by name") func badFiles() throws {
        for text in ["a: b: c", "- listen", "listen: 1\nlisten: 2"] {
            let file = try TemporaryFile(text)
            let refusal = #expect(throws: SettingsRefusal.self) { try Settings(file: file.path) }
            #expect(refusal?.description.contains(file.path) == true)
        }
        #expect(throws: SettingsRefusal.self) { try Settings(file: "/nowhere/tenantry.yaml") }
    }

    @Test("An empty file and an empty value say nothing") func emptyFile() throws {
        let empty = try TemporaryFile("# only a comment\n")
        let unset = try TemporaryFile("base_domain:\n")

        #expect(try !Settings(file: empty.path).isSet(\.baseDomain))
        #expect(try !Settings(file: unset.path).isSet(\.baseDomain))
    }

    @Test(
        "Secrets are never printed",
        arguments: [
            "postgresql://app:hunter2@db.example.com/tenantry", "postgresql://app@db/tenantry?password=hunter2&sslmode=require",
            "host=db user=app password=hunter2", "host=db password='hunter2 x' user=app",
        ])
    func secrets(address: String) throws {
        let key = String(repeating: "hunter2", count: 5)

        let settings = try Settings(commandLine: ["database_url=\(address)", "secret_key=\(key)", "mail.smtp.password=hunter2"])

        #expect(settings.databaseURL == address)
        let printed = settings.report.compactMap(\.value).joined(separator: "\n")
        #expect(!printed.contains("hunter2"))
        #expect(printed.contains("db"))
    }

    @Test("A secret that is refused is not printed either") func refusedSecret() {
        let refusal = #expect(throws: SettingsRefusal.self) { try Settings(commandLine: ["secret_key=short-secret"]) }

        #expect(refusal?.description.contains("short-secret") == false)
    }

    @Test("Lists come with commas or as YAML") func lists() throws {
        let file = try TemporaryFile("http:\n  cors_origins: [https://a.example, https://b.example]\n")

        let settings = try Settings(commandLine: ["http.trusted_proxies=10.0.0.0/8, ::1"], file: file.path)

        #expect(settings.httpCORSOrigins == ["https://a.example", "https://b.example"])
        #expect(settings.httpTrustedProxies == ["10.0.0.0/8", "::1"])
        #expect(throws: SettingsRefusal.self) { try Settings(commandLine: ["http.trusted_proxies=10.0.0.0/33"]) }
    }

    @Test(
        "Addresses are a host and a port",
        arguments: [
            ("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:8080", "::1", 8080), ("localhost:65535", "localhost", 65_535),
        ])
    func addresses(text: String, host: String, port: Int) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
        #expect(ListenAddress(text)?.description == text)
    }

    @Test("What is no address is refused", arguments: ["8080", ":8080", "::1:8080", "localhost:65536", "localhost:-1", "localhost:"])
    func noAddresses(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test("Every setting is declared once, explains itself, takes its own default, and has a variable of its own") func declarations() {
        let all = KnownSettings.all

        #expect(all.count > 30)
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(Set(all.map(\.variable)).count == all.count)
        for setting in all {
            #expect(setting.help.hasSuffix("."), "\(setting.name)")
            #expect(setting.initial.map(setting.accepts) ?? true, "\(setting.name)")
            #expect(setting.name.wholeMatch(of: /[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*/) != nil, "\(setting.name)")
        }
    }
}

/// A file that is gone with the test.
final class TemporaryFile {
    let path = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString).yaml").path

    init(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }

    deinit { unlink(path) }
}

import HTTPTypes
import Logging
import Records
import Support
import Synchronization
import Testing

@testable import Server

@Suite("The front") struct FrontTests {
    @Test("The process says that it is alive, and that requests can be served") func health() async throws {
        let client = try await TestSite.shared.stranger

        let alive = try await client.get("/healthz")
        let ready = try await client.get("/readyz")

        #expect(alive.status == 200)
        #expect(try alive.json == ["status": "ok"])
        #expect(ready.status == 200)
    }

    @Test("HEAD is GET without a body") func head() async throws {
        let client = try await TestSite.shared.stranger

        let answer = try await client.send(.head, "/healthz")

        #expect(answer.status == 200)
        #expect(answer.bytes.isEmpty)
        #expect(answer.headers[.contentLength] == "15")
    }

    @Test(
        "An address that does not exist is a problem document",
        arguments: [
            "/nothing", "/v1", "/v1/", "/v1//session", "/v1/session/", "//v1/session", "/%zz", "/%ff", "/v1/%00", "*",
        ])
    func unknownAddress(path: String) async throws {
        let client = try await TestSite.shared.stranger

        let answer = try await client.get(path)

        #expect(answer.status == 404)
        #expect(answer.headers[.contentType] == "application/problem+json")
        #expect(answer.code == "not_found")
        #expect(try answer.json["instance"] == .string(path))
        #expect(try answer.json["request_id"]?.string == answer.headers[.requestID])
    }

    @Test(
        "A method that an address does not have is refused with those it has", arguments: ["DELETE", "PATCH", "TRACE", "OPTIONS", "BREW"])
    func unknownMethod(name: String) async throws {
        let client = try await TestSite.shared.stranger
        let method = try #require(HTTPRequest.Method(name))

        let answer = try await client.send(method, "/healthz")

        #expect(answer.status == 405)
        #expect(answer.code == "method_not_allowed")
        #expect(answer.headers[.allow] == "GET, HEAD")
    }

    @Test("Every answer bears the standing headers, a date and a request id") func standingHeaders() async throws {
        let client = try await TestSite.shared.stranger

        for path in ["/healthz", "/nothing", "/v1/session"] {
            let answer = try await client.get(path)
            #expect(answer.headers[.xContentTypeOptions] == "nosniff")
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(answer.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
            #expect(answer.headers[.referrerPolicy] == "no-referrer")
            #expect(answer.headers[.frameOptions] == "DENY")
            #expect(answer.headers[.strictTransportSecurity] == nil)
            #expect(answer.headers[.date]?.hasSuffix("GMT") == true)
            #expect(answer.headers[.requestID]?.isEmpty == false)
            #expect(answer.headers[.accessControlAllowOrigin] == nil)
        }
    }

    @Test("A sane request id is echoed, another is replaced") func requestID() async throws {
        let client = try await TestSite.shared.stranger

        #expect(try await client.with(.requestID, "abc-1.2_3").get("/healthz").headers[.requestID] == "abc-1.2_3")
        for strange in ["", "two words", "a\tb", "<x>", String(repeating: "x", count: 129)] {
            let id = try await client.with(.requestID, strange).get("/healthz").headers[.requestID]
            #expect(id != strange && id?.isEmpty == false)
        }
    }

    @Test("A request is one line in the log: which it was, whose, what came of it, and nothing that lets anybody in") func log()
        async throws
    {
        let written = WrittenLog()
        let site = try await TestSite(TestHouse.installation, .test, log: written.logger)
        let firm = try await site.firm()
        let client = try await firm.admin()
        let id = "log-" + TestSite.unique()

        let read = try await client.with(.requestID, id).get("/v1/contacts?limit=1")
        let lost = try await client.get("/v1/contacts/\(TestSite.unique())")
        let strange = try await site.stranger.get("/nothing/here")

        let line = try #require(written.lines.first { $0.facts["request_id"] == id })
        #expect(read.status == 200 && written.lines.count { $0.facts["request_id"] == id } == 1)
        #expect(line.level == .info && line.message == "GET /v1/contacts")
        #expect(line.facts["tenant"] == firm.slug && line.facts["method"] == "GET" && line.facts["status"] == "200")
        #expect(line.facts["route"]?.hasPrefix("/v1/") == true && line.facts["ms"].flatMap { Double($0) } != nil)
        let refused = written.lines.filter { $0.facts["request_id"] == lost.headers[.requestID] }
        #expect(refused.map { $0.facts["status"] } == ["404"] && refused.map { $0.facts["tenant"] } == [firm.slug])
        let nobody = written.lines.filter { $0.facts["request_id"] == strange.headers[.requestID] }
        #expect(nobody.map(\.message) == ["GET /nothing/here"] && nobody.allSatisfy { $0.facts["tenant"] == nil })
        let token = try #require(client.credential?.text)
        let all = written.lines.map { "\($0.message) \($0.facts)" }.joined()
        #expect(!all.contains(token) && !all.contains(TestSite.password))
    }

    @Test("An address or headers beyond the bounds are refused") func sizes() async throws {
        let client = try await TestSite.shared.stranger

        let long = try await client.get("/healthz?" + String(repeating: "x", count: 8200))
        let heavy = try await client.with(.userAgent, String(repeating: "x", count: 33_000)).get("/healthz")

        #expect(long.status == 414)
        #expect(long.code == "address_too_long")
        #expect(heavy.status == 431)
        #expect(heavy.code == "headers_too_large")
    }

    @Test(
        "An answer that the client does not want is refused",
        arguments: [
            ("text/html", 406), ("application/xml, text/*", 406), ("application/json;q=0", 406), ("application/json;q=0, */*", 200),
            ("*/*", 200), ("application/*", 200), ("application/problem+json", 200), ("text/html, application/json;q=0.1", 200), ("", 200),
        ])
    func accept(header: String, status: Int) async throws {
        let client = try await TestSite.shared.stranger

        let answer = try await client.with(.accept, header).get("/healthz")

        #expect(answer.status == status)
        #expect(answer.headers[.contentType]?.hasPrefix("application/") == true)
    }

    @Test("A query parameter that is unknown, repeated or badly encoded is refused and named") func query() async throws {
        let site = try await TestSite.shared
        let client = site.operator()

        let unknown = try await client.get("/operator/v1/tenants?limt=3")
        let twice = try await client.get("/operator/v1/tenants?limit=3&limit=4")
        let broken = try await client.get("/operator/v1/tenants?q=%zz")
        let nul = try await client.get("/operator/v1/tenants?q=%00")

        for (answer, name) in [(unknown, "limt"), (twice, "limit"), (broken, "%zz"), (nul, "%00")] {
            #expect(answer.status == 400)
            #expect(answer.code == "malformed")
            #expect(answer.text.contains(name))
        }
    }

    @Test("A number in the query is never clamped", arguments: ["0", "201", "-1", "1.5", "x", "+5", "99999999999999999999", "٣", ""])
    func numbers(text: String) async throws {
        let client = try await TestSite.shared.operator()

        let answer = try await client.get("/operator/v1/tenants?limit=\(text.replacing("+", with: "%2B").replacing("٣", with: "%D9%A3"))")

        #expect(answer.status == 400)
        #expect(answer.code == "malformed")
    }

    @Test("Times are told only where configured, and never with 401 or 404") func timing() async throws {
        let open = try await TestSite.open { $0.showsTiming = true }
        let closed = try await TestSite.shared

        #expect(try await open.stranger.get("/healthz").headers[.serverTiming]?.hasPrefix("total;dur=") == true)
        #expect(try await open.stranger.get("/nothing").headers[.serverTiming] == nil)
        #expect(try await open.stranger.get("/v1/session").headers[.serverTiming] == nil)
        #expect(try await closed.stranger.get("/healthz").headers[.serverTiming] == nil)
    }

    @Test("With TLS browsers are told to stay with it") func transportSecurity() async throws {
        let site = try await TestSite.open { $0.isSecure = true }

        #expect(try await site.stranger.get("/healthz").headers[.strictTransportSecurity]?.hasPrefix("max-age=") == true)
    }

    @Test("Pages of configured origins may call, others may not") func crossOrigin() async throws {
        let site = try await TestSite.open { $0.origins = ["https://app.example.com"] }
        let ours = site.stranger.with(.origin, "https://app.example.com")
        let other = site.stranger.with(.origin, "https://evil.example.com")

        let answer = try await ours.get("/healthz")
        let preflight = try await ours.with(.accessControlRequestMethod, "PATCH").send(.options, "/v1/contacts/x")
        let refused = try await other.with(.accessControlRequestMethod, "PATCH").send(.options, "/healthz")

        #expect(answer.headers[.accessControlAllowOrigin] == "https://app.example.com")
        #expect(answer.headers[.vary] == "Origin")
        #expect(preflight.status == 204)
        #expect(preflight.headers[.allowedMethods]?.contains("PATCH") == true)
        #expect(refused.status == 405)
        #expect(try await other.get("/healthz").headers[.accessControlAllowOrigin] == nil)
    }
}

/// Keeps what is written to it.
private final class WrittenLog: Sendable {
    struct Line: Sendable {
        let level: Logger.Level
        let message: String
        let facts: [String: String]
    }

    private let kept = Mutex<[Line]>([])

    var lines: [Line] { kept.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Pen(paper: self) } }

    private struct Pen: LogHandler {
        let paper: WrittenLog
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let facts = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
            let line = Line(level: event.level, message: "\(event.message)", facts: facts)
            paper.kept.withLock { $0.append(line) }
        }
    }
}

import Logging
import Postgres
import Records
import Secrets
import Support
import Tenancy
import Testing

@testable import Server

@Suite("Trouble behind the door") struct TroubleTests {
    @Test("Without a database nobody hears more than that it is too busy") func unreachable() async throws {
        let client = Client(try front { $0.ownerURL = "postgresql://nobody@/nowhere?host=/no/such/folder" })
        let credential = Credential.mint(.session, slug: "some-firm").text

        let ready = try await client.get("/readyz")
        let person = try await client.bearing(credential).get("/v1/contacts")
        let signIn = try await client.post("/v1/session", ["tenant": "some-firm", "email": "a@example.com", "password": "x"])

        #expect(try await client.get("/healthz").status == 200)
        for answer in [ready, person, signIn] {
            #expect(answer.status == 503 && answer.code == "overloaded")
            #expect(answer.headers[.retryAfter] != nil)
            #expect(!answer.text.contains("folder") && !answer.text.contains("nobody"))
        }
    }

    @Test("A database that was never migrated is not ready") func unmigrated() async throws {
        let url = try await TestHouse.database()
        let client = Client(try front { $0.ownerURL = url })

        #expect(try await client.get("/readyz").status == 503)
    }

    @Test("A tenant in quarantine answers that it is being mended, and nothing about why") func quarantine() async throws {
        let firm = try await TestSite.shared.firm()
        let client = try await firm.admin()
        let installation = firm.site.installation
        let owner = PipelinePool(ConnectionSettings(url: installation.settings.ownerURL), PoolSettings(name: "test", connections: 1))
        let following = Task { await installation.run() }

        _ = try await owner.run(
            Unit(["UPDATE control.tenants SET quarantined_reason = 'secret', changed_at = clock_timestamp() WHERE slug = \(firm.slug)"]))

        try await eventually { try await client.get("/v1/session").status == 503 }
        for answer in [try await client.get("/v1/contacts"), try await firm.site.stranger.post("/v1/session", firm.signInBody)] {
            #expect(answer.status == 503 && answer.code == "maintenance")
            #expect(answer.headers[.retryAfter] == "60")
            #expect(!answer.text.contains("secret"))
        }
        #expect(try await firm.site.operator().get("/operator/v1/tenants/\(firm.slug)").json["maintenance"] == "secret")
        following.cancel()
        await following.value
        await owner.close()
    }

    /// A front on an installation that has not started.
    private func front(_ change: (inout InstallationSettings) -> Void) throws -> Front {
        var settings = InstallationSettings(ownerURL: "")
        settings.control.waitDeadline = .milliseconds(100)
        change(&settings)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let house = House(Installation(settings, log: logger), settings: .test, logger: logger)
        let figures = RouteFigures()
        return Front(Site(house).main(figures), house, figures: figures)
    }
}

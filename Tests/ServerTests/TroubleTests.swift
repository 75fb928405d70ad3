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

    @Test("When no connection comes free in time a request is refused as too much, and the next one is served")
    func full() async throws {
        let installation = try await TestHouse.open {
            $0.api.connections = 1
            $0.api.unitsInFlight = 1
            $0.api.waitDeadline = .seconds(1)
        }
        let site = try await TestSite(installation, .test)
        let scope = try await site.firm().scope()
        let client = try await site.firm().admin()
        #expect(try await client.get("/v1/contacts").status == 200)
        let slow = Task { try await scope.run(["SELECT pg_sleep(9)"]) }
        try await eventually { installation.figures.contains { $0.name == "api" && $0.inUse == 1 } }

        let answer = try await client.get("/v1/contacts")

        #expect(answer.status == 503 && answer.code == "overloaded" && answer.headers[.retryAfter] == "1", "\(answer.text)")
        slow.cancel()
        _ = await slow.result
        try await eventually { try await client.get("/v1/contacts").status == 200 }
    }

    @Test("A write whose confirmation is lost is told as an unknown outcome, and the broken connection is counted")
    func lost() async throws {
        let installation = try await TestHouse.open()
        let site = try await TestSite(installation, .test)
        let firm = try await site.firm()
        let client = try await firm.admin()
        let url = installation.settings.ownerURL.replacing("//tenantry@", with: "//postgres@")
        let superuser = ExclusivePool(ConnectionSettings(url: url), PoolSettings(name: "superuser", connections: 2))
        // From here on the commit of a new contact waits at a gate.
        let schema = try await firm.scope().tenant.schema
        try await superuser.outsideTransaction([
            SQL(
                code: """
                    CREATE FUNCTION public.gate() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(4711); RETURN NULL; END'
                    """),
            SQL(
                code: """
                    CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON \(schema).contacts DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION public.gate()
                    """),
        ])
        let waiting = """
            FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 4711
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """

        let answer = try await superuser.assembling { gate in
            _ = try await gate.rows(["SELECT pg_advisory_xact_lock(4711)"])
            async let write = client.post("/v1/contacts", ["last_name": "Lost"])
            try await eventually { try await superuser.transaction { try $0.rows(SQL(code: "SELECT 1 \(waiting)")).count } == 1 }
            try await superuser.outsideTransaction([SQL(code: "SELECT pg_terminate_backend(pid) \(waiting)")])
            return try await write
        }

        #expect(answer.status == 503 && answer.code == "outcome_unknown" && answer.headers[.retryAfter] == "1", "\(answer.text)")
        let counted = "tenantry_pool_retired_total{pool=\"api\",reason=\"broken\"} 1\n"
        try await eventually { try await Client(site.aside).get("/metrics").text.contains(counted) }
        await superuser.close()
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

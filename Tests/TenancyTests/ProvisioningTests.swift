import Foundation
import Postgres
import Secrets
import Testing

@testable import Tenancy

@Suite struct ProvisioningTests {
    @Test("A tenant is usable as soon as it is provisioned, as its own role in its own schema") func provision() async throws {
        try await withInstallation { installation in
            let made = try await installation.provisioning.provision(.sample("acme-eu"), by: .test)

            #expect(made.isNew)
            #expect(made.tenant.state == .active)
            #expect(made.tenant.schema == "t_acme_eu")
            #expect(made.tenant.plan == PlanKey(name: "free", version: 1))
            let known = try #require(installation.directory.known(slug: "acme-eu"))
            #expect(try installation.directory.plan(of: known).limits["users"] == 3)
            let row = try await installation.directory.scope(for: known).rows("SELECT current_user, current_schema, count(*) FROM users")[0]
            #expect(try row.text(0) == made.tenant.role)
            #expect(try row.text(1) == "t_acme_eu")
        }
    }

    @Test("An order without a plan gets the configured one, else the installation's, else free") func defaultPlan() async throws {
        try await withInstallation { installation in
            #expect(try await installation.provisioning.provision(.sample("first"), by: .test).tenant.plan.name == "free")
            try await installation.plans.setDefault("team")
            #expect(try await installation.provisioning.provision(.sample("second"), by: .test).tenant.plan.name == "team")
            var settings = installation.settings
            settings.defaultPlan = "business"
            let other = testInstallation(settings)
            try await other.start()
            #expect(try await other.provisioning.provision(.sample("third"), by: .test).tenant.plan.name == "business")
            await other.close()

            try await installation.plans.setDefault("golden")

            await #expect(throws: TenancyError.unknownPlan("golden")) {
                try await installation.provisioning.provision(.sample("fourth"), by: .test)
            }
        }
    }

    @Test("The same order again finds the tenant; another of the same name is a conflict") func idempotence() async throws {
        try await withInstallation { installation in
            let provisioning = installation.provisioning
            let first = try await provisioning.provision(.sample("acme"), by: .test)

            let again = try await provisioning.provision(.sample("acme"), by: .test)

            #expect(!again.isNew)
            #expect(again.tenant.id == first.tenant.id)
            await #expect(throws: TenancyError.conflict("acme")) {
                try await provisioning.provision(.sample("acme", fingerprint: "another"), by: .test)
            }
            #expect(try await installation.audit.entries(limit: 10).map(\.action) == ["provision"])
        }
    }

    @Test("What a tenant from elsewhere has in its cell is there before anyone may enter, and goes where the rest does not come")
    func belongings() async throws {
        struct Broken: Error {}
        try await withInstallation { (installation: Installation) async throws -> Void in
            await #expect(throws: Broken.self) {
                _ = try await installation.provisioning.restore(
                    .sample("acme"), schemaVersion: installation.settings.schema.tenant.latest, by: .test,
                    belongings: ["SELECT cell.keep_mail_logo('\\x01'::bytea)"], fill: { _ in }
                ) { _ in
                    #expect(try await Self.logos(of: installation) == 1)
                    throw Broken()
                }
            }

            #expect(try await Self.logos(of: installation) == 0)
            #expect(try await installation.provisioning.provision(.sample("acme"), by: .test).isNew)
        }
    }

    private static func logos(of installation: Installation) async throws -> Int {
        let cell = try #require(installation.cells.all.first?.name)
        return try await installation.cells.scope(of: cell).rows("SELECT count(*) FROM mail_logos")[0].int(0)
    }
    @Test("What the seed says stands in the fresh schema, written by the tenant's role; a seed that fails leaves nothing") func seed()
        async throws
    {
        try await withInstallation {
            $0.seed = { newcomer in
                if newcomer.tenant.slug == "broken" { return ["SELECT 1 / 0"] }
                return [
                    "CREATE TABLE notes (text text, written_by text DEFAULT current_user)",
                    "INSERT INTO notes (text) VALUES (\(newcomer.admin.email)), (\(newcomer.adminID.uuidString)), (\(newcomer.settings))",
                ]
            }
        } _: { installation in
            var order = ProvisionRequest.sample("acme")
            order.settings = "{}"
            let tenant = try await installation.provisioning.provision(order, by: .test).tenant
            let rows = try await installation.directory.scope(for: tenant).rows("SELECT text, written_by FROM notes")
            #expect(try rows.map { try $0.text(0) } == ["ada@acme.example", tenant.adminID.uuidString, "{}"])
            #expect(try rows.allSatisfy { try $0.text(1) == tenant.role })

            await #expect(throws: PostgresError.self) { try await installation.provisioning.provision(.sample("broken"), by: .test) }
            let half = try #require(try await installation.directory.find(slug: "broken"))
            #expect(half.state == .provisioning)
            #expect(throws: TenancyError.unknownTenant("broken")) { try installation.directory.scope(for: half) }
            let cell = try installation.cells.named("main")
            let left = try await cell.owner.transaction { try $0.rows("SELECT 1 FROM pg_roles WHERE rolname = \(half.role)").count }
            #expect(left == 0)
        }
    }

    @Test("A crash after any step is made good by the same order", arguments: Provisioning.Step.allCases)
    func resumption(step: Provisioning.Step) async throws {
        struct Crash: Error {}
        try await withInstallation { installation in
            var crashing = installation.provisioning
            crashing.afterStep = { if $0 == step { throw Crash() } }
            await #expect(throws: Crash.self) { try await crashing.provision(.sample("acme"), by: .test) }
            let routed = try await installation.directory.tenant(slug: "acme").map { $0.state.allowsReads } ?? false
            #expect(routed == (step == .opened))

            let made = try await installation.provisioning.provision(.sample("acme"), by: .test)

            #expect(made.tenant.state == .active)
            #expect(try await installation.directory.scope(for: made.tenant).rows("SELECT 1 FROM users").isEmpty)
            #expect(try await installation.audit.entries(limit: 10).map(\.action) == ["provision"])
        }
    }

    @Test("An order that an older program began and a newer one ends has the newer schema") func upgradeInBetween() async throws {
        struct Crash: Error {}
        try await withInstallation { installation in
            var crashing = installation.provisioning
            crashing.afterStep = { if $0 == .built { throw Crash() } }
            await #expect(throws: Crash.self) { try await crashing.provision(.sample("acme"), by: .test) }
            let newer = MigrationTests.newer(installation, MigrationTests.later("-- a test\nCREATE TABLE later (id uuid PRIMARY KEY);"))
            #expect(try await newer.migrate() == MigrationReport())

            let tenant = try await newer.provisioning.provision(.sample("acme"), by: .test).tenant

            #expect(tenant.schemaVersion == newer.settings.schema.tenant.latest)
            #expect(try await newer.directory.scope(for: tenant).rows("SELECT 1 FROM later").isEmpty)
            await newer.close()
        }
    }

    @Test("A server process that dies at any moment of provisioning leaves all of a tenant or nothing") func terminatedBackends()
        async throws
    {
        let superuser = PipelinePool(
            ConnectionSettings(url: try TestCluster.superuserURL()), PoolSettings(name: "superuser", connections: 1))
        try await withInstallation {
            $0.locks = LockPatience(deadline: .seconds(10))
        } _: { installation in
            let database = try await installation.control.rows("SELECT current_database()")[0].text(0)
            for round in 0..<12 {
                let slug = "acme-\(round)"
                try await withThrowingTaskGroup { group in
                    group.addTask {
                        for _ in 0..<Int.random(in: 0...20) { _ = try await superuser.run(Unit(["SELECT 1"])) }
                        _ = try await superuser.run(
                            Unit([
                                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \(database) AND usename = 'tenantry'"
                            ]))
                    }
                    group.addTask {
                        // Either outcome is right; what counts is what the next attempt finds.
                        _ = try? await installation.provisioning.provision(.sample(slug), by: .test)
                    }
                    try await group.waitForAll()
                }
                let made = try await installation.provisioning.provision(.sample(slug), by: .test)
                #expect(made.tenant.state == .active)
                #expect(try await installation.directory.scope(for: made.tenant).rows("SELECT 1 FROM users").isEmpty)
            }
        }
        await superuser.close()
    }

    @Test("Twenty callers with the same order get the same tenant, made once") func duplicates() async throws {
        try await withInstallation { installation in
            let made = try await withThrowingTaskGroup { group in
                for _ in 0..<20 { group.addTask { try await installation.provisioning.provision(.sample("acme"), by: .test) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(made.map(\.tenant.id)).count == 1)
            #expect(made.filter(\.isNew).count == 1)
        }
    }

    @Test("Fifty tenants ordered at once all come") func fifty() async throws {
        try await withInstallation { installation in
            let made = try await withThrowingTaskGroup { group in
                for number in 0..<50 {
                    group.addTask { try await installation.provisioning.provision(.sample("acme-\(number)"), by: .test) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(made.count { $0.isNew } == 50)
            #expect(installation.directory.tenants.count == 50)
        }
    }

    @Test("Plans, cells and names that do not exist or are full are refused, and leave no row") func refusals() async throws {
        try await withInstallation { installation in
            var order = ProvisionRequest.sample("acme")
            order.plan = "golden"
            await #expect(throws: TenancyError.unknownPlan("golden")) { try await installation.provisioning.provision(order, by: .test) }
            order = .sample("acme")
            order.cell = "elsewhere"
            await #expect(throws: TenancyError.unknownCell("elsewhere")) { try await installation.provisioning.provision(order, by: .test) }
            await #expect(throws: TenancyError.invalidSlug("www", reason: "This word is reserved.")) {
                try await installation.provisioning.provision(.sample("www"), by: .test)
            }
            _ = try await installation.control.run(["UPDATE cells SET tenant_limit = 2"])
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        do {
                            _ = try await installation.provisioning.provision(.sample("acme-\(number)"), by: .test)
                            return true
                        } catch TenancyError.cellFull(nil) {
                            return false
                        } catch {
                            Issue.record(error)
                            return false
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.filter(\.self).count == 2)
            #expect(try await installation.directory.find(slug: "acme") == nil)
        }
    }

    @Test("An order with trial days begins in trial and knows its end") func trial() async throws {
        try await withInstallation { installation in
            var order = ProvisionRequest.sample("acme")
            order.trialDays = 14
            order.isTest = true
            let tenant = try await installation.provisioning.provision(order, by: .test).tenant
            #expect(tenant.state == .trial)
            #expect(tenant.isTest)
            let days = try #require(tenant.trialEndsAt).timeIntervalSince(.now) / 86_400
            #expect(abs(days - 14) < 0.01)
        }
    }

    @Test("A fresh tenant stays within its budget of tables and catalogue rows, and has nothing that counts a thousand times") func budget()
        async throws
    {
        try await withInstallation { installation in
            let tenant = try await installation.provisioning.provision(.sample("acme"), by: .test).tenant
            let row = try await installation.cells.named("main").owner.transaction { transaction in
                try transaction.rows(
                    """
                    SELECT count(*) FILTER (WHERE relkind = 'r'),
                        count(*) + (SELECT count(*) FROM pg_class AS toast WHERE toast.oid IN (SELECT reltoastrelid FROM pg_class WHERE relnamespace = n.oid))
                            * 2,
                        count(*) FILTER (WHERE relkind = 'S'),
                        (SELECT count(*) FROM pg_proc WHERE pronamespace = n.oid),
                        (SELECT count(*) FROM pg_type WHERE typnamespace = n.oid AND typtype IN ('e', 'd'))
                    FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid WHERE nspname = \(tenant.schema) GROUP BY n.oid
                    """)
            }[0]
            #expect(try row.int(0) <= 40)
            #expect(try row.int(1) <= 220)
            for column in 2...4 { #expect(try row.int(column) == 0) }
        }
    }
}

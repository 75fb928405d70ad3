import Foundation
import Postgres
import Secrets
import Testing

@testable import Tenancy

@Suite struct CellTests {
    @Test("A second cell in another database takes tenants of its own, and one process serves both") func secondCell() async throws {
        try await withDatabase { second in
            try await withInstallation { installation in
                let cell = try await installation.cellList.add(name: "eu1", url: second, tenantLimit: 5, by: .test)
                #expect(cell.schemaVersion > 0)
                #expect(try await installation.cellList.add(name: "eu1", url: second, by: .test) == cell)

                var order = ProvisionRequest.sample("acme")
                order.cell = "eu1"
                let acme = try await installation.provisioning.provision(order, by: .test).tenant
                let other = try await installation.provisioning.provision(.sample("other"), by: .test).tenant

                #expect(acme.cell == "eu1")
                // The least full in proportion: main is empty, eu1 has one of five.
                #expect(other.cell == "main")
                for tenant in [acme, other] {
                    let scope = try installation.directory.scope(for: tenant)
                    #expect(try await scope.rows("SELECT current_schema")[0].text(0) == tenant.schema)
                }
                #expect(try await installation.isolation.run().failures == [])
                #expect(try await installation.cellList.all().map(\.tenants) == [1, 1])
                #expect(installation.figures.map(\.name).contains("api:eu1"))

                // Another process learns of both by itself.
                let there = testInstallation(installation.settings)
                try await there.start()
                #expect(try await there.directory.scope(for: acme).rows("SELECT 1 FROM users").isEmpty)
                await there.close()
            }
        }
    }

    @Test("A cell that cannot be prepared leaves nothing behind; a database is one cell only") func refusals() async throws {
        try await withInstallation { installation in
            for name in ["", "Main", "a-b", "1a", String(repeating: "x", count: 21)] {
                await #expect(throws: TenancyError.self) {
                    try await installation.cellList.add(name: name, url: "postgresql://", by: .test)
                }
            }
            let missing = try TestCluster.url(of: "no_such_database")
            await #expect(throws: PostgresError.self) { try await installation.cellList.add(name: "eu1", url: missing, by: .test) }
            // The database of the first cell, called otherwise.
            let error = await #expect(throws: TenancyError.self) {
                try await installation.cellList.add(name: "eu1", url: installation.settings.ownerURL + "&application_name=x", by: .test)
            }
            #expect(error?.message.contains("already holds a cell") == true)
            #expect(try await installation.cellList.all().map(\.cell.name) == ["main"])
        }
    }

    @Test("The login role may do nothing and has the password that the key gives; a new key gives a new one") func loginRole() async throws
    {
        try await withInstallation { installation in
            let before = try await installation.cellList.all()[0].cell
            #expect(before.loginRole.hasPrefix("tenantry_"))
            try await expectPassword(of: before.loginRole, installation)

            var settings = installation.settings
            settings.key = RandomBytes.make(32)
            let rekeyed = testInstallation(settings)
            let isComplete = try await rekeyed.migrate().isComplete
            #expect(isComplete)
            let after = try await rekeyed.cellList.all()[0].cell
            #expect(after.loginKeyCheck != before.loginKeyCheck)
            let isUpToDate = try await rekeyed.migrator.isUpToDate()
            #expect(isUpToDate)
            try await expectPassword(of: after.loginRole, rekeyed)
            await rekeyed.close()
        }
    }

    /// What the server keeps is the verifier of the password that our connections send.
    private func expectPassword(of role: String, _ installation: Installation) async throws {
        let superuser = PipelinePool(
            ConnectionSettings(url: try TestCluster.superuserURL()), PoolSettings(name: "superuser", connections: 1))
        let kept = try await superuser.run(Unit(["SELECT rolpassword FROM pg_authid WHERE rolname = \(role)"]))[0][0].text(0)
        await superuser.close()
        let salt = kept.split(separator: ":").last { $0.contains("$") }?.split(separator: "$").first.map(String.init) ?? ""
        let password = try await installation.identity.identity().loginPassword(of: role)
        let unpadded = salt.replacing("=", with: "")
        #expect(kept == ScramVerifier.make(password: password, salt: try #require(Base64.standard.decode(unpadded))))
    }

    @Test("An installation that was made with a configured key asks for it when it is missing") func missingKey() async throws {
        try await withDatabase { url in
            var settings = InstallationSettings(ownerURL: url)
            settings.key = RandomBytes.make(32)
            let made = testInstallation(settings)
            let isMade = try await made.migrate().isComplete
            #expect(isMade)
            await made.close()

            settings.key = nil
            let keyless = testInstallation(settings)
            let error = await #expect(throws: TenancyError.self) { try await keyless.start() }
            #expect(error?.message.contains("secret_key") == true)
            await keyless.close()
        }
    }
}

@Suite struct DoctorTests {
    @Test("The doctor is content with a fresh installation, but for what the test cluster does not have") func healthy() async throws {
        try await withInstallation {
            $0.key = RandomBytes.make(32)
        } _: { installation in
            _ = try await installation.tenantWithMarks("acme")
            let complaints = await installation.doctor.examine().filter { !$0.isFine }
            #expect(complaints.map(\.what) == ["fsync is off: a crash of the machine loses everything."])
        }
    }

    @Test("The doctor names what is wrong and what to do") func ill() async throws {
        try await withInstallation { installation in
            let acme = try await installation.tenantWithMarks("acme")
            _ = try await installation.control.run([
                "UPDATE tenants SET quarantined_reason = 'a test', changed_at = clock_timestamp()",
                "UPDATE cells SET tenant_limit = 1",
            ])
            try await installation.byHand("GRANT USAGE ON SCHEMA \(acme.schema) TO PUBLIC")
            let complaints = await installation.doctor.examine().filter { !$0.isFine }
            for part in [
                "closed for maintenance: a test", "1 of 1 tenants", "is open to everyone", "No secret_key", "older than this program",
            ] {
                #expect(complaints.contains { $0.what.contains(part) && $0.advice != nil }, "\(part)")
            }
        }
        var settings = InstallationSettings(ownerURL: "postgresql://tenantry@/x?host=/nonexistent")
        settings.control.waitDeadline = .milliseconds(200)
        let nowhere = testInstallation(settings)
        let findings = await nowhere.doctor.examine()
        #expect(findings.count == 1 && !findings[0].isFine)
        await nowhere.close()
    }
}

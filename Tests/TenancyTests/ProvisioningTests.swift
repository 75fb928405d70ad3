import Foundation
import Postgres
import Secrets
import Testing

@testable import Tenancy

@Suite struct ProvisioningTests {
    @Test("A tenant is usable as soon as it is provisioned") func provision() async throws {
        try await withInstallation { installation in
            let made = try await installation.provisioning.provision(.sample("acme-eu"), by: .test)

            #expect(made.isNew)
            #expect(made.tenant.state == .active)
            #expect(made.tenant.schema == "t_acme_eu")
            let known = try #require(installation.directory.known(slug: "acme-eu"))
            let scope = try installation.directory.scope(for: known)
            let row = try #require(try await scope.rows("SELECT current_user, current_schema, count(*) FROM users").first)
            #expect(try row.text(0) == made.tenant.role)
            #expect(try row.text(1) == "t_acme_eu")
        }
    }
}

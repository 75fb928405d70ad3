import Foundation
import Postgres
import Records
import Support
import Tenancy
import Testing

@testable import Server

@Suite("Migrations as operators see them") struct MigrationRouteTests {
    @Test("Each tenant's version is listed; one in quarantine says why, and is migrated again with a reason") func list() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let latest = JSON(site.installation.migrator.latest)
        let pool = ExclusivePool(
            ConnectionSettings(url: site.installation.settings.ownerURL), PoolSettings(name: "q", connections: 1))
        try await pool.outsideTransaction([
            """
            UPDATE control.tenants SET quarantined_reason = '0099-odd: no such column', changed_at = clock_timestamp()
            WHERE slug = \(firm.slug)
            """
        ])
        await pool.close()
        func mine(_ query: String) async throws -> JSON? {
            var address: String? = "/operator/v1/migrations?limit=200&\(query)"
            while let next = address {
                let page = try await site.operator(.viewer).get(next)
                if let one = try page.json["data"]?.elements?.first(where: { $0["tenant"] == .string(firm.slug) }) { return one }
                address = page.headers[.link].map { String($0.dropFirst().prefix { $0 != ">" }) }
            }
            return nil
        }

        let broken = try await mine("state=quarantined")
        let retry = "/operator/v1/migrations/\(firm.slug)/retry"
        let refused = try await site.operator(.viewer).post(retry, ["reason": "mended"])
        let mended = try await site.operator(.support).post(retry, ["reason": "mended"])

        #expect(broken?["reason"] == "0099-odd: no such column" && broken?["state"] == "quarantined")
        #expect(refused.status == 403)
        #expect(mended.status == 200)
        #expect(try mended.json["state"] == "current" && mended.json["reason"]?.isNull == true)
        let one = try await mine("state=current")
        #expect(one?["schema_version"] == latest && one?["latest"] == latest && one?["pending"] == 0 && one?["cell"] == "main")
        #expect(try await site.operator(.support).post(retry, [:]).pointers == ["/reason"])
        #expect(try await site.operator(.support).post("/operator/v1/migrations/no-such/retry", ["reason": "x"]).status == 404)
        #expect(try await site.operator().get("/operator/v1/migrations?state=odd").status == 400)
        #expect(try await firm.admin().get("/v1/contacts").status == 200)
    }
}

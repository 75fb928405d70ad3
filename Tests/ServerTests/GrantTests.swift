import Foundation
import Postgres
import Records
import Secrets
import Support
import Tenancy
import Testing

@testable import Server

@Suite("Breaking the glass") struct GrantTests {
    private static func give(_ firm: Firm, _ role: Operator.Role = .support, minutes: Int = 30) async throws -> Client.Answer {
        try await firm.site.operator(role).post(
            "/operator/v1/tenants/\(firm.slug)/grants", ["minutes": JSON(minutes), "reason": "ticket 4711"])
    }

    @Test("A grant opens one account for a while; the account reads of it and of everything done under it, with the operator's name")
    func visit() async throws {
        let firm = try await TestSite.shared.firm()
        let other = try await firm.site.firm()
        let given = try await Self.give(firm)
        let token = try #require(try given.json["token"]?.string)
        let visitor = firm.site.stranger.bearing(token)

        let made = try await visitor.post("/v1/contacts", ["last_name": "Found"])
        let read = try await visitor.get("/v1/contacts")

        #expect(given.status == 201 && token.hasPrefix("tg_\(firm.slug)_"))
        #expect(try given.json["expires_at"]?.string?.hasSuffix("Z") == true)
        #expect(made.status == 201 && read.status == 200)
        #expect(try made.json["created_by"]?["type"] == "operator")
        let admin = try await firm.admin()
        let audit = try await admin.get("/v1/audit").json["data"]?.elements ?? []
        let deeds = audit.filter { $0["action"] == "operator_access" }
        #expect(deeds.map { $0["detail"]?["method"]?.string } == ["GET", "POST"])
        #expect(deeds.allSatisfy { $0["actor"]?["name"]?.string?.hasPrefix("operator:support") == true })
        #expect(deeds.allSatisfy { $0["detail"]?["reason"] == "ticket 4711" && $0["detail"]?["path"] == "/v1/contacts" })
        let grant = try #require(audit.first { $0["action"] == "grant" })
        #expect(grant["actor"]?["name"]?.string?.hasPrefix("operator:support") == true && grant["detail"]?["reason"] == "ticket 4711")
        let stranger = try await visitor.with(.tenant, other.slug).get("/v1/contacts")
        #expect(stranger.status == 401)
        let theirs = try await other.admin().get("/v1/audit").json["data"]?.elements ?? []
        #expect(!theirs.contains { $0["action"] == "operator_access" })
    }

    @Test("After its end, its revocation, or the operator's, a grant opens nothing") func ends() async throws {
        let firm = try await TestSite.shared.firm()
        let site = firm.site
        let address = "/operator/v1/tenants/\(firm.slug)/grants"
        let name = "Ivy \(TestSite.unique())"
        let ivy = try await site.operator().post("/operator/v1/operators", ["name": .string(name), "role": "support"]).json
        let hers = Client(site.front).bearing(ivy["token"]?.string ?? "")
        func visitor(_ answer: Client.Answer) throws -> Client { site.stranger.bearing(try answer.json["token"]?.string ?? "") }
        let (revoked, expired) = (try await Self.give(firm), try await Self.give(firm))
        let orphaned = try await hers.post(address, ["minutes": 5, "reason": "x"])
        for answer in [revoked, expired, orphaned] { #expect(try await visitor(answer).get("/v1/contacts").status == 200) }

        let id = try revoked.json["id"]?.string ?? ""
        #expect(try await site.operator(.support).delete("\(address)/\(id)?reason=done").status == 204)
        let pool = ExclusivePool(
            ConnectionSettings(url: site.installation.settings.ownerURL), PoolSettings(name: "time", connections: 1))
        try await pool.outsideTransaction([
            "UPDATE control.grants SET expires_at = now() - interval '1 second' WHERE id = \(UUID(uuidString: try expired.json["id"]?.string ?? ""))"
        ])
        await pool.close()
        #expect(try await site.operator().delete("/operator/v1/operators/\(name.replacing(" ", with: "%20"))").status == 204)

        for answer in [revoked, expired, orphaned] {
            try await eventually { try await visitor(answer).get("/v1/contacts").status == 401 }
        }
        let list = try await site.operator(.viewer).get(address).json["data"]?.elements ?? []
        #expect(list.count == 3 && list.last?["id"] == .string(id) && list.last?["revoked_at"]?.string != nil)
        #expect(list.first?["actor"] == .string("operator:\(name)"))
    }

    @Test("Under a grant nobody's way in is made or changed, so nothing of it outlasts it") func waysIn() async throws {
        let firm = try await TestSite.shared.firm()
        let visitor = firm.site.stranger.bearing(try await Self.give(firm).json["token"]?.string ?? "")
        let role = try await firm.roleID("admin")
        let user = try await firm.scope().tenant.adminID.uuidString.lowercased()

        let attempts = [
            try await visitor.post("/v1/api_keys", ["name": "k", "role_id": .string(role)]),
            try await visitor.post("/v1/calendar/token", [:]),
            try await visitor.post(
                "/v1/users",
                ["email": "x@example.com", "name": "X", "role_id": .string(role), "password": .string(TestSite.password)]),
            try await visitor.patch("/v1/users/\(user)", ["password": "another long password"]),
            try await visitor.put("/v1/session/password", ["current": "x", "new": "another long password"]),
            try await visitor.post("/v1/roles", ["name": "R"]),
            try await visitor.post("/v1/users/batch", ["operations": [["op": "update", "id": .string(user), "body": ["name": "Y"]]]]),
        ]

        #expect(attempts.map(\.status) == Array(repeating: 403, count: attempts.count))
        #expect(try await firm.signIn(firm.email).get("/v1/session").status == 200)
    }

    @Test("Only support and above let themselves in, with a time and a reason, and into an account that there is") func refusals()
        async throws
    {
        let firm = try await TestSite.shared.firm()
        let address = "/operator/v1/tenants/\(firm.slug)/grants"
        let support = firm.site.operator(.support)

        #expect(try await Self.give(firm, .viewer).status == 403)
        #expect(try await support.post(address, [:]).pointers.sorted() == ["/minutes", "/reason"])
        #expect(try await support.post(address, ["minutes": 0, "reason": "x"]).pointers == ["/minutes"])
        #expect(try await support.post(address, ["minutes": 100_000, "reason": "x"]).pointers == ["/minutes"])
        #expect(try await support.post("/operator/v1/tenants/no-such/grants", ["minutes": 5, "reason": "x"]).status == 404)
        #expect(try await support.delete("\(address)/\(UUID().uuidString)").status == 404)
    }
}

import Foundation
import Records
import Support
import Testing

@testable import Server

@Suite("The account's own audit") struct AuditTests {
    @Test("It tells of sign-ins, failures, keys, settings, users, roles and operators, the newest first, to those who run the account")
    func everything() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        _ = try await firm.site.stranger.post(
            "/v1/session", ["tenant": .string(firm.slug), "email": .string(firm.email), "password": "not the password"])
        let role = try await admin.post("/v1/roles", ["name": "Own", "rights": ["contacts": ["read": "own"]]]).json
        let person = try await admin.post(
            "/v1/users",
            [
                "email": "p@example.com", "name": "P", "role_id": role["id"] ?? .null, "password": .string(TestSite.password),
            ]
        ).json
        let place = "/v1/users/\(person["id"]?.string ?? "")"
        _ = try await admin.patch(place, ["status": "disabled"])
        // Changes nothing, so there is nothing to tell.
        _ = try await admin.patch(place, ["status": "disabled"])
        let key = try await admin.post("/v1/api_keys", ["name": "K", "role_id": .string(try await firm.roleID("member"))]).json
        _ = try await admin.delete("/v1/api_keys/\(key["id"]?.string ?? "")")
        _ = try await admin.patch("/v1/settings", ["security": ["session_hours": 3]])
        _ = try await firm.site.operator().post("/operator/v1/tenants/\(firm.slug)/suspend", ["reason": "late"])

        let page = try await admin.get("/v1/audit?limit=200")

        let entries = try page.json["data"]?.elements ?? []
        #expect(
            entries.compactMap { $0["action"]?.string } == [
                "suspend", "settings_changed", "api_key_revoked", "api_key_created", "user_updated", "user_created", "role_created",
                "sign_in_failed", "sign_in", "provision",
            ])
        #expect(entries[0]["actor"]?["type"] == "operator" && entries[0]["detail"]?["reason"] == "late")
        #expect(entries[1]["detail"]?["fields"] == ["security.session_hours"] && entries[1]["address"] == "192.0.2.1")
        #expect(entries[3]["about"] == ["type": "api_keys", "id": key["id"] ?? .null])
        #expect(entries[4]["about"]?["id"] == person["id"] && entries[4]["detail"]?["fields"] == ["status"])
        #expect(entries[7]["actor"]?.isNull == true && entries[7]["address"] == "192.0.2.1")
        #expect(entries[8]["actor"]?["name"] == "Ada Admin")
        #expect(!page.text.contains("not the password") && !page.text.contains(TestSite.password))
    }

    @Test("It comes in pages, each entry once; a member may not read it; an undone change of rights is told") func pages() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        for number in 0..<7 { _ = try await admin.post("/v1/roles", ["name": .string("R\(number)")]) }
        for _ in 0..<2 {
            _ = try await firm.site.operator().post("/operator/v1/tenants/\(firm.slug)/suspend", ["reason": "a"])
            _ = try await firm.site.operator().post("/operator/v1/tenants/\(firm.slug)/resume", ["reason": "b"])
        }
        var seen: [String] = []
        var next: String? = "/v1/audit?limit=3"

        while let address = next {
            let page = try await admin.get(address)
            seen += try page.json["data"]?.elements?.compactMap { $0["id"]?.string } ?? []
            next = page.headers[.link].map { String($0.dropFirst().prefix { $0 != ">" }) }
        }

        #expect(seen.count == 7 + 4 + 1 + 1 && Set(seen).count == seen.count)
        #expect(try await firm.person("member").get("/v1/audit").status == 403)
        #expect(try await admin.get("/v1/audit?after=x").code == "cursor")
    }
}

import Foundation
import HTTPTypes
import Postgres
import Records
import Secrets
import Tenancy
import Testing

@testable import Server

@Suite("The door") struct DoorTests {
    @Test("Whatever is wrong with a credential, the answer is the same") func sameRefusal() async throws {
        let firm = try await TestSite.shared.firm()
        let stranger = firm.site.stranger.with(.requestID, "same")
        let good = try await firm.admin()
        #expect(try await good.get("/v1/session").status == 200)
        let headers = [
            "", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer \(Credential.mint(.session, slug: firm.slug).text)",
            "Bearer \(Credential.mint(.apiKey, slug: firm.slug).text)", "Bearer \(Credential.mint(.session, slug: "nobody-here").text)",
            "Bearer \(Credential.mint(.operator).text)", "Bearer \(firm.site.tokens[.admin] ?? "")",
            "Bearer ts_\(firm.slug)_" + String(repeating: "a", count: 49), "Bearer " + String(repeating: "x", count: 5000),
        ]

        var answers: [Client.Answer] = [try await stranger.get("/v1/session")]
        for header in headers { answers.append(try await stranger.with(.authorization, header).get("/v1/session")) }

        #expect(Set(answers.map(\.status)) == [401])
        #expect(Set(answers.map(\.text)).count == 1)
        #expect(answers.allSatisfy { $0.headers[.wwwAuthenticate] == "Bearer" })
    }

    @Test("Host and X-Tenant must agree with the credential") func agreement() async throws {
        let firm = try await TestSite.shared.firm()
        let client = try await firm.admin()

        #expect(try await client.with(.tenant, firm.slug).get("/v1/session").status == 200)
        #expect(try await client.with(.tenant, "another").get("/v1/session").status == 401)
        #expect(try await client.with(.tenant, "").get("/v1/session").status == 401)
        for host in [
            "\(firm.slug).crm.example.com", "\(firm.slug.uppercased()).CRM.example.com:8080", "crm.example.com", "localhost:80",
            "127.0.0.1",
            "[::1]:8080", "www.crm.example.com", "elsewhere.example.com",
        ] {
            #expect(try await client.at(host: host).get("/v1/session").status == 200, "\(host)")
        }
        #expect(try await client.at(host: "another.crm.example.com").get("/v1/session").status == 401)
    }

    @Test("At sign-in the body says the tenant, and the host must agree") func agreementAtSignIn() async throws {
        let firm = try await TestSite.shared.firm()
        let stranger = firm.site.stranger

        #expect(try await stranger.at(host: "\(firm.slug).crm.example.com").post("/v1/session", firm.signInBody).status == 201)
        #expect(try await stranger.at(host: "another.crm.example.com").post("/v1/session", firm.signInBody).status == 401)
        #expect(try await stranger.with(.tenant, "another").post("/v1/session", firm.signInBody).status == 401)
    }

    @Test("A cookie reads alone; a write needs proof that our own page asked") func cookies() async throws {
        let firm = try await TestSite.shared.firm()
        let begun = try await firm.site.stranger.post("/v1/session", firm.signInBody).json
        let token = begun["token"]?.string ?? ""
        let csrf = begun["csrf_token"]?.string ?? ""
        let browser = firm.site.stranger.with(.cookie, "theme=dark; tenantry_session=\(token); x=y")

        let shown = try await browser.get("/v1/session")
        #expect(shown.status == 200)
        #expect(try shown.json["csrf_token"] == .string(csrf))
        let without = try await browser.delete("/v1/session")
        #expect(without.status == 403 && without.code == "forbidden")
        #expect(try await browser.with(.csrfToken, "x").delete("/v1/session").status == 403)
        #expect(try await browser.with(.csrfToken, csrf).delete("/v1/session").status == 204)
    }

    @Test("Authorization wins over the cookie, even when it is wrong") func precedence() async throws {
        let firm = try await TestSite.shared.firm()
        let token = try await firm.site.stranger.post("/v1/session", firm.signInBody).json["token"]?.string ?? ""
        let cookie = firm.site.stranger.with(.cookie, "tenantry_session=\(token)")

        #expect(try await cookie.bearing("x").get("/v1/session").status == 401)
        #expect(try await cookie.bearing(token).delete("/v1/session").status == 204)
    }

    @Test("A tenant's state decides what its people may do") func states() async throws {
        let firm = try await TestSite.shared.firm()
        let client = try await firm.admin()
        let operators = firm.site.operator()
        let address = "/operator/v1/tenants/\(firm.slug)"

        #expect(try await operators.post(address + "/suspend", ["reason": "unpaid"]).status == 200)
        let write = try await client.post("/v1/contacts", ["last_name": "Miller"])
        #expect(write.status == 403 && write.code == "tenant_suspended")
        #expect(try await client.get("/v1/contacts").status == 200)
        #expect(try await client.post("/v1/contacts/search", [:]).status == 200)
        #expect(try await firm.admin().delete("/v1/session").status == 204)
        #expect(try await client.get("/v1/session").json["tenant"]?["state"] == "suspended")

        #expect(try await operators.post(address + "/resume", ["reason": "paid"]).status == 200)
        #expect(try await client.post("/v1/contacts", ["last_name": "Miller"]).status == 201)

        #expect(try await operators.post(address + "/schedule_deletion", ["reason": "left", "after": "P1D"]).status == 200)
        #expect(try await client.post("/v1/contacts", ["last_name": "Miller"]).code == "tenant_suspended")
        #expect(try await client.get("/v1/contacts").status == 200)

        _ = try await firm.site.installation.lifecycle.delete(firm.slug, by: Instruction(actor: "test"))
        #expect(try await client.get("/v1/session").status == 401)
        #expect(try await firm.site.stranger.post("/v1/session", firm.signInBody).status == 401)
    }

    @Test("Disabling a user, or taking a role's rights away, is in force within a second") func revocation() async throws {
        let firm = try await TestSite.shared.firm()
        let member = try await firm.person("member")
        #expect(try await member.get("/v1/session").status == 200)

        _ = try await firm.scope().run(["UPDATE users SET status = 'disabled' WHERE name = 'member'", Credentials.changed(firm.slug)])
        let start = ContinuousClock.now
        try await eventually { try await member.get("/v1/session").status == 401 }

        #expect(ContinuousClock.now - start < .seconds(1))
    }

    @Test("A warm request asks the database nothing but its own question") func warm() async throws {
        let firm = try await TestSite.shared.firm()
        let client = try await firm.admin()
        let scope = try await firm.scope()
        try await eventually {
            // Other tests' notifications may come between the two; the second look finds it remembered.
            _ = try await client.get("/v1/api_keys")
            let hash = try #require(client.credential).hash
            guard case .known = firm.site.house.principals.answer(hash, of: firm.slug, in: scope.tenant.cell) else { return false }
            return true
        }
    }
}

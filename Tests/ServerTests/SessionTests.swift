import Foundation
import HTTPTypes
import Postgres
import Records
import Secrets
import Tenancy
import Testing

@testable import Server

@Suite("Signing in") struct SessionTests {
    @Test("The right password begins a session, with a cookie for browsers") func signIn() async throws {
        let firm = try await TestSite.shared.firm()

        let answer = try await firm.site.stranger.post("/v1/session", firm.signInBody)

        #expect(answer.status == 201)
        let body = try answer.json
        let token = try #require(body["token"]?.string)
        #expect(token.hasPrefix("ts_\(firm.slug)_"))
        #expect(body["csrf_token"]?.string?.isEmpty == false)
        #expect(body["expires_at"]?.string?.hasSuffix("Z") == true)
        #expect(body["user"]?["email"] == .string(firm.email))
        #expect(body["user"]?["role"] == "admin")
        #expect(body["user"]?.members?.map(\.name) == ["id", "email", "name", "role_id", "role", "time_zone", "locale"])
        let cookie = try #require(answer.headers[.setCookie])
        #expect(cookie.hasPrefix("tenantry_session=\(token); "))
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"))
    }

    @Test("With TLS the cookie belongs to this host alone") func secureCookie() async throws {
        let site = try await TestSite.open { $0.isSecure = true }
        let firm = try await site.firm()

        let answer = try await site.stranger.post("/v1/session", firm.signInBody)
        let token = try answer.json["token"]?.string ?? ""

        let cookie = try #require(answer.headers[.setCookie])
        #expect(cookie.hasPrefix("__Host-tenantry_session=") && cookie.contains("; Secure") && cookie.contains("Path=/;"))
        #expect(try await site.stranger.with(.cookie, "__Host-tenantry_session=\(token)").get("/v1/session").status == 200)
        #expect(try await site.stranger.with(.cookie, "tenantry_session=\(token)").get("/v1/session").status == 401)
    }

    @Test("Whoever is signed in learns who he is and what he may do") func show() async throws {
        let firm = try await TestSite.shared.firm()

        let body = try await firm.person("member").get("/v1/session").json

        #expect(body["role"] == "member")
        #expect(body["rights"]?["*"]?["update"] == "own")
        #expect(body["admin"]?["users"] == false)
        #expect(body["tenant"] == ["slug": .string(firm.slug), "name": "Test Firm", "state": "active", "test": true])
        #expect(body["plan"] == ["name": "unlimited", "version": 1, "banner": nil])
        #expect(body["csrf_token"] == nil)
    }

    @Test("Unknown tenant, unknown e-mail, wrong password, disabled and invited users hear the same") func noEnumeration() async throws {
        let firm = try await TestSite.shared.firm()
        let disabled = try await firm.user("member")
        let invited = try await firm.user("member")
        _ = try await firm.scope().run([
            "UPDATE users SET status = 'disabled' WHERE email = \(disabled)",
            "UPDATE users SET status = 'invited', password_hash = NULL WHERE email = \(invited)",
        ])
        let attempts: [(String, String, String)] = [
            ("no-such-tenant", firm.email, TestSite.password), ("www", firm.email, TestSite.password), ("Ä", firm.email, "x"),
            (firm.slug, "nobody@example.com", TestSite.password), (firm.slug, firm.email, "wrong"),
            (firm.slug, disabled, TestSite.password),
            (firm.slug, invited, TestSite.password), (firm.slug, firm.email, TestSite.password + " "),
        ]

        var bodies: Set<JSON> = []
        for (slug, email, password) in attempts {
            let answer = try await firm.site.stranger.with(.requestID, "same").post(
                "/v1/session", ["tenant": .string(slug), "email": .string(email), "password": .string(password)])
            #expect(answer.status == 401)
            #expect(answer.headers[.wwwAuthenticate] == "Bearer")
            bodies.insert(try answer.json)
        }

        #expect(bodies.count == 1)
    }

    @Test("The e-mail's capitals do not matter, the password's do") func capitals() async throws {
        let firm = try await TestSite.shared.firm()

        #expect(try await firm.signIn(firm.email.uppercased()).get("/v1/session").status == 200)
        await #expect(throws: Unexpected.self) { try await firm.signIn(firm.email, TestSite.password.uppercased()) }
    }

    @Test("A body that breaks the model is refused with pointers") func invalid() async throws {
        let client = try await TestSite.shared.stranger

        let empty = try await client.post("/v1/session", [:])
        let wrong = try await client.post("/v1/session", ["tenant": 1, "email": "a\0b", "password": nil, "remember": true])

        #expect(empty.status == 422)
        #expect(empty.pointers == ["/tenant", "/email", "/password"])
        #expect(wrong.status == 422)
        #expect(Set(wrong.pointers) == ["/tenant", "/email", "/password", "/remember"])
    }

    @Test("Signing out ends the session at once and for good") func signOut() async throws {
        let client = try await TestSite.shared.firm().admin()
        #expect(try await client.get("/v1/session").status == 200)

        let answer = try await client.delete("/v1/session")

        #expect(answer.status == 204)
        #expect(answer.headers[.setCookie]?.contains("Max-Age=0") == true)
        try await eventually { try await client.get("/v1/session").status == 401 }
    }

    @Test("An expired session opens nothing, even while it is remembered") func expiry() async throws {
        let firm = try await TestSite.shared.firm()
        let client = try await firm.admin()
        #expect(try await client.get("/v1/session").status == 200)

        _ = try await firm.scope().run([
            "UPDATE sessions SET expires_at = now() + interval '300 milliseconds'", Credentials.changed(firm.slug),
        ])

        try await eventually { try await client.get("/v1/session").status == 401 }
    }

    @Test("A new password ends the other sessions and leaves a line in the change log") func changePassword() async throws {
        let firm = try await TestSite.shared.firm()
        let client = try await firm.admin()
        let other = try await firm.admin()
        #expect(try await other.get("/v1/session").status == 200)
        let new = "a much better pass phrase"

        let wrong = try await client.put("/v1/session/password", ["current": "wrong", "new": .string(new)])
        let short = try await client.put("/v1/session/password", ["current": .string(TestSite.password), "new": "short"])
        let right = try await client.put("/v1/session/password", ["current": .string(TestSite.password), "new": .string(new)])

        #expect(wrong.status == 422 && wrong.pointers == ["/current"])
        #expect(short.status == 422 && short.pointers == ["/new"])
        #expect(right.status == 204)
        #expect(try await client.get("/v1/session").status == 200)
        try await eventually { try await other.get("/v1/session").status == 401 }
        #expect(try await firm.signIn(firm.email, new).get("/v1/session").status == 200)
        await #expect(throws: Unexpected.self) { try await firm.signIn(firm.email) }
        let log = try await firm.scope().rows("SELECT fields::text FROM changes WHERE type = 'users' ORDER BY id DESC LIMIT 1")
        #expect(try log[0].text(0) == "{\"password\": {\"after\": null, \"before\": null}}")
    }

    @Test("A hash of another cost is renewed when the password is known") func renewal() async throws {
        let firm = try await TestSite.shared.firm()
        let old = await PasswordHash.of(TestSite.password, cost: ScryptCost(logN: 5, blockSize: 8, parallelism: 1)).text
        _ = try await firm.scope().run(["UPDATE users SET password_hash = \(old)"])

        _ = try await firm.admin()

        let now = try await firm.scope().rows("SELECT password_hash FROM users")[0].text(0)
        #expect(now.hasPrefix("$scrypt$ln=4,"))
        #expect(try await firm.admin().get("/v1/session").status == 200)
    }
}

/// Waits for a condition that another process or task brings about; fails after ten seconds.
func eventually(_ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("The condition did not come about.", sourceLocation: sourceLocation)
            return
        }
        await Task.yield()
    }
}

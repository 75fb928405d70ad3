import Foundation
import HTTPTypes
import Postgres
import Records
import Tenancy
import Testing

@testable import Server

@Suite("Settings take effect") struct SettingsEffectTests {
    @Test("Only the listed addresses get in, people and keys alike, within a second; nobody locks himself out") func addresses()
        async throws
    {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin().from("198.51.100.7")
        let key = try await admin.post("/v1/api_keys", ["name": "x", "role_id": .string(try await firm.roleID("member"))]).json["key"]?
            .string
        let program = firm.site.stranger.bearing(key ?? "").from("203.0.113.5")
        #expect(try await program.get("/v1/contacts").status == 200)

        let lockOut = try await admin.patch("/v1/settings", ["security": ["ip_allow": ["203.0.113.0/24"]]])
        let set = try await admin.patch("/v1/settings", ["security": ["ip_allow": ["198.51.100.0/24", "2001:db8::/32"]]])
        let start = ContinuousClock.now
        try await eventually { try await program.get("/v1/contacts").status == 403 }

        #expect(lockOut.status == 409 && lockOut.code == "conflict")
        #expect(set.status == 200)
        #expect(ContinuousClock.now - start < .seconds(1))
        #expect(try await program.get("/v1/contacts").code == "forbidden")
        #expect(try await program.from("198.51.100.9").get("/v1/contacts").status == 200)
        #expect(try await admin.from("2001:db8::9").get("/v1/contacts").status == 200)
        let elsewhere = try await firm.site.stranger.from("203.0.113.6").post("/v1/session", firm.signInBody)
        #expect(elsewhere.status == 403 && elsewhere.code == "forbidden")
        #expect(try await firm.site.stranger.from("198.51.100.3").post("/v1/session", firm.signInBody).status == 201)
    }

    @Test("Going back to a version that would lock its author out is refused") func revertingIntoLockOut() async throws {
        let firm = try await TestSite.shared.firm { $0.append(.init("settings", ["security": ["ip_allow": ["192.0.2.0/24"]]])) }
        let admin = try await firm.admin()
        #expect(try await admin.patch("/v1/settings", ["security": ["ip_allow": []]]).status == 200)
        try await eventually { try await admin.from("203.0.113.5").get("/v1/contacts").status == 200 }

        #expect(try await admin.from("203.0.113.5").post("/v1/settings/revert", ["version": 1]).status == 409)
        #expect(try await admin.post("/v1/settings/revert", ["version": 1]).status == 200)
    }

    @Test("Where If-Match is demanded, a change without it is refused") func requiredPrecondition() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let id = try await admin.post("/v1/contacts", ["last_name": "Ng"]).json["id"]?.string ?? ""
        #expect(try await admin.patch("/v1/settings", ["security": ["require_if_match": true]]).status == 200)

        try await eventually { try await admin.patch("/v1/contacts/\(id)", ["phone": "1"]).status == 428 }

        #expect(try await admin.patch("/v1/contacts/\(id)", ["phone": "1"]).code == "precondition_required")
        #expect(try await admin.delete("/v1/contacts/\(id)").status == 428)
        #expect(try await admin.patch("/v1/settings", ["currency": "CHF"]).status == 428)
        #expect(try await admin.with(.ifMatch, "*").patch("/v1/contacts/\(id)", ["phone": "2"]).status == 200)
        #expect(try await admin.with(.ifMatch, "*").delete("/v1/contacts/\(id)").status == 204)
        #expect(try await admin.with(.ifMatch, "\"2\"").patch("/v1/settings", ["security": ["require_if_match": false]]).status == 200)
    }

    @Test("A session lasts as long as the tenant says") func sessions() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        #expect(try await admin.get("/v1/settings").json["security"]?["session_hours"] == 12)
        #expect(try await admin.patch("/v1/settings", ["security": ["session_hours": 2]]).status == 200)

        let answer = try await firm.site.stranger.post("/v1/session", firm.signInBody)

        let expires = try #require(
            try answer.json["expires_at"]?.string.flatMap { try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse($0) })
        #expect(abs(expires.timeIntervalSinceNow - 7200) < 60)
        #expect(answer.headers[.setCookie]?.contains("Max-Age=7200;") == true)
    }

    @Test("A new password is as long as the tenant says, of oneself and of others") func passwords() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let (short, long) = ("only nineteen chars", "a pass phrase that is long enough")
        #expect(try await admin.patch("/v1/settings", ["security": ["password_min": 20]]).status == 200)
        let user: [JSON.Member] = [
            .init("email", .string("new@\(firm.slug).example")), .init("name", "New"),
            .init("role_id", .string(try await firm.roleID("member"))),
        ]

        let refused = try await admin.post("/v1/users", .object(user + [.init("password", .string(short))]))
        let made = try await admin.post("/v1/users", .object(user + [.init("password", .string(long))]))
        let id = try made.json["id"]?.string ?? ""
        let patched = try await admin.patch("/v1/users/\(id)", ["password": .string(short)])

        #expect(refused.status == 422 && refused.pointers == ["/password"])
        #expect(made.status == 201)
        #expect(patched.status == 422 && patched.pointers == ["/password"])
        try await eventually {
            let own = try await admin.put("/v1/session/password", ["current": .string(TestSite.password), "new": .string(short)])
            return own.status == 422 && own.pointers == ["/new"]
        }
    }
}

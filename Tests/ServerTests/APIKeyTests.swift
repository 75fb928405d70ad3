import Foundation
import HTTPTypes
import Postgres
import Records
import Secrets
import Tenancy
import Testing

@testable import Server

@Suite("API keys") struct APIKeyTests {
    @Test("A key is shown once, works, and is listed without its secret") func create() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()

        let made = try await admin.post("/v1/api_keys", ["name": "Website", "role_id": .string(try await firm.roleID("member"))])
        #expect(made.status == 201)
        let body = try made.json
        let key = try #require(body["key"]?.string)
        let id = try #require(body["id"]?.string)
        #expect(made.headers[.location] == "/v1/api_keys/\(id)")
        #expect(key.hasPrefix("tk_\(firm.slug)_"))
        #expect(key.hasPrefix(body["prefix"]?.string ?? "-"))

        let program = firm.site.stranger.bearing(key)
        #expect(try await program.get("/v1/session").status == 200)
        let contact = try await program.post("/v1/contacts", ["last_name": "Made by a program"]).json
        #expect(contact["created_by"]?["type"] == "api_key" && contact["created_by"]?["id"] == .string(id))
        let list = try await admin.get("/v1/api_keys").json
        #expect(list["data"]?.elements?.count == 1)
        #expect(list["data"]?.elements?[0]["key"] == nil)
        #expect(list["data"]?.elements?[0]["name"] == "Website")
        #expect(list["data"]?.elements?[0]["last_used_at"]?.string != nil)
        #expect(try await admin.get("/v1/api_keys/\(id)").json["id"] == .string(id))
    }

    @Test("A key never exceeds its maker, today's rights of the maker included") func ceiling() async throws {
        let firm = try await TestSite.shared.firm()
        let email = try await firm.user("member")
        let member = try await firm.signIn(email)
        let made = try await member.post("/v1/api_keys", ["name": "x", "role_id": .string(try await firm.roleID("admin"))]).json
        let program = firm.site.stranger.bearing(made["key"]?.string ?? "")

        let before = try await program.get("/v1/session").json
        _ = try await firm.scope().run([
            "UPDATE users SET role_id = (SELECT id FROM roles WHERE key = 'read_only') WHERE email = \(email)",
            Credentials.changed(firm.slug),
        ])

        #expect(before["rights"]?["*"]?["update"] == "own")
        #expect(before["admin"]?["users"] == false)
        try await eventually { try await program.get("/v1/session").json["rights"]?["*"]?["update"] == "none" }
        #expect(try await program.post("/v1/contacts", ["last_name": "Miller"]).status == 403)
    }

    @Test("A key of a disabled maker opens nothing") func disabledMaker() async throws {
        let firm = try await TestSite.shared.firm()
        let program = try await key(of: firm)
        #expect(try await program.get("/v1/session").status == 200)

        _ = try await firm.scope().run(["UPDATE users SET status = 'disabled'", Credentials.changed(firm.slug)])

        try await eventually { try await program.get("/v1/session").status == 401 }
    }

    @Test("Revoking is in force at once, and twice is once too often") func revoke() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let made = try await admin.post("/v1/api_keys", ["name": "x", "role_id": .string(try await firm.roleID("member"))]).json
        let program = firm.site.stranger.bearing(made["key"]?.string ?? "")
        let address = "/v1/api_keys/\(made["id"]?.string ?? "")"
        #expect(try await program.get("/v1/session").status == 200)

        #expect(try await admin.delete(address).status == 204)
        let start = ContinuousClock.now
        try await eventually { try await program.get("/v1/session").status == 401 }

        #expect(ContinuousClock.now - start < .seconds(1))
        #expect(try await admin.delete(address).status == 404)
        #expect(try await admin.get(address).status == 404)
    }

    @Test("Only who runs the users sees other people's keys") func privacy() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let member = try await firm.person("member")
        let role = JSON.string(try await firm.roleID("member"))
        let own = try await member.post("/v1/api_keys", ["name": "mine", "role_id": role]).json["id"]?.string ?? ""
        let other = try await admin.post("/v1/api_keys", ["name": "theirs", "role_id": role]).json["id"]?.string ?? ""

        #expect(try await member.get("/v1/api_keys").json["data"]?.elements?.map { $0["id"]?.string } == [own])
        #expect(try await admin.get("/v1/api_keys").json["data"]?.elements?.count == 2)
        #expect(try await member.get("/v1/api_keys/\(other)").status == 404)
        #expect(try await member.delete("/v1/api_keys/\(other)").status == 404)
        #expect(try await admin.delete("/v1/api_keys/\(own)").status == 204)
    }

    @Test("A key makes no keys, and revokes only itself") func noOffspring() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let role = JSON.string(try await firm.roleID("member"))
        let made = try await admin.post("/v1/api_keys", ["name": "a", "role_id": role]).json
        let other = try await admin.post("/v1/api_keys", ["name": "b", "role_id": role]).json["id"]?.string ?? ""
        let program = firm.site.stranger.bearing(made["key"]?.string ?? "")

        #expect(try await program.post("/v1/api_keys", ["name": "c", "role_id": role]).status == 403)
        #expect(try await program.delete("/v1/api_keys/\(other)").status == 403)
        #expect(try await program.delete("/v1/session").status == 403)
        #expect(try await program.put("/v1/session/password", ["current": "a", "new": "b"]).status == 403)
        #expect(try await program.delete("/v1/api_keys/\(made["id"]?.string ?? "")").status == 204)
    }

    @Test("A key may be bound to addresses and to a time") func bounds() async throws {
        let firm = try await TestSite.shared.firm()
        let program = try await key(of: firm, [.init("allowed_ips", ["198.51.100.0/24", "2001:db8::7"])])
        let brief = try await key(of: firm, [.init("expires_at", .string(Date.now.addingTimeInterval(3600).apiText))])
        #expect(try await brief.get("/v1/session").status == 200)

        #expect(try await program.from("198.51.100.9").get("/v1/session").status == 200)
        #expect(try await program.from("2001:db8::7").get("/v1/session").status == 200)
        #expect(try await program.from("::ffff:198.51.100.9").get("/v1/session").status == 200)
        #expect(try await program.from("198.51.101.9").get("/v1/session").status == 401)
        _ = try await firm.scope().run([
            "UPDATE api_keys SET expires_at = now() + interval '300 milliseconds' WHERE expires_at IS NOT NULL",
            Credentials.changed(firm.slug),
        ])
        try await eventually { try await brief.get("/v1/session").status == 401 }
    }

    @Test("Behind a trusted proxy the client's own address counts") func proxies() async throws {
        let site = try await TestSite.open { $0.trustedProxies = [AddressRange("10.0.0.0/8")].compactMap { $0 } }
        let firm = try await site.firm()
        let program = try await key(of: firm, [.init("allowed_ips", ["198.51.100.9"])])

        #expect(try await program.from("10.1.2.3").with(.forwardedFor, "198.51.100.9").get("/v1/session").status == 200)
        #expect(try await program.from("10.1.2.3").with(.forwardedFor, "1.2.3.4, 198.51.100.9, 10.9.9.9").get("/v1/session").status == 200)
        #expect(try await program.from("10.1.2.3").with(.forwardedFor, "198.51.100.9, 1.2.3.4").get("/v1/session").status == 401)
        #expect(try await program.from("192.0.2.1").with(.forwardedFor, "198.51.100.9").get("/v1/session").status == 401)
    }

    @Test("A body that breaks the model is refused with pointers") func invalid() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let stranger = try await TestSite.shared.firm()
        let role = try await firm.roleID("member")

        let answer = try await admin.post(
            "/v1/api_keys",
            ["name": " ", "role_id": "x", "expires_at": "2020-01-01T00:00:00Z", "allowed_ips": ["10.0.0.1", "x", 1], "more": 1])
        let unknown = try await admin.post("/v1/api_keys", ["name": "x", "role_id": .string(UUID().uuidString)])
        let foreign = try await admin.post("/v1/api_keys", ["name": "x", "role_id": .string(try await stranger.roleID("member"))])
        let endless = try await admin.post("/v1/api_keys", ["name": "x", "role_id": .string(role), "expires_at": "2026-02-30T00:00:00Z"])

        #expect(answer.status == 422)
        #expect(Set(answer.pointers) == ["/name", "/role_id", "/expires_at", "/allowed_ips/1", "/allowed_ips/2", "/more"])
        #expect(unknown.status == 422 && unknown.pointers == ["/role_id"])
        #expect(foreign.status == 422 && foreign.pointers == ["/role_id"])
        #expect(endless.status == 422 && endless.pointers == ["/expires_at"])
    }

    @Test("The same request again makes no second key and answers the same, secret included") func repeated() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin().with(.idempotencyKey, "k1")
        let body: JSON = ["name": "x", "role_id": .string(try await firm.roleID("member"))]

        let first = try await admin.post("/v1/api_keys", body)
        let second = try await admin.post("/v1/api_keys", body)
        let other = try await admin.post("/v1/api_keys", ["name": "y", "role_id": .string(try await firm.roleID("member"))])

        #expect(first.status == 201 && second.status == 201)
        #expect(first.bytes == second.bytes)
        #expect(first.headers[.location] == second.headers[.location])
        #expect(first.headers[.idempotentReplayed] == nil && second.headers[.idempotentReplayed] == "true")
        #expect(other.status == 422 && other.code == "idempotency_mismatch")
        #expect(try await firm.site.stranger.bearing(try first.json["key"]?.string ?? "").get("/v1/session").status == 200)
        let kept = try await firm.scope().rows("SELECT body FROM idempotent_requests")[0].text(0)
        #expect(!kept.contains(try first.json["key"]?.string ?? "-"))
        #expect(!kept.contains("tk_\(firm.slug)_" + (try first.json["key"]?.string?.suffix(49).prefix(20) ?? "-")))
    }

    @Test("A repeated refusal and a repeated revocation answer the same again") func repeatedRefusal() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let role = JSON.string(try await firm.roleID("member"))
        let id = try await admin.post("/v1/api_keys", ["name": "x", "role_id": role]).json["id"]?.string ?? ""

        let refused = try await admin.with(.idempotencyKey, "a").post("/v1/api_keys", ["name": "x"])
        let again = try await admin.with(.idempotencyKey, "a").post("/v1/api_keys", ["name": "x"])
        let revoked = try await admin.with(.idempotencyKey, "b").delete("/v1/api_keys/\(id)")
        let twice = try await admin.with(.idempotencyKey, "b").delete("/v1/api_keys/\(id)")

        #expect(refused.status == 422 && refused.bytes == again.bytes && again.headers[.idempotentReplayed] == "true")
        #expect(revoked.status == 204 && twice.status == 204 && twice.headers[.idempotentReplayed] == "true")
    }

    @Test("An idempotency key is 1 to 255 visible ASCII characters", arguments: ["", "two words", "ä", String(repeating: "x", count: 256)])
    func badIdempotencyKey(key: String) async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()

        let answer = try await admin.with(.idempotencyKey, key).post(
            "/v1/api_keys", ["name": "x", "role_id": .string(try await firm.roleID("member"))])

        #expect(answer.status == 400 && answer.code == "malformed")
    }

    @Test("The list comes in pages; a cursor belongs to its tenant") func pages() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let stranger = try await TestSite.shared.firm().admin()
        let role = JSON.string(try await firm.roleID("member"))
        for number in 1...5 { _ = try await admin.post("/v1/api_keys", ["name": .string("\(number)"), "role_id": role]) }

        var names: [String] = []
        var address: String? = "/v1/api_keys?limit=2"
        var cursor = ""
        while let next = address {
            let answer = try await admin.get(next)
            names += try answer.json["data"]?.elements?.compactMap { $0["name"]?.string } ?? []
            if let found = try answer.json["page"]?["next"]?.string { cursor = found }
            address = answer.headers[.link].flatMap { $0.split(separator: ">").first.map { String($0.dropFirst()) } }
        }

        #expect(names == ["5", "4", "3", "2", "1"])
        for text in [cursor, "x", "", "W10"] {
            #expect(try await stranger.get("/v1/api_keys?after=\(text)").code == "cursor")
        }
    }

    /// A program with a key of the firm's administrator.
    private func key(of firm: Firm, _ more: [JSON.Member] = []) async throws -> Client {
        let admin = try await firm.admin()
        let made = try await admin.post(
            "/v1/api_keys", .object([.init("name", "x"), .init("role_id", .string(try await firm.roleID("admin")))] + more))
        guard let key = try made.json["key"]?.string else { throw Unexpected(made) }
        return firm.site.stranger.bearing(key)
    }
}

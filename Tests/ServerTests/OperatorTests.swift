import Foundation
import HTTPTypes
import Postgres
import Records
import Secrets
import Tenancy
import Testing

@testable import Server

@Suite("Operators") struct OperatorTests {
    private static func order(_ slug: String, _ more: [JSON.Member] = []) -> JSON {
        .object(
            [
                .init("name", "Acme Ltd"), .init("plan", "team"),
                .init("admin", ["email": "ann@example.com", "name": "Ann", "password": .string(TestSite.password)]),
            ] + more)
    }

    @Test("A tenant is made once; the same order finds it, another is refused") func provision() async throws {
        let site = try await TestSite.shared
        let slug = "op-\(TestSite.unique())"
        let address = "/operator/v1/tenants/\(slug)"

        let first = try await site.operator().put(address, Self.order(slug))
        let again = try await site.operator().put(
            address,
            [
                "admin": ["password": .string(TestSite.password), "name": "Ann", "email": "ann@example.com"], "plan": "team",
                "name": "Acme Ltd",
                "cell": nil,
            ])
        let other = try await site.operator().put(address, Self.order(slug, [.init("test", true)]))

        #expect(first.status == 201)
        #expect(first.headers[.location] == address)
        #expect(again.status == 200)
        #expect(first.bytes == again.bytes)
        #expect(other.status == 409 && other.code == "conflict")
        let body = try first.json
        #expect(body["slug"] == .string(slug))
        #expect(body["state"] == "active")
        #expect(body["plan"] == ["name": "team", "version": 1])
        #expect(body["cell"] == "main")
        #expect(body["test"] == false)
        #expect(body["admin"]?["email"] == "ann@example.com")
        #expect(body["usage"]?["users"] == ["used": 1, "max": 25])
        #expect(body["usage"]?["records"] == ["used": 0, "max": 100_000])
        #expect(try await site.operator().get(address).bytes == first.bytes)
        let session = try await site.stranger.post(
            "/v1/session", ["tenant": .string(slug), "email": "ann@example.com", "password": .string(TestSite.password)])
        #expect(session.status == 201)
        #expect(try session.json["user"]?["id"] == body["admin"]?["id"])
    }

    @Test("Without a password the first person is invited and cannot sign in") func invitation() async throws {
        let site = try await TestSite.shared
        let slug = "op-\(TestSite.unique())"

        let made = try await site.operator().put(
            "/operator/v1/tenants/\(slug)", ["name": "x", "admin": ["email": "ann@example.com", "name": "Ann"], "trial_days": 14])

        #expect(made.status == 201)
        #expect(try made.json["state"] == "trial")
        #expect(try made.json["trial_ends_at"]?.string?.hasSuffix("Z") == true)
        let tenant = try #require(try await site.installation.directory.tenant(slug: slug))
        let status = try await site.installation.directory.scope(for: tenant).rows("SELECT status FROM users")[0].text(0)
        #expect(status == "invited")
    }

    @Test(
        "A short name that cannot be one is refused", arguments: ["ab", "Acme", "a_b", "-ab", "ab-", "www", "operator", "a.b", "%C3%A4bc"])
    func slugs(slug: String) async throws {
        let site = try await TestSite.shared

        let answer = try await site.operator().put("/operator/v1/tenants/\(slug)", Self.order(slug))

        #expect(answer.status == 422)
        #expect(answer.pointers == ["/slug"])
    }

    @Test("An order that breaks the model is refused with pointers") func invalid() async throws {
        let site = try await TestSite.shared
        let address = "/operator/v1/tenants/op-\(TestSite.unique())"

        let empty = try await site.operator().put(address, [:])
        let wrong = try await site.operator().put(
            address,
            [
                "name": 1, "admin": ["email": "x", "name": "", "password": "short", "role": "x"], "test": "yes", "trial_days": 0,
                "blueprint": "none", "settings": [], "more": 1,
            ])
        let unknown = try await site.operator().put(address, Self.order("x", [.init("cell", "nowhere")]))
        let plan = try await site.operator().put(address, ["name": "x", "plan": "gold", "admin": ["email": "a@example.com", "name": "A"]])

        #expect(empty.status == 422 && Set(empty.pointers) == ["/name", "/admin"])
        #expect(
            Set(wrong.pointers) == [
                "/name", "/admin/email", "/admin/name", "/admin/password", "/admin/role", "/test", "/trial_days", "/blueprint", "/settings",
                "/more",
            ])
        #expect(unknown.status == 422 && unknown.pointers == ["/cell"])
        #expect(plan.status == 422 && plan.pointers == ["/plan"])
    }

    @Test("Each verb needs a reason, can be said twice, and obeys the table of states") func verbs() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let address = "/operator/v1/tenants/\(firm.slug)"
        let operators = site.operator()

        #expect(try await operators.post(address + "/suspend", [:]).pointers == ["/reason"])
        for _ in 0..<2 {
            let answer = try await operators.post(address + "/suspend", ["reason": "unpaid"])
            #expect(answer.status == 200)
            #expect(try answer.json["state"] == "suspended")
        }
        #expect(try await operators.post(address + "/schedule_deletion", ["reason": "x", "after": "soon"]).pointers == ["/after"])
        let scheduled = try await operators.post(address + "/schedule_deletion", ["reason": "left"])
        #expect(try scheduled.json["state"] == "deletion_scheduled")
        #expect(try scheduled.json["deletion_due_at"]?.string != nil)
        #expect(try await operators.post(address + "/resume", ["reason": "x"]).code == "conflict")
        #expect(try await operators.post(address + "/cancel_deletion", ["reason": "back"]).json["state"] == "suspended")
        #expect(try await operators.post(address + "/resume", ["reason": "paid"]).json["state"] == "active")
        #expect(try await operators.post("/operator/v1/tenants/no-such/suspend", ["reason": "x"]).status == 404)

        let audit = try await operators.get("/operator/v1/audit?target=\(firm.slug)").json["data"]?.elements ?? []
        #expect(audit.map { $0["action"]?.string } == ["resume", "cancel_deletion", "schedule_deletion", "suspend", "provision"])
        #expect(audit.map { $0["reason"]?.string } == ["paid", "back", "left", "unpaid", nil])
        #expect(audit.allSatisfy { $0["actor"]?.string?.hasPrefix("operator:admin") == true })
    }

    @Test("The audit's hashes follow from its rows as they are shown") func chain() async throws {
        let site = try await TestSite.shared
        _ = try await site.firm()

        let rows = try await site.operator().get("/operator/v1/audit?limit=200").json["data"]?.elements ?? []

        for row in rows {
            let members = (row.members ?? []).filter { $0.name != "hash" }.sorted { $0.name < $1.name }
            let digest = Digest.sha256((row["prev_hash"]?.string ?? "") + JSON.object(members).text)
            #expect(row["hash"]?.string == digest.map { String(format: "%02x", $0) }.joined())
        }
        for (row, before) in zip(rows, rows.dropFirst()) { #expect(row["prev_hash"] == before["hash"]) }
        #expect(!rows.isEmpty)
    }

    @Test("The list comes in pages and can be searched") func list() async throws {
        let site = try await TestSite.shared
        let word = TestSite.unique()
        for number in 1...3 { _ = try await site.operator().put("/operator/v1/tenants/op-\(word)-\(number)", Self.order("x")) }

        let first = try await site.operator().get("/operator/v1/tenants?q=\(word)&limit=2").json
        let next = first["page"]?["next"]?.string ?? ""
        let second = try await site.operator().get("/operator/v1/tenants?q=\(word)&limit=2&after=\(next)").json

        #expect(first["data"]?.elements?.map { $0["slug"]?.string } == ["op-\(word)-1", "op-\(word)-2"])
        #expect(first["page"]?["has_more"] == true)
        #expect(second["data"]?.elements?.map { $0["slug"]?.string } == ["op-\(word)-3"])
        #expect(second["page"]?["next"] == .null)
        #expect(try await site.operator().get("/operator/v1/tenants?q=other&limit=2&after=\(next)").code == "cursor")
        #expect(try await site.operator().get("/operator/v1/tenants?state=deleted&q=\(word)").json["data"] == [])
        #expect(try await site.operator().get("/operator/v1/tenants?state=gone").status == 400)
    }

    @Test("Who has a lower role may look but not touch") func roles() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let address = "/operator/v1/tenants/\(firm.slug)"

        #expect(try await site.operator(.viewer).get(address).status == 200)
        #expect(try await site.operator(.viewer).post(address + "/suspend", ["reason": "x"]).status == 403)
        #expect(try await site.operator(.support).post(address + "/suspend", ["reason": "x"]).status == 200)
        #expect(try await site.operator(.support).put("/operator/v1/tenants/op-\(TestSite.unique())", Self.order("x")).status == 403)
        #expect(try await site.operator(.support).post(address + "/schedule_deletion", ["reason": "x"]).status == 403)
        #expect(try await site.operator(.support).post("/operator/v1/operators", ["name": "x", "role": "admin"]).status == 403)
    }

    @Test("A tenant's credential is none here, and an operator's none there") func separation() async throws {
        let firm = try await TestSite.shared.firm()

        #expect(try await firm.admin().get("/operator/v1/tenants").status == 401)
        #expect(try await firm.site.operator().get("/v1/contacts").status == 401)
        #expect(try await firm.site.stranger.get("/operator/v1/cells").status == 401)
    }

    @Test("Operators make operators and end their access") func colleagues() async throws {
        let site = try await TestSite.shared
        let name = "Grace \(TestSite.unique())"

        let made = try await site.operator().post("/operator/v1/operators", ["name": .string(name), "role": "viewer"])
        #expect(made.status == 201)
        let token = try made.json["token"]?.string ?? ""
        let grace = Client(site.front).bearing(token)
        #expect(token.hasPrefix("to_"))
        #expect(try await grace.get("/operator/v1/cells").status == 200)
        #expect(try await site.operator().post("/operator/v1/operators", ["name": .string(name), "role": "viewer"]).status == 409)
        #expect(try await site.operator().post("/operator/v1/operators", ["name": " ", "role": "king"]).pointers == ["/name", "/role"])
        let path = name.replacing(" ", with: "%20")
        #expect(try await site.operator().delete("/operator/v1/operators/\(path)").status == 204)
        try await eventually { try await grace.get("/operator/v1/cells").status == 401 }
        // Said again, as after an answer that was lost, it is done already.
        #expect(try await site.operator().delete("/operator/v1/operators/\(path)").status == 204)
        #expect(try await site.operator().delete("/operator/v1/operators/nobody-\(TestSite.unique())").status == 404)
    }

    @Test("Cells and plans are listed") func installation() async throws {
        let client = try await TestSite.shared.operator(.viewer)

        let cell = try await client.get("/operator/v1/cells").json["data"]?.elements?.first
        let plans = try await client.get("/operator/v1/plans").json["data"]?.elements ?? []

        #expect(cell?["name"] == "main" && cell?["state"] == "open" && cell?["tenant_limit"] == 1000)
        // Other tests make plans of their own.
        let names = Set(plans.compactMap { $0["name"]?.string })
        #expect(names.isSuperset(of: ["business", "free", "team", "unlimited"]))
        #expect(try await client.get("/operator/v1/plans/team").json["limits"]?["users"] == 25)
        #expect(try await client.get("/operator/v1/plans/gold").status == 404)
    }

    @Test("Figures need a token on the shared listener and none on their own") func metrics() async throws {
        let site = try await TestSite.shared
        _ = try await site.firm()

        let stranger = try await site.stranger.get("/metrics")
        let shared = try await site.operator(.viewer).get("/metrics")
        let aside = try await Client(site.aside).get("/metrics")

        #expect(stranger.status == 401)
        #expect(shared.status == 200)
        #expect(shared.headers[.contentType]?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(aside.status == 200)
        for name in [
            "tenantry_http_requests_total{method=\"PUT\",route=\"/operator/v1/tenants/{slug}\",status=\"201\"}",
            "tenantry_http_request_seconds_bucket{le=\"+Inf\"", "tenantry_pool_connections{", "tenantry_pool_in_use{",
            "tenantry_pool_waiters{",
            "tenantry_pool_wait_seconds{", "tenantry_tenants{state=\"active\"}",
        ] { #expect(shared.text.contains(name), "\(name)") }
    }

    @Test("With a listener of their own the operators' addresses are not on the other") func listeners() async throws {
        let site = try await TestSite.open { $0.operatorPort = 0 }

        #expect(try await site.operator().get("/operator/v1/cells").status == 404)
        #expect(try await site.operator().get("/metrics").status == 404)
        #expect(try await Client(site.aside).get("/operator/v1/cells").status == 401)
        #expect(try await Client(site.aside).bearing(site.tokens[.viewer] ?? "").get("/operator/v1/cells").status == 200)
        #expect(try await Client(site.aside).get("/v1/contacts").status == 404)
        #expect(try await Client(site.aside).get("/healthz").status == 200)
    }
}

import Foundation
import HTTPTypes
import Records
import Support
import Testing

@testable import Server
@testable import Tenancy

@Suite("How often a tenant may call") struct RateTests {
    @Test("Answers tell the limits; above them 429 with the seconds to wait, and after those the call passes") func burst() async throws {
        let firm = try await TestSite.shared.firm { $0.set("plan", "free") }
        let client = try await firm.admin()

        let first = try await client.get("/v1/contacts")
        var refused: Client.Answer?
        for _ in 0..<200 where refused == nil {
            let answer = try await client.get("/v1/contacts")
            if answer.status == 429 { refused = answer }
        }

        #expect(first.status == 200)
        #expect(first.headers[.rateLimitPolicy] == "\"burst\";q=20;w=1, \"day\";q=10000;w=86400")
        #expect(first.headers[.rateLimit]?.contains("\"burst\";r=19;t=1, \"day\";r=9999;t=9") == true, "\(first.headers)")
        #expect(first.headers[.rateLimitLimit] == "20")
        #expect(first.headers[.rateLimitRemaining] == "19")
        let reset = try #require(first.headers[.rateLimitReset].flatMap { Int($0) })
        #expect(abs(Double(reset) - Date.now.timeIntervalSince1970) < 60)
        let answer = try #require(refused)
        #expect(answer.code == "rate_limited")
        #expect(answer.headers[.retryAfter] == "1")
        #expect(answer.headers[.rateLimitRemaining] == "0")
        #expect(try answer.json["status"] == 429)
        try await eventually { try await client.get("/v1/contacts").status == 200 }
    }

    @Test("Everyone of the tenant draws on one allowance; another tenant has its own") func shared() async throws {
        let firm = try await TestSite.shared.firm { $0.set("plan", "free") }
        let other = try await TestSite.shared.firm { $0.set("plan", "free") }
        let people = [try await firm.admin(), try await firm.person("member")]
        let stranger = try await other.admin()

        var admitted = 0
        for round in 0..<60 where try await people[round % 2].get("/v1/contacts").status == 200 { admitted += 1 }

        // Twenty at once, and one more for each twentieth of a second that this took.
        #expect(admitted < 60)
        #expect(try await stranger.get("/v1/contacts").status == 200)
    }

    @Test("A tenant without limits is told none") func unlimited() async throws {
        let client = try await TestSite.shared.firm().admin()

        for _ in 0..<50 {
            let answer = try await client.get("/v1/contacts")
            #expect(answer.status == 200)
            #expect(answer.headers[.rateLimit] == nil && answer.headers[.rateLimitLimit] == nil)
        }
    }

    @Test("A refused write is not kept under its idempotency key: the same request later does its work") func idempotency() async throws {
        let firm = try await TestSite.shared.firm { $0.set("plan", "free") }
        let client = try await firm.admin().with(.idempotencyKey, "once")
        let spender = try await firm.admin()
        try await exhaust(spender)

        let refused = try await client.post("/v1/contacts", ["last_name": "Ng"])
        try await eventually { try await client.post("/v1/contacts", ["last_name": "Ng"]).status == 201 }
        let again = try await firm.scope().rows("SELECT count(*) FROM contacts")[0].int(0)

        #expect(refused.status == 429)
        #expect(again == 1)
    }

    @Test("Signing in, signing out, health, descriptions and operators count for nobody's day") func uncounted() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm { $0.set("plan", "free") }
        let client = try await firm.admin()
        let before = try await restOfDay(client)

        for _ in 0..<5 {
            #expect(try await site.stranger.post("/v1/session", firm.signInBody).status == 201)
            #expect(try await site.stranger.get("/healthz").status == 200)
            #expect(try await site.stranger.get("/v1/openapi.json").status == 200)
            #expect(try await site.operator().get("/operator/v1/tenants/\(firm.slug)").status == 200)
        }
        // The call that asks, and what a lease may hold back; twenty calls that counted would be seen.
        #expect(try await restOfDay(client) >= before - 3)
        #expect(try await client.delete("/v1/session").status == 204)
    }

    /// How many calls are left of the day.
    private func restOfDay(_ client: Client) async throws -> Int { try restOfDay(after: try await client.get("/v1/contacts")) }

    private func restOfDay(after answer: Client.Answer) throws -> Int {
        let header = answer.headers[.rateLimit] ?? ""
        return try #require(header.firstMatch(of: /"day";r=(\d+)/).flatMap { Int($0.output.1) })
    }

    @Test("A calendar's readers draw on the allowance too") func calendar() async throws {
        let firm = try await TestSite.shared.firm { $0.set("plan", "free") }
        let client = try await firm.admin()
        let made = try await client.post("/v1/calendar/token", [:])
        let url = try #require(try made.json["url"]?.string.flatMap { URL(string: $0) })

        var statuses: Set<Int> = []
        for _ in 0..<60 { statuses.insert(try await firm.site.stranger.get(url.path()).status) }

        #expect(statuses == [200, 429])
    }

    @Test("A change of plan counts at once, and lets nobody off what was used") func planChange() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm { $0.set("plan", "free") }
        let client = try await firm.admin()
        try await exhaust(client)

        let control = site.installation.control
        _ = try await control.run(["UPDATE tenants SET plan = 'unlimited', changed_at = clock_timestamp() WHERE slug = \(firm.slug)"])
        try await site.installation.directory.refresh()
        for _ in 0..<30 { #expect(try await client.get("/v1/contacts").status == 200) }
        _ = try await control.run(["UPDATE tenants SET plan = 'free', changed_at = clock_timestamp() WHERE slug = \(firm.slug)"])
        try await site.installation.directory.refresh()

        let answer = try await client.get("/v1/contacts")
        #expect(answer.headers[.rateLimitPolicy] == "\"burst\";q=20;w=1, \"day\";q=10000;w=86400")
    }

    @Test("The description tells each call's cost, and 429 for each that has one") func described() async throws {
        let document = try await TestSite.shared.stranger.get("/v1/openapi.json").json
        var costs: [String: Int] = [:]

        for path in document["paths"]?.members ?? [] {
            for operation in path.value.members ?? [] {
                let cost = operation.value["x-rate-limit-cost"]?.integer
                if let cost { costs[operation.value["operationId"]?.string ?? ""] = cost }
                if cost != nil { #expect(operation.value["responses"]?["429"] != nil, "\(operation.name) \(path.name)") }
            }
        }

        #expect(costs["contacts.list"] == 1 && costs["contacts.get"] == 1 && costs["contacts.search"] == 1)
        #expect(costs["contacts.create"] == 1 && costs["contacts.update"] == 1)
        #expect(costs["search"] == 2 && costs["forecast.get"] == 2 && costs["contacts.batch"] == 5)
        #expect(costs["session.create"] == nil && costs["session.delete"] == nil && costs["session.get"] == 1)
    }

    @Test("A call draws as many from the allowance as the description says") func costs() async throws {
        let firm = try await TestSite.shared.firm()
        // So few a day that none comes back while the test runs.
        let terms: JSON = ["plan": "unlimited", "overrides": ["rates": ["api_per_day": 1250]], "reason": "test"]
        #expect(try await firm.site.operator().post("/operator/v1/tenants/\(firm.slug)/change_plan", terms).status == 200)
        let client = try await firm.admin()
        var rest = try await restOfDay(client)
        #expect(rest == 1249)

        for (path, body, cost) in [
            ("/v1/search?q=ng", nil, 2), ("/v1/contacts", nil, 1),
            ("/v1/contacts/batch", #"{"operations": [{"op": "create", "body": {"last_name": "Ng"}}]}"#, 5),
            ("/v1/contacts", #"{"last_name": "Ng"}"#, 1),
            // One that is refused was looked at all the same.
            ("/v1/contacts/batch", "{}", 5),
        ] as [(String, String?, Int)] {
            let answer = try await client.send(body == nil ? .get : .post, path, body)
            let left = try restOfDay(after: answer)
            #expect(rest - left == cost, "\(path): \(answer.status) \(answer.text)")
            #expect(answer.headers[.rateLimitRemaining] == "\(left)")
            rest = left
        }
    }

    /// Calls until the allowance of the moment is used up.
    private func exhaust(_ client: Client) async throws {
        for _ in 0..<500 where try await client.get("/v1/contacts").status == 429 { return }
        Issue.record("It was never refused.")
    }
}

extension [JSON.Member] {
    /// Replaces a member of an order.
    mutating func set(_ name: String, _ value: JSON) {
        removeAll { $0.name == name }
        append(.init(name, value))
    }
}

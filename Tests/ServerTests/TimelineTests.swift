import Foundation
import HTTPTypes
import Postgres
import Records
import Support
import Testing

@testable import Server

@Suite("A record's timeline") struct TimelineTests {
    private static func make(_ client: Client, _ type: String, _ body: JSON) async throws -> String {
        let made = try await client.post("/v1/\(type)", body)
        guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
        return id
    }

    private static func entries(_ client: Client, _ path: String) async throws -> [JSON] {
        let answer = try await client.get(path)
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json["data"]?.elements ?? []
    }

    /// A company with one person and one deal, and what was done with them.
    private struct Acme {
        let company: String
        let contact: String
        let deal: String

        static func open(_ admin: Client) async throws -> Acme {
            let company = try await TimelineTests.make(admin, "companies", ["name": "Acme"])
            let contact = try await TimelineTests.make(admin, "contacts", ["last_name": "Miller", "company_id": .string(company)])
            let pipeline = try await admin.get("/v1/pipelines").json["data"]?.elements?.first
            let stages = pipeline?["stages"]?.elements ?? []
            let deal = try await TimelineTests.make(
                admin, "deals",
                [
                    "name": "Big", "pipeline_id": pipeline?["id"] ?? .null, "stage_id": stages[0]["id"] ?? .null,
                    "company_id": .string(company),
                ])
            let moved = try await admin.patch("/v1/deals/\(deal)", ["stage_id": stages[1]["id"] ?? .null])
            guard moved.status == 200 else { throw Unexpected(moved) }
            _ = try await TimelineTests.make(
                admin, "activities",
                [
                    "kind": "call", "subject": "Talk", "at": "2020-01-01T00:00:00Z", "contact_ids": [.string(contact)],
                    "company_id": .string(company), "deal_id": .string(deal),
                ])
            _ = try await TimelineTests.make(admin, "tasks", ["title": "Write", "about": ["type": "contacts", "id": .string(contact)]])
            return Acme(company: company, contact: contact, deal: deal)
        }
    }

    @Test("A company's timeline tells of its people and deals too, each thing once, newest first") func company() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let acme = try await Acme.open(admin)

        let all = try await Self.entries(admin, "/v1/companies/\(acme.company)/timeline")

        #expect(all.count == 6, "\(all)")
        #expect(all.compactMap { $0["kind"]?.string }.sorted() == ["activity", "change", "change", "change", "stage", "task"])
        let times = all.compactMap { $0["at"]?.string }
        #expect(times == times.sorted(by: >))
        for entry in all {
            #expect(entry["actor"]?["type"] == "user" && entry["actor"]?["name"] == "Ada Admin", "\(entry)")
            #expect(entry["summary"]?.string?.isEmpty == false && entry["data"]?.members?.isEmpty == false)
        }
        let stage = all.first { $0["kind"] == "stage" }
        #expect(stage?["record"] == ["type": "deals", "id": .string(acme.deal), "title": "Big"])
        #expect(stage?["summary"] == "Moved from Qualification to Proposal" && stage?["data"]?["to"]?["name"] == "Proposal")
        let activity = all.last
        #expect(activity?["kind"] == "activity" && activity?["summary"] == "Talk" && activity?["at"] == "2020-01-01T00:00:00.000Z")
        #expect(activity?["record"] == ["type": "companies", "id": .string(acme.company), "title": "Acme"])
        #expect(activity?["data"]?["kind"] == "call")
        let task = all.first { $0["kind"] == "task" }
        #expect(task?["record"]?["id"] == .string(acme.contact) && task?["summary"] == "Write")
        #expect(try await Self.entries(admin, "/v1/contacts/\(acme.contact)/timeline").count == 3)
        #expect(
            try await Self.entries(admin, "/v1/deals/\(acme.deal)/timeline").compactMap { $0["kind"]?.string } == [
                "stage", "change", "activity",
            ])
    }

    @Test("Pages follow one another without gaps or repeats") func pages() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let acme = try await Acme.open(admin)
        let path = "/v1/companies/\(acme.company)/timeline"
        let all = try await Self.entries(admin, path).compactMap { $0["id"]?.string }

        var seen: [String] = []
        var query = "?limit=2"
        while true {
            let page = try await admin.get(path + query)
            seen += try page.json["data"]?.elements?.compactMap { $0["id"]?.string } ?? []
            guard let next = try page.json["page"]?["next"]?.string else { break }
            #expect(page.headers[.link]?.contains("rel=\"next\"") == true)
            #expect(try page.json["page"]?["has_more"] == true)
            query = "?limit=2&after=\(next)"
        }

        #expect(seen == all)
        #expect(try await admin.get("/v1/contacts/\(acme.contact)/timeline\(query)").code == "cursor")
        #expect(try await admin.get(path + "?limit=0").status == 400)
        #expect(try await admin.get("/v1/companies/\(acme.contact)/timeline").status == 404)
        #expect(try await admin.get("/v1/users/\(acme.contact)/timeline").status == 404)
    }

    @Test("What the caller may not read has not happened: records, work and fields") func rights() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let acme = try await Acme.open(admin)
        _ = try await admin.patch("/v1/companies/\(acme.company)", ["phone": "+49 30 7654321"])
        _ = try await admin.patch("/v1/deals/\(acme.deal)", ["name": "Bigger"])
        let roles: [(JSON, [String])] = [
            (["name": "People", "rights": ["companies": ["read": "all"], "contacts": ["read": "all"]]], ["change", "change", "change"]),
            (["name": "Firms", "rights": ["companies": ["read": "all"], "*": ["read": "own"]]], ["change", "change"]),
            (
                ["name": "Blind", "rights": ["*": ["read": "all"]], "hidden_fields": ["companies": ["phone"], "deals": ["stage_id"]]],
                ["activity", "change", "change", "change", "change", "change", "change", "task"]
            ),
        ]
        for (role, kinds) in roles {
            let made = try await admin.post("/v1/roles", role)
            let email = try await firm.user("member")
            _ = try await firm.scope().run([
                "UPDATE users SET role_id = \(try made.json["id"]?.string ?? "")::uuid WHERE email = \(email)"
            ])
            let person = try await firm.signIn(email)
            let answer = try await person.get("/v1/companies/\(acme.company)/timeline")
            #expect(try answer.json["data"]?.elements?.compactMap { $0["kind"]?.string }.sorted() == kinds, "\(answer.text)")
            if role["name"] == "Blind" { #expect(!answer.text.contains("7654321") && !answer.text.contains("stage_id\":{")) }
            if role["name"] == "Firms" { #expect(try await person.get("/v1/contacts/\(acme.contact)/timeline").status == 404) }
        }
    }

    @Test("A page of ten thousand entries is read from the index in its order, wherever it lies") func plan() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let id = try await Self.make(admin, "companies", ["name": "Old"])
        let scope = try await firm.scope()
        _ = try await scope.run([
            """
            INSERT INTO changes (id, at, type, record_id, version, action, fields)
            SELECT cell.uuid_v7(), now() - n * interval '1 minute', 'companies', \(id)::uuid, n + 1, 'update', '{"name": {"before": "a", "after": "b"}}'
            FROM generate_series(1, 10000) AS n
            """, "ANALYZE changes",
        ])
        let path = "/v1/companies/\(id)/timeline?limit=50"
        let first = try await admin.get(path)
        let next = try first.json["page"]?["next"]?.string ?? ""
        let store = try await Self.store("companies", of: firm)

        for after in [nil, next] {
            let statement = try store.timelineStatement(id, limit: 50, after: after)
            let explained: SQL = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + statement
            let plan = try await scope.rows(explained).map { try $0.text(0) }.joined(separator: "\n")

            #expect(plan.contains("Index Scan Backward using changes_timeline on changes"), "\(plan)")
            #expect(plan.firstMatch(of: /changes_timeline on changes c .*rows=51 loops=1/) != nil, "\(plan)")
        }
        #expect(try await Self.entries(admin, path + "&after=\(next)").count == 50)
    }

    private static func store(_ type: String, of firm: Firm) async throws -> RecordStore {
        let scope = try await firm.scope()
        let row = try await scope.rows("SELECT id FROM users LIMIT 1")[0]
        guard let user = UUID(uuidString: try row.text(0)), let found = firm.site.house.catalog[type] else { throw Unexpected("no store") }
        let caller = Caller(
            actor: Actor(.user, user), userID: user, rights: Rights(types: ["*": .everything], admin: .everything), requestID: "test")
        return RecordStore(found, of: firm.site.house.catalog, in: scope, for: caller)
    }
}

import Foundation
import Records
import Testing

@testable import Server

@Suite("Summaries of records") struct SummaryTests {
    /// A firm in Berlin with five deals, of which one is in the trash.
    private struct Books {
        let firm: Firm
        let admin: Client
        let pipeline: String
        private let stage: String

        init() async throws {
            firm = try await TestSite.shared.firm { $0.append(.init("settings", ["time_zone": "Europe/Berlin", "currency": "EUR"])) }
            admin = try await firm.admin()
            let pipelines = try await admin.get("/v1/pipelines").json["data"]?.elements ?? []
            pipeline = pipelines.first?["id"]?.string ?? ""
            stage = pipelines.first?["stages"]?.elements?.first?["id"]?.string ?? ""
            let lost = pipelines.first?["stages"]?.elements?.first { $0["kind"] == "lost" }?["id"]?.string ?? ""
            try await deal("A", "10.01", "EUR", "2026-01-31")
            try await deal("B", "20.02", "EUR", "2026-01-01")
            try await deal("C", "5", "USD", "2026-02-01")
            try await deal("D", nil, nil, nil, [.init("stage_id", .string(lost)), .init("lost_reason", "Price")])
            let gone = try await deal("E", "99.99", "EUR", "2026-01-15")
            _ = try await admin.delete("/v1/deals/\(gone)")
        }

        @discardableResult
        private func deal(_ name: String, _ amount: String?, _ currency: String?, _ closing: String?, _ more: [JSON.Member] = [])
            async throws -> String
        {
            var members: [JSON.Member] = [.init("name", .string(name)), .init("pipeline_id", .string(pipeline))]
            if let amount, let currency { members.append(.init("amount", ["amount": .string(amount), "currency": .string(currency)])) }
            if let closing { members.append(.init("close_date", .string(closing))) }
            let made = try await admin.post(
                "/v1/deals", .object(members + (more.contains { $0.name == "stage_id" } ? [] : [.init("stage_id", .string(stage))]) + more))
            guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
            return id
        }
    }

    @Test("Records are counted by what tells them apart and by month, money is added up by currency, the trash is out") func counts()
        async throws
    {
        let books = try await Books()

        let answer = try await books.admin.post(
            "/v1/deals/summary", ["group": ["status", "lost_reason"], "month": "close_date", "sum": "amount"])

        #expect(answer.status == 200, "\(answer.text)")
        #expect(
            try answer.json == [
                "data": [
                    ["group": ["status": "lost", "lost_reason": "Price"], "month": nil, "count": 1, "sum": [:]],
                    ["group": ["status": "open", "lost_reason": nil], "month": "2026-01", "count": 2, "sum": ["EUR": "30.03"]],
                    ["group": ["status": "open", "lost_reason": nil], "month": "2026-02", "count": 1, "sum": ["USD": "5.00"]],
                ]
            ])
    }

    @Test("Without a group there is one row; conditions narrow it, and none fitting is zero") func whole() async throws {
        let books = try await Books()
        let dear: JSON = ["field": "amount", "op": "gt", "value": "10"]
        let none: JSON = ["field": "name", "op": "eq", "value": "Z"]

        #expect(try await books.admin.post("/v1/deals/summary", [:]).json["data"] == [["group": [:], "count": 4]])
        #expect(try await books.admin.post("/v1/deals/summary", ["where": dear]).json["data"] == [["group": [:], "count": 2]])
        #expect(try await books.admin.post("/v1/deals/summary", ["where": none]).json["data"] == [["group": [:], "count": 0]])
        #expect(try await books.admin.post("/v1/deals/summary", ["where": none, "group": ["status"]]).json["data"] == [])
    }

    @Test("The months of moments begin where the firm is") func months() async throws {
        let books = try await Books()
        for at in ["2026-01-31T22:59:59.999Z", "2026-01-31T23:00:00Z"] {
            _ = try await books.admin.post("/v1/activities", ["kind": "call", "subject": "Ring", "at": .string(at)])
        }

        let answer = try await books.admin.post("/v1/activities/summary", ["group": ["kind"], "month": "at"])

        #expect(
            try answer.json["data"] == [
                ["group": ["kind": "call"], "month": "2026-01", "count": 1], ["group": ["kind": "call"], "month": "2026-02", "count": 1],
            ])
    }

    @Test(
        "What cannot be grouped, dated or added up is refused with its place",
        arguments: [
            (["group": ["amount"]], "/group/0"), (["group": ["status", "status"]], "/group/1"), (["group": "status"], "/group"),
            (["group": ["status", "owner_id", "lost_reason", "name"]], "/group"), (["month": "status"], "/month"),
            (["sum": "name"], "/sum"),
            (["limit": 3], "/limit"), (["where": ["field": "nothing", "op": "eq", "value": 1]], "/where/field"),
            (["group": [1]], "/group/0"),
        ] as [(JSON, String)])
    func refusals(body: JSON, pointer: String) async throws {
        let admin = try await TestSite.shared.firm().admin()

        let answer = try await admin.post("/v1/deals/summary", body)

        #expect(answer.status == 422, "\(answer.text)")
        #expect(try answer.json["errors"]?.elements?.map { $0["pointer"]?.string } == [pointer], "\(answer.text)")
    }

    @Test("Whoever reads their own sees the figures of their own, a hidden field is unknown, and without the right there is nothing")
    func rights() async throws {
        let books = try await Books()
        func person(_ name: String, _ role: JSON) async throws -> Client {
            let made = try await books.admin.post("/v1/roles", role)
            let email = "\(name)@\(books.firm.slug).example"
            let user = try await books.admin.post(
                "/v1/users",
                [
                    "email": .string(email), "name": .string(name), "role_id": try made.json["id"] ?? .null,
                    "password": .string(TestSite.password),
                ])
            guard user.status == 201 else { throw Unexpected(user) }
            return try await books.firm.signIn(email)
        }
        let own = try await person("own", ["name": "Own", "rights": ["deals": ["read": "own"]]])
        let blind = try await person("blind", ["name": "Blind", "rights": ["*": ["read": "all"]], "hidden_fields": ["deals": ["amount"]]])
        let closed = try await person("closed", ["name": "Closed", "rights": ["contacts": ["read": "all"]]])

        #expect(try await own.post("/v1/deals/summary", [:]).json["data"] == [["group": [:], "count": 0]])
        #expect(try await blind.post("/v1/deals/summary", ["sum": "amount"]).status == 422)
        #expect(try await closed.post("/v1/deals/summary", [:]).code == "forbidden")
    }
}

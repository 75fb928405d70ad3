import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("Views and segments") struct ViewTests {
    private static func people(_ admin: Client) async throws {
        for (name, stage) in [("Abel", "customer"), ("Baker", "prospect"), ("Cole", "customer"), ("Dunn", "former")] {
            let made = try await admin.post("/v1/contacts", ["last_name": .string(name), "lifecycle_stage": .string(stage)])
            guard made.status == 201 else { throw Unexpected(made) }
        }
    }

    private static let customers: JSON = ["op": "eq", "field": "lifecycle_stage", "value": "customer"]

    private static func names(_ answer: Client.Answer) throws -> [String] {
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json["data"]?.elements?.compactMap { $0["last_name"]?.string } ?? []
    }

    private static func person(of firm: Firm, _ role: JSON) async throws -> Client {
        let made = try await firm.admin().post("/v1/roles", role)
        guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
        let email = try await firm.user("member")
        _ = try await firm.scope().run(["UPDATE users SET role_id = \(id)::uuid WHERE email = \(email)"])
        return try await firm.signIn(email)
    }

    @Test("A list narrowed by a view has its records in its order, and other filters narrow it further") func narrowed() async throws {
        let admin = try await TestSite.shared.firm().admin()
        try await Self.people(admin)
        let made = try await admin.post(
            "/v1/views",
            ["name": "Customers", "type": "contacts", "where": Self.customers, "sort": "-last_name", "columns": ["last_name", "email"]])
        #expect(made.status == 201, "\(made.text)")
        let view = try made.json
        let id = view["id"]?.string ?? ""

        #expect(view["kind"] == "view" && view["shared_with"] == "me" && view["where"] == Self.customers)
        #expect(
            view["columns"] == ["last_name", "email"] && view["sort"] == "-last_name" && view["count"] == .null && view["broken"] == [])
        #expect(try await admin.get("/v1/views/\(id)").json == view)
        #expect(try await Self.names(admin.get("/v1/contacts?view=\(id)")) == ["Cole", "Abel"])
        #expect(try await Self.names(admin.get("/v1/contacts?view=\(id)&sort=last_name")) == ["Abel", "Cole"])
        #expect(try await Self.names(admin.get("/v1/contacts?view=\(id)&filter[last_name][starts]=A")) == ["Abel"])
        let first = try await admin.get("/v1/contacts?view=\(id)&limit=1&count=exact")
        let next = try first.json["page"]?["next"]?.string ?? ""
        #expect(try first.json["page"]?["count"] == 2)
        #expect(try await Self.names(admin.get("/v1/contacts?view=\(id)&limit=1&after=\(next)")) == ["Abel"])
        #expect(try await admin.get("/v1/contacts?limit=1&after=\(next)").code == "cursor")
        #expect(try await admin.get("/v1/companies?view=\(id)").status == 400)
        for unknown in ["01890000-0000-7000-8000-000000000000", "x"] {
            #expect(try await admin.get("/v1/contacts?view=\(unknown)").status == 404)
        }
    }

    @Test("A segment's count is that of the same query, for each reader") func counted() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        try await Self.people(admin)
        let made = try await admin.post(
            "/v1/views", ["name": "Customers", "type": "contacts", "kind": "segment", "shared_with": "all", "where": Self.customers])
        let id = try made.json["id"]?.string ?? ""

        #expect(try made.json["count"] == 2, "\(made.text)")
        let reader = try await Self.person(of: firm, ["name": "Own", "rights": ["contacts": ["read": "own"], "views": ["read": "all"]]])
        #expect(try await reader.get("/v1/views/\(id)").json["count"] == 0)
        _ = try await admin.post("/v1/contacts", ["last_name": "Eden", "lifecycle_stage": "customer"])
        let counted = try await admin.get("/v1/views/\(id)").json["count"]
        let query = try await admin.get("/v1/contacts?view=\(id)&count=exact").json["page"]?["count"]
        #expect(counted == 3 && query == counted)
        #expect(try await admin.get("/v1/views?filter[kind]=segment").json["data"]?.elements?.map { $0["count"] } == [3])
        let narrower = try await admin.patch(
            "/v1/views/\(id)", ["where": ["and": [Self.customers, ["field": "last_name", "op": "eq", "value": "Abel"]]]])
        #expect(try narrower.json["count"] == 1, "\(narrower.text)")
        #expect(try await admin.get("/v1/views/\(id)?fields=name").json.members?.map(\.name) == ["id", "name"])
    }

    @Test("A view is seen by whom it is shared with, and changed by who may") func shared() async throws {
        let firm = try await TestSite.shared.firm()
        let (maker, other) = (try await firm.person("member"), try await firm.person("member"))
        for (sharing, status) in [("me", 404), ("team", 404), ("all", 200)] {
            let made = try await maker.post(
                "/v1/views", ["name": "Mine", "type": "contacts", "where": ["and": []], "shared_with": .string(sharing)])
            let id = try made.json["id"]?.string ?? ""

            #expect(made.status == 201, "\(made.text)")
            #expect(try await other.get("/v1/views/\(id)").status == status, "\(sharing)")
            #expect(try await other.get("/v1/contacts?view=\(id)").status == status, "\(sharing)")
            #expect(try await other.patch("/v1/views/\(id)", ["name": "Theirs"]).status == (status == 200 ? 403 : 404), "\(sharing)")
            #expect(try await maker.patch("/v1/views/\(id)", ["name": "Ours"]).status == 200)
        }
        #expect(try await other.get("/v1/views").json["data"]?.elements?.count == 1)
    }

    @Test("Team means the members of the owner's teams") func team() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let emails = [try await firm.user("member"), try await firm.user("member")]
        let ids = try await firm.scope().rows("SELECT id FROM users WHERE email = ANY (\(emails)::text[])").map { try $0.text(0) }
        #expect(try await admin.post("/v1/teams", ["name": "North", "member_ids": JSON(ids)]).status == 201)
        let (maker, mate, other) = (try await firm.signIn(emails[0]), try await firm.signIn(emails[1]), try await firm.person("member"))

        let id = try await maker.post("/v1/views", ["name": "Ours", "type": "contacts", "shared_with": "team"]).json["id"]?.string ?? ""

        #expect(try await mate.get("/v1/views/\(id)").status == 200)
        #expect(try await other.get("/v1/views/\(id)").status == 404)
    }

    @Test("A definition that names a lost field says so; its list is refused") func broken() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let made = try await admin.post(
            "/v1/views",
            [
                "name": "Old", "type": "contacts", "kind": "segment", "shared_with": "all", "sort": "phone",
                "columns": ["last_name", "phone"],
                "where": ["and": [["not": ["field": "phone", "op": "starts", "value": "+49"]]]],
            ])
        let id = try made.json["id"]?.string ?? ""
        let blind = try await Self.person(
            of: firm, ["name": "Blind", "rights": ["*": ["read": "all"]], "hidden_fields": ["contacts": ["phone"]]])

        let seen = try await blind.get("/v1/views/\(id)")

        let places = ["/where/and/0/not/field", "/sort", "/columns/1"]
        #expect(seen.status == 200)
        #expect(try seen.json["broken"] == .array(places.map { ["pointer": .string($0), "field": "phone"] }), "\(seen.text)")
        #expect(try seen.json["count"] == .null)
        #expect(try await blind.get("/v1/views").json["data"]?.elements?.first?["broken"]?.elements?.count == 3)
        let list = try await blind.get("/v1/contacts?view=\(id)")
        #expect(list.status == 422 && list.pointers == places, "\(list.text)")
        #expect(try await admin.get("/v1/contacts?view=\(id)").status == 200)

        _ = try await firm.scope().run([
            #"UPDATE views SET conditions = '{"field": "custom.gone", "op": "eq", "value": "x"}', sort = NULL, columns = '{}'"#
        ])
        let lost = try await admin.get("/v1/views/\(id)")
        #expect(try lost.json["broken"] == [["pointer": "/where/field", "field": "custom.gone"]], "\(lost.text)")
        #expect(try await admin.get("/v1/contacts?view=\(id)").status == 422)
        #expect(try await admin.patch("/v1/views/\(id)", ["name": "Still broken"]).status == 200)
        #expect(try await admin.patch("/v1/views/\(id)", ["where": ["and": []]]).json["broken"] == [])
    }

    @Test("A definition that cannot work is refused with its pointers") func refused() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let bodies: [(JSON, [String])] = [
            (["name": "x", "type": "nothing"], ["/type"]), (["name": "x"], ["/type"]),
            (["name": "x", "type": "contacts", "where": ["field": "gone", "op": "eq", "value": 1]], ["/where/field"]),
            (
                ["name": "x", "type": "contacts", "where": ["and": [["field": "last_name", "op": "eq", "value": 1]]]],
                ["/where/and/0/value"]
            ),
            (["name": "x", "type": "contacts", "where": []], ["/where"]), (["name": "x", "type": "contacts", "sort": "-gone"], ["/sort"]),
            (["name": "x", "type": "contacts", "columns": ["last_name", "gone"]], ["/columns/1"]),
            (["name": "x", "type": "contacts", "count": 1], ["/count"]),
            (["name": "x", "type": "contacts", "shared_with": "us"], ["/shared_with"]),
        ]
        for (body, pointers) in bodies {
            let refused = try await admin.post("/v1/views", body)
            #expect(refused.status == 422 && refused.pointers == pointers, "\(body.text): \(refused.text)")
        }
        let id = try await admin.post("/v1/views", ["name": "x", "type": "contacts"]).json["id"]?.string ?? ""
        #expect(try await admin.patch("/v1/views/\(id)", ["type": "deals"]).pointers == ["/type"])
        #expect(try await admin.patch("/v1/views/\(id)", ["columns": ["gone"]]).pointers == ["/columns/0"])
    }
}

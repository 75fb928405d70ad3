import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("Operations are taken back") struct OperationTests {
    @Test("A team's members and the team itself get back what they had, and the undo can be undone") func team() async throws {
        let (firm, admin) = try await Self.open()
        let people = try await Self.members(firm, admin, 2)
        let team = try await RightsFirm.id(of: admin.post("/v1/teams", ["name": "North"]))
        let changed = try await admin.patch("/v1/teams/\(team)", ["member_ids": JSON(people)])
        #expect(changed.status == 200, "\(changed.text)")
        let operation = try await Self.operation("teams", team, admin)
        #expect(try await Self.operation("users", people[0], admin) == operation)

        let undone = try await admin.send(.post, "/v1/operations/\(operation)/undo").json

        #expect(undone["conflicts"] == [], "\(undone.text)")
        // Two people and their team, whichever of them took the others along.
        #expect(undone["restored"] == 3, "\(undone.text)")
        #expect(try await admin.get("/v1/teams/\(team)").json["member_ids"] == [])
        #expect(try await admin.get("/v1/users/\(people[1])").json["team_ids"] == [])
        let log = try await admin.get("/v1/users/\(people[1])/changes").json["data"]?.elements?.first
        #expect(log?["action"] == "undo")
        let back = try await admin.send(.post, "/v1/operations/\(log?["operation_id"]?.string ?? "")/undo").json
        #expect(back["conflicts"] == [], "\(back.text)")
        #expect(try await admin.get("/v1/teams/\(team)").json["member_ids"] == JSON(people))
    }

    @Test("Deals go back with their pipeline; what has changed since is listed and left") func pipeline() async throws {
        let (_, admin) = try await Self.open()
        let pipeline = try #require(try await admin.get("/v1/pipelines").json["data"]?.elements?.first)
        let stage = try #require(pipeline["stages"]?.elements?.first)
        var deals: [String] = []
        for name in ["One", "Two"] {
            let body: JSON = ["name": .string(name), "pipeline_id": pipeline["id"] ?? .null, "stage_id": stage["id"] ?? .null]
            deals.append(try await RightsFirm.id(of: admin.post("/v1/deals", body)))
        }
        let address = "/v1/pipelines/\(pipeline["id"]?.string ?? "")"
        #expect(try await admin.patch(address, ["stages": Self.surer(pipeline)]).status == 200)
        #expect(try await admin.get("/v1/deals/\(deals[0])").json["probability"] == 33)
        let operation = try await Self.operation("pipelines", pipeline["id"]?.string ?? "", admin)
        #expect(try await Self.operation("deals", deals[0], admin) == operation)
        _ = try await admin.patch("/v1/deals/\(deals[1])", ["probability": 50])

        let undone = try await admin.send(.post, "/v1/operations/\(operation)/undo").json

        #expect(undone["conflicts"] == [["type": "deals", "id": .string(deals[1]), "fields": ["probability"]]], "\(undone.text)")
        #expect(undone["restored"] == 2)
        #expect(try await admin.get(address).json["stages"] == pipeline["stages"])
        #expect(try await admin.get("/v1/deals/\(deals[0])").json["probability"] == stage["probability"])
        #expect(try await admin.get("/v1/deals/\(deals[1])").json["probability"] == 50)
        // What had no chance of its own has none now: it follows its stage again.
        #expect(try await admin.patch(address, ["stages": Self.surer(pipeline)]).status == 200)
        #expect(try await admin.get("/v1/deals/\(deals[0])").json["probability"] == 33)
    }

    @Test("What was deleted for good does not come back, nor what referred to it; both are listed") func purge() async throws {
        let (_, admin) = try await Self.open()
        let company = try await RightsFirm.id(of: admin.post("/v1/companies", ["name": "Acme"]))
        let contact = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Ng", "company_id": .string(company)]))
        #expect(try await admin.delete("/v1/companies/\(company)?purge=true").status == 204)
        let operation = try await Self.operation("contacts", contact, admin)

        let undone = try await admin.send(.post, "/v1/operations/\(operation)/undo").json

        #expect(undone["restored"] == 0)
        let conflicts = undone["conflicts"]?.elements ?? []
        #expect(conflicts.contains(["type": "contacts", "id": .string(contact), "fields": ["company_id"]]), "\(undone.text)")
        #expect(conflicts.contains(["type": "companies", "id": .string(company), "fields": []]), "\(undone.text)")
    }

    @Test("An operation that is not there, or another tenant's, is not found; an undo is repeated to the letter and takes no members")
    func refusals() async throws {
        let (firm, admin) = try await Self.open()
        let people = try await Self.members(firm, admin, 1)
        _ = try await RightsFirm.id(of: admin.post("/v1/teams", ["name": "North", "member_ids": JSON(people)]))
        let address = "/v1/operations/\(try await Self.operation("users", people[0], admin))/undo"
        let stranger = try await TestSite.shared.firm().admin()

        #expect(try await stranger.send(.post, address).status == 404)
        #expect(try await admin.send(.post, "/v1/operations/00000000-0000-7000-8000-000000000000/undo").status == 404)
        #expect(try await admin.send(.post, "/v1/operations/nothing/undo").status == 404)
        #expect(try await admin.post(address, ["force": true]).pointers == ["/force"])
        let keyed = admin.with(.idempotencyKey, "back")
        let first = try await keyed.send(.post, address)
        let again = try await keyed.send(.post, address)
        #expect(first.status == 200 && again.bytes == first.bytes)
        #expect(again.headers[.idempotentReplayed] == "true")
    }

    @Test("Whoever may not write the records restores nothing") func rights() async throws {
        let (firm, admin) = try await Self.open()
        let people = try await Self.members(firm, admin, 1)
        let team = try await RightsFirm.id(of: admin.post("/v1/teams", ["name": "North"]))
        _ = try await admin.patch("/v1/teams/\(team)", ["member_ids": JSON(people)])
        let operation = try await Self.operation("teams", team, admin)

        let answer = try await firm.person("read_only").send(.post, "/v1/operations/\(operation)/undo")

        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.json["restored"] == 0)
        #expect(try answer.json["conflicts"]?.elements?.count == 2)
        #expect(try await admin.get("/v1/teams/\(team)").json["member_ids"] == JSON(people))
    }

    private static func open() async throws -> (Firm, Client) {
        let firm = try await TestSite.shared.firm()
        return (firm, try await firm.admin())
    }

    private static func members(_ firm: Firm, _ admin: Client, _ count: Int) async throws -> [String] {
        var ids: [String] = []
        for _ in 0..<count { ids.append(try await RightsFirm.person(firm, admin, try await firm.roleID("member")).id) }
        return ids
    }

    /// The operation of a record's newest change.
    private static func operation(_ type: String, _ id: String, _ admin: Client) async throws -> String {
        let answer = try await admin.get("/v1/\(type)/\(id)/changes")
        guard let operation = try answer.json["data"]?.elements?.first?["operation_id"]?.string else { throw Unexpected(answer) }
        return operation
    }

    /// The stages with another chance in the first.
    private static func surer(_ pipeline: JSON) -> JSON {
        var stages = pipeline["stages"]?.elements ?? []
        stages[0] = .object((stages[0].members ?? []).map { $0.name == "probability" ? .init("probability", 33) : $0 })
        return .array(stages)
    }
}

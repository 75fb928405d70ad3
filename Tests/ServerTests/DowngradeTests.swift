import Foundation
import Records
import Testing

@testable import Server

@Suite("After a downgrade") struct DowngradeTests {
    @Test("The newest beyond the limit can be read and deleted, not changed; with room again they are as before") func readOnly()
        async throws
    {
        let firm = try await LimitedFirm([:])
        var ids: [String] = []
        for number in 1...5 { ids.append(try await firm.make("contacts", ["last_name": .string("N\(number)")])) }
        try await firm.allow(["records.contacts": 3])

        #expect(try await Self.marked(firm, "contacts") == Set(ids.suffix(2)))
        #expect(try await firm.admin.get("/v1/contacts/\(ids[4])").json["read_only"] == true)
        #expect(try await firm.admin.get("/v1/contacts/\(ids[2])").json["read_only"] == nil)
        let found = try await firm.admin.post("/v1/contacts/search", ["where": ["field": "last_name", "op": "eq", "value": "N4"]])
        #expect(try found.json["data"]?.elements?.first?["read_only"] == true)
        let patch = try await firm.admin.patch("/v1/contacts/\(ids[3])", ["phone": "1"])
        #expect(LimitRefusal(patch) == LimitRefusal(3, 5, "records.contacts"), "\(patch.text)")
        #expect(try await firm.admin.patch("/v1/contacts/\(ids[2])", ["phone": "1"]).status == 200)
        #expect(try await firm.admin.patch("/v1/contacts/\(UUID().uuidString)", ["phone": "1"]).status == 404)
        #expect(LimitRefusal(try await firm.admin.post("/v1/contacts", ["last_name": "x"])) == LimitRefusal(3, 5, "records.contacts"))

        // One of the old ones goes: the next in line can be written.
        #expect(try await firm.admin.delete("/v1/contacts/\(ids[0])").status == 204)
        #expect(try await Self.marked(firm, "contacts") == [ids[4]])
        #expect(try await firm.admin.patch("/v1/contacts/\(ids[3])", ["phone": "1"]).status == 200)
        #expect(try await firm.admin.delete("/v1/contacts/\(ids[4])").status == 204)
        #expect(LimitRefusal(try await firm.admin.send(.post, "/v1/contacts/\(ids[4])/restore")) == LimitRefusal(3, 3, "records.contacts"))
        #expect(try await Self.marked(firm, "contacts").isEmpty)

        try await firm.allow(["records.contacts": 1])
        #expect(try await Self.marked(firm, "contacts") == [ids[2], ids[3]])
        try await firm.allow([:])
        #expect(try await Self.marked(firm, "contacts").isEmpty)
        #expect(try await firm.admin.patch("/v1/contacts/\(ids[3])", ["phone": "2"]).status == 200)
    }

    @Test("A limit of all records marks the newest of whatever type; moves and conversions of them are refused") func everything()
        async throws
    {
        let firm = try await LimitedFirm([:])
        let pipeline = try await firm.admin.get("/v1/pipelines").json["data"]?.elements?.first
        let stages = pipeline?["stages"]?.elements?.compactMap { $0["id"]?.string } ?? []
        let contact = try await firm.make("contacts", ["last_name": "Old"])
        let company = try await firm.make("companies", ["name": "Old"])
        let deal = try await firm.make(
            "deals", ["name": "New", "pipeline_id": pipeline?["id"] ?? .null, "stage_id": .string(stages[0])])
        let lead = try await firm.make("leads", ["last_name": "New"])
        try await firm.allow(["records": 2])

        #expect(try await Self.marked(firm, "contacts").isEmpty)
        #expect(try await Self.marked(firm, "companies").isEmpty)
        #expect(try await Self.marked(firm, "deals") == [deal])
        #expect(try await Self.marked(firm, "leads") == [lead])
        let move = try await firm.admin.post("/v1/deals/\(deal)/move", ["stage_id": .string(stages[1])])
        #expect(LimitRefusal(move) == LimitRefusal(2, 4, "records"), "\(move.text)")
        #expect(LimitRefusal(try await firm.admin.send(.post, "/v1/leads/\(lead)/convert", "{}")) == LimitRefusal(2, 4, "records"))
        #expect(try await firm.admin.delete("/v1/contacts/\(contact)").status == 204)
        #expect(try await Self.marked(firm, "deals").isEmpty)
        #expect(try await firm.admin.post("/v1/deals/\(deal)/move", ["stage_id": .string(stages[1])]).status == 200)
        #expect(try await firm.admin.patch("/v1/companies/\(company)", ["name": "Older"]).status == 200)
    }

    @Test("Records that are answered inside others say that they can only be read") func included() async throws {
        let firm = try await LimitedFirm([:])
        let companies = [try await firm.make("companies", ["name": "Old"]), try await firm.make("companies", ["name": "New"])]
        let contact = try await firm.make("contacts", ["last_name": "First", "company_id": .string(companies[1])])
        let other = try await firm.make("contacts", ["last_name": "Second", "company_id": .string(companies[0])])
        try await firm.allow(["records.companies": 1, "records.contacts": 1])

        let (one, two) = ("/v1/contacts/\(contact)?include=company", "/v1/contacts/\(other)?include=company")
        let parents = (try await firm.admin.get(one).json, try await firm.admin.get(two).json)
        let children = try await firm.admin.get("/v1/companies?include=contacts&sort=name").json["data"]?.elements ?? []

        #expect(parents.0["company"]?["read_only"] == true && parents.0["read_only"] == nil)
        #expect(parents.1["company"]?["name"] == "Old" && parents.1["company"]?["read_only"] == nil && parents.1["read_only"] == true)
        #expect(children.map { $0["contacts"]?.elements?.first?["read_only"] } == [nil, true])
    }

    @Test("Of users over the limit the administrators, then the oldest, sign in; the sessions of the others end") func seats() async throws
    {
        let firm = try await LimitedFirm([:])
        let older = try await Self.user(firm, "older", "member")
        let younger = try await Self.user(firm, "younger", "member")
        let second = try await Self.user(firm, "second", "admin")
        let sessions = (try await firm.firm.signIn(older), try await firm.firm.signIn(younger), try await firm.firm.signIn(second))
        #expect(try await sessions.1.get("/v1/contacts").status == 200)

        try await firm.allow(["users": 3])
        #expect(try await sessions.0.get("/v1/contacts").status == 200)
        #expect(try await sessions.1.get("/v1/contacts").status == 401)
        #expect(try await sessions.2.get("/v1/contacts").status == 200)
        let refused = try await Self.signIn(firm, younger)
        #expect(LimitRefusal(refused) == LimitRefusal(3, 4, "users"), "\(refused.text)")
        let wrong = try await firm.firm.site.stranger.post(
            "/v1/session", ["tenant": .string(firm.firm.slug), "email": .string(younger), "password": "something else entirely"])
        #expect(wrong.status == 401)

        try await firm.allow(["users": 1])
        #expect(try await sessions.0.get("/v1/contacts").status == 401)
        #expect(try await firm.admin.get("/v1/contacts").status == 200)
        #expect(try await sessions.2.get("/v1/contacts").status == 401)

        try await firm.allow([:])
        #expect(try await Self.signIn(firm, younger).status == 201)
        #expect(try await Self.signIn(firm, second).status == 201)
    }

    @Test("No plan locks out the last administrator: it has at least one seat, and an active administrator takes the first")
    func lastAdministrator() async throws {
        let site = try await TestSite.shared
        let firm = try await LimitedFirm([:])
        let heir = try await Self.user(firm, "heir", "admin")
        // The first administrator, older than the heir, is invited only: a seat would help nobody.
        let first = try await firm.admin.get("/v1/session").json["user"]?["id"]?.string ?? ""
        _ = try await firm.firm.scope().run(["UPDATE users SET status = 'invited' WHERE id = \(first)::uuid"])

        let none = try await site.operator().put(
            "/operator/v1/plans/p\(TestSite.unique())", ["limits": ["users": 0], "price": ["amount": "0", "currency": "EUR"]])
        try await firm.allow(["users": 1])

        #expect(none.status == 422 && none.pointers == ["/limits/users"])
        #expect(try await Self.signIn(firm, heir).status == 201)
    }

    @Test("A preview tells the price and of what there would be too much, and changes nothing") func preview() async throws {
        let firm = try await LimitedFirm([:])
        let plan = "p\(TestSite.unique())"
        _ = try await firm.firm.site.operator().put(
            "/operator/v1/plans/\(plan)",
            ["limits": ["records.contacts": 2, "records": 4, "users": 1], "price": ["amount": "3", "currency": "EUR", "per": "tenant"]])
        for number in 1...5 { _ = try await firm.make("contacts", ["last_name": .string("N\(number)")]) }

        let preview = try await firm.admin.post("/v1/billing/preview", ["plan": .string(plan)])

        #expect(preview.status == 200, "\(preview.text)")
        #expect(
            try preview.json == [
                "price": ["amount": "3.00", "currency": "EUR", "per": "tenant"], "read_only": ["records": 1, "records.contacts": 3],
            ])
        #expect(try await Self.marked(firm, "contacts").isEmpty)
        #expect(try await firm.admin.post("/v1/billing/preview", ["plan": "gold"]).pointers == ["/plan"])
        #expect(try await firm.admin.post("/v1/billing/preview", [:]).pointers == ["/plan"])
        #expect(try await firm.firm.person("manager").post("/v1/billing/preview", ["plan": .string(plan)]).status == 403)
    }

    @Test("Whoever was never given less is not asked to look: its reads are what they were") func cheap() async throws {
        let firm = try await LimitedFirm(["records.contacts": 5, "users": 2])
        _ = try await firm.make("contacts", ["last_name": "One"])
        try await firm.allow(["records.contacts": 4, "users": 2])
        #expect(try await firm.firm.scope().entitlements.tightened == ["records.contacts", "users"])
        // From unlimited to limited is less; a recount that finds it within its limits ends the looking.
        #expect(try await Recounting.drift(of: firm).isEmpty)

        #expect(try await firm.firm.scope().entitlements.tightened.isEmpty)
        #expect(LimitRefusal(try await Self.fill(firm, 5)) == LimitRefusal(4, 4, "records.contacts"))
    }

    @Test("Random walks of writes and plan changes end as a model says", arguments: [1, 2, 3]) func walks(seed: UInt64) async throws {
        let firm = try await LimitedFirm([:])
        var walk = try await PlanWalk(firm, seed: seed)
        for _ in 0..<90 { try await walk.step() }
        try await walk.end()
        #expect(try await Recounting.drift(of: firm).isEmpty)
    }

    /// Creates contacts until one is refused.
    private static func fill(_ firm: LimitedFirm, _ most: Int) async throws -> Client.Answer {
        for _ in 0..<most {
            let answer = try await firm.admin.post("/v1/contacts", ["last_name": "x"])
            if answer.status != 201 { return answer }
        }
        throw Unexpected("nothing was refused")
    }

    /// The ids of a list that say they can only be read.
    static func marked(_ firm: LimitedFirm, _ type: String) async throws -> Set<String> {
        let list = try await firm.admin.get("/v1/\(type)?limit=200").json["data"]?.elements ?? []
        return Set(list.filter { $0["read_only"] == true }.compactMap { $0["id"]?.string })
    }

    private static func user(_ firm: LimitedFirm, _ name: String, _ role: String) async throws -> String {
        let email = "\(name)@\(firm.firm.slug).example"
        _ = try await firm.make(
            "users",
            [
                "email": .string(email), "name": .string(name), "role_id": .string(try await firm.firm.roleID(role)),
                "password": .string(TestSite.password),
            ])
        return email
    }

    private static func signIn(_ firm: LimitedFirm, _ email: String) async throws -> Client.Answer {
        try await firm.firm.site.stranger.post(
            "/v1/session", ["tenant": .string(firm.firm.slug), "email": .string(email), "password": .string(TestSite.password)])
    }
}

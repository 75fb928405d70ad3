import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("Why one may or may not") struct AccessTests {
    @Test("A thousand random questions are answered as the call itself is") func agreement() async throws {
        let firm = try await AccessFirm.open(seed: 11)
        var random = Chance(state: 42)
        var allowed = 0

        for _ in 0..<1_000 {
            let question = firm.question(&random)
            let answer = try await firm.ask(question)
            let real = try await firm.perform(question)

            let explained = try answer.json
            let isAllowed = try #require(explained["allowed"]?.bool as Bool?)
            #expect(isAllowed == (200..<300).contains(real.status), "\(question) \(answer.text) \(real.status) \(real.text)")
            #expect(isAllowed || [401, 403, 404].contains(real.status), "\(question) \(real.status)")
            if isAllowed { allowed += 1 }
        }
        #expect((150..<850).contains(allowed), "\(allowed) of 1,000 are allowed: the questions say little.")
    }

    @Test("The reasons name the role, the owner and what decided") func reasons() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let member = try await RightsFirm.person(firm, admin, try await firm.roleID("member"))
        let id = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Ng"]))

        let answer = try await member.client.get("/v1/access/explain?user_id=\(member.id)&type=contacts&id=\(id)&action=update").json

        #expect(answer.members?.map(\.name) == ["allowed", "reasons"])
        #expect(answer["allowed"] == false)
        let reasons = answer["reasons"]?.elements ?? []
        #expect(reasons.allSatisfy { $0.members?.map(\.name) == ["rule", "detail"] })
        #expect(reasons.last?["rule"] == "role")
        #expect(reasons.contains { $0["rule"] == "owner" })
    }

    @Test("What a rule has against an empty body is no reason: only what it forbids the person is") func rules() async throws {
        let admin = try await TestSite.shared.firm().admin()

        for type in TestHouse.catalog.types where type.operations.contains(.create) {
            let answer = try await admin.get("/v1/access/explain?type=\(type.name)&action=create").json
            #expect(answer["allowed"] == true, "\(answer.text)")
            #expect(answer["reasons"]?.elements?.contains { $0["rule"]?.string == type.name } == false, "\(answer.text)")
        }
    }

    @Test("Who asks about oneself hears the same of a record that is hidden and of one that is not there; an administrator hears which")
    func discretion() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let rights: JSON = ["contacts": ["read": "own", "update": "own", "delete": "own"]]
        let member = try await RightsFirm.person(firm, admin, try await RightsFirm.role(admin, rights))
        let hidden = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Hidden"]))
        let nowhere = "01890000-0000-7000-8000-000000000000"

        for action in ["read", "update", "delete"] {
            let query = "/v1/access/explain?user_id=\(member.id)&type=contacts&action=\(action)&id="
            let ofHidden = try await member.client.get(query + hidden)
            #expect(try ofHidden.status == 200 && ofHidden.json["allowed"] == false)
            #expect(try await member.client.get(query + nowhere).text == ofHidden.text, "\(action)")
            #expect(try await admin.get(query + nowhere).text != admin.get(query + hidden).text, "\(action)")
        }
    }

    @Test("Everyone may ask about oneself, an administrator about all; what makes no sense is malformed") func askers() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let member = try await RightsFirm.person(firm, admin, try await firm.roleID("member"))
        let adminID = try #require(try await admin.get("/v1/session").json["user"]?["id"]?.string)
        func ask(_ client: Client, _ query: String) async throws -> Int { try await client.get("/v1/access/explain?\(query)").status }

        #expect(try await ask(member.client, "type=contacts&action=create") == 200)
        #expect(try await ask(admin, "user_id=\(member.id)&type=contacts&action=export") == 200)
        #expect(try await ask(member.client, "user_id=\(adminID)&type=contacts&action=create") == 403)
        #expect(try await ask(admin, "user_id=00000000-0000-7000-8000-000000000000&type=contacts&action=create") == 404)
        for query in ["type=bogus&action=read&id=\(adminID)", "type=contacts&action=fly", "type=contacts&action=read", "action=create", ""]
        {
            #expect(try await ask(admin, query) == 400, "\(query)")
        }
    }
}

import Foundation
import Records
import Support
import Testing

@Suite("Rights stand in the statements") struct RightsTests {
    @Test("A member reads all and changes only what is his; read_only changes nothing; a role without rights sees nothing")
    func builtInRoles() async throws {
        let tenant = try await TestHouse.tenant()
        let member = try await tenant.person("member")
        let reader = try await tenant.person("read_only")
        let nobody = tenant.caller(reader.userID, Rights(types: [:]))
        let theirs = try #require(try await tenant.store("contacts").create(["last_name": "Theirs"]).id)
        let mine = try #require(try await tenant.store("contacts", as: member).create(["last_name": "Mine"]).id)

        #expect(try await tenant.store("contacts", as: member).get(theirs).status == 200)
        await expectProblem(.forbidden) { try await tenant.store("contacts", as: member).patch(theirs, ["phone": "1"]) }
        await expectProblem(.forbidden) { try await tenant.store("contacts", as: member).trash(theirs) }
        await expectProblem(.forbidden) { try await tenant.store("contacts", as: member).purge(mine) }
        #expect(try await tenant.store("contacts", as: member).patch(mine, ["phone": "1"]).version == 2)
        #expect(try await tenant.store("contacts", as: member).trash(mine).status == 204)

        await expectProblem(.forbidden) { try await tenant.store("contacts", as: reader).create(["last_name": "X"]) }
        await expectProblem(.forbidden) { try await tenant.store("contacts", as: reader).patch(theirs, ["phone": "1"]) }
        await expectProblem(.forbidden) { try await tenant.store("users", as: reader).patch(member.userID.uuidString, ["name": "X"]) }

        await expectProblem(.notFound) { try await tenant.store("contacts", as: nobody).get(theirs) }
        await expectProblem(.notFound) { try await tenant.store("contacts", as: nobody).patch(theirs, ["phone": "1"]) }
        await expectProblem(.forbidden) { try await tenant.store("contacts", as: nobody).list(try request("contacts", [:], nobody)) }
    }

    private func request(_ type: String, _ body: JSON, _ caller: Caller) throws -> ListRequest {
        try ListRequest(body: body, of: try #require(TestHouse.catalog[type]), in: TestHouse.catalog, for: caller)
    }

    @Test("Own and team reach cover lists, counts, filters along references, includes and duplicates alike")
    func reach() async throws {
        let tenant = try await TestHouse.tenant()
        let colleague = try await tenant.person("member")
        var own = tenant.caller(
            try await tenant.person("member").userID, Rights(types: ["*": .init(read: .own, update: .own, create: true)]))
        let company = try #require(try await tenant.store("companies").create(["name": "Secret", "domain": "secret.example"]).id)
        _ = try await tenant.store("contacts", as: colleague).create(["last_name": "Colleague", "email": "c@example.com"])
        let mine = try await tenant.store("contacts").create([
            "last_name": "Mine", "company_id": .string(company), "owner_id": .string(own.userID.uuidString),
        ])

        let listed = try await tenant.store("contacts", as: own).list(try request("contacts", ["count": "exact"], own))
        #expect(try listed.values("last_name") == ["Mine"])
        #expect(try listed.json["page"]?["count"] == 1)
        let byCompany = try request("contacts", ["where": ["field": "company.name", "op": "eq", "value": "Secret"]], own)
        #expect(try await tenant.store("contacts", as: own).list(byCompany).values("id").isEmpty)
        let view = try RecordStore.View(
            query: [("include", "company")], of: try #require(TestHouse.catalog["contacts"]), in: TestHouse.catalog, for: own)
        #expect(try await tenant.store("contacts", as: own).get(try #require(mine.id), view).json["company"] == .null)
        let duplicate = await #expect(throws: Problem.self) {
            try await tenant.store("contacts", as: own).create(["email": "C@example.com"])
        }
        #expect(duplicate?.members.first { $0.name == "existing" }?.value == [])

        own.rights = Rights(types: ["*": .init(read: .team)])
        own.teamMemberIDs = [colleague.userID]
        #expect(
            Set(try await tenant.store("contacts", as: own).list(try request("contacts", [:], own)).values("last_name")) == [
                "Mine", "Colleague",
            ])
    }

    @Test("A hidden field does not exist: not in answers, filters, orders, bodies, changes")
    func hiddenFields() async throws {
        let tenant = try await TestHouse.tenant()
        var rights = tenant.admin.rights
        rights.hiddenFields = ["contacts": ["phone"]]
        rights.readOnlyFields = ["contacts": ["source"]]
        let caller = tenant.caller(tenant.tenant.adminID, rights)
        let contacts = tenant.store("contacts", as: caller)
        let id = try #require(try await tenant.store("contacts").create(["last_name": "Ng", "phone": "123"]).id)

        #expect(try await contacts.get(id).json["phone"] == nil)
        #expect(try await contacts.changes(id, limit: 5, after: nil).values("fields").first?["phone"] == nil)
        let refused = await #expect(throws: Problem.self) { try await contacts.patch(id, ["phone": "1", "source": "x"]) }
        #expect(refused?.errors.map(\.code) == [.unknown, .readOnly])
        #expect(throws: Problem.self) { try request("contacts", ["where": ["field": "phone", "op": "eq", "value": "1"]], caller) }
        #expect(throws: Problem.self) { try request("contacts", ["sort": "phone"], caller) }
        #expect(throws: Problem.self) { try request("contacts", ["fields": ["phone"]], caller) }
        let byWord = try request("contacts", ["q": "123"], caller)
        #expect(try await contacts.list(byWord).values("id").isEmpty)
    }

    @Test("A user who owns something stays; one who owns nothing but himself goes")
    func usersInUse() async throws {
        let tenant = try await TestHouse.tenant()
        let owner = try await tenant.person("member")
        let idle = try await tenant.person("member")
        _ = try await tenant.store("contacts", as: owner).create(["last_name": "Ng"])

        let refused = await #expect(throws: Problem.self) { try await tenant.store("users").trash(owner.userID.uuidString) }
        #expect(refused?.code == .conflict)
        #expect(refused?.members == [.init("used_by", [["type": "contacts", "field": "owner_id"]])])
        #expect(try await tenant.store("users").trash(idle.userID.uuidString).status == 204)
        await expectProblem(.invalid) {
            try await tenant.store("users").patch(owner.userID.uuidString, ["team_ids": ["01890000-0000-7000-8000-000000000000"]])
        }
    }

    @Test("One active administrator always remains, also when two demote each other at once")
    func lastAdministrator() async throws {
        let tenant = try await TestHouse.tenant()
        let other = try await tenant.person("admin")
        let users = tenant.store("users")

        async let first = Result.catching { try await users.patch(tenant.tenant.adminID.uuidString, ["status": "disabled"]) }
        async let second = Result.catching { try await users.patch(other.userID.uuidString, ["status": "disabled"]) }
        let outcomes = await [first, second]

        #expect(outcomes.filter { (try? $0.get()) != nil }.count == 1)
        for case .failure(let error) in outcomes { #expect((error as? Problem)?.code == .conflict) }
    }
}

import HTTPTypes
import Records
import Support
import Testing

@testable import Server

/// What a role's rights mean, call by call.
@Suite("Roles over HTTP") struct RoleRightsTests {
    /// One's own record, a teammate's, a stranger's: which of them a reach covers.
    private static let covered = [
        "all": [true, true, true], "team": [true, true, false], "own": [true, false, false], "none": [false, false, false],
    ]

    @Test("Read reaches what it says, in get, list, count and search", arguments: ["all", "team", "own", "none"])
    func read(reach: String) async throws {
        let scene = try await Scene.open(["contacts": ["read": .string(reach)]])
        let expected = Self.covered[reach] ?? []

        for (id, isCovered) in zip(scene.ids, expected) {
            #expect(try await scene.person.get("/v1/contacts/\(id)").status == (isCovered ? 200 : 404))
            #expect(try await scene.person.get("/v1/contacts/\(id)/changes").status == (isCovered ? 200 : 404))
        }
        let list = try await scene.person.get("/v1/contacts?count=exact&sort=id")
        let search = try await scene.person.post("/v1/contacts/search", ["where": ["and": []], "sort": "id"])
        guard reach != "none" else {
            #expect(list.status == 403 && search.status == 403)
            return
        }
        let shown = zip(scene.ids, expected).filter(\.1).map(\.0)
        #expect(try list.json["data"]?.elements?.compactMap { $0["id"]?.string } == shown)
        #expect(try list.json["page"]?["count"] == JSON(shown.count))
        #expect(try search.json["data"]?.elements?.compactMap { $0["id"]?.string } == shown, "\(search.text)")
    }

    @Test(
        "Update reaches what it says; the rest is forbidden, and not found where it cannot be read",
        arguments: ["all", "team", "own", "none"])
    func update(reach: String) async throws {
        let scene = try await Scene.open(["contacts": ["read": "all", "update": .string(reach)]])
        for (id, isCovered) in zip(scene.ids, Self.covered[reach] ?? []) {
            #expect(try await scene.person.patch("/v1/contacts/\(id)", ["phone": "1"]).status == (isCovered ? 200 : 403))
        }
        let blind = try await Scene.open(["contacts": ["read": "own", "update": .string(reach)]])
        #expect(try await blind.person.patch("/v1/contacts/\(blind.ids[2])", ["phone": "1"]).status == 404)
    }

    @Test("Delete reaches what it says; for good only with all", arguments: ["all", "team", "own", "none"])
    func delete(reach: String) async throws {
        let scene = try await Scene.open(["contacts": ["read": "all", "delete": .string(reach)]])
        for (id, isCovered) in zip(scene.ids, Self.covered[reach] ?? []) {
            #expect(try await scene.person.delete("/v1/contacts/\(id)").status == (isCovered ? 204 : 403))
            #expect(try await scene.person.send(.post, "/v1/contacts/\(id)/restore").status == (isCovered ? 200 : 403))
        }
        #expect(try await scene.person.delete("/v1/contacts/\(scene.ids[0])?purge=true").status == (reach == "all" ? 204 : 403))
    }

    @Test("Only who may create creates; a type that is not named is none") func create() async throws {
        let may = try await Scene.open(["contacts": ["read": "own", "create": true]])
        let mayNot = try await Scene.open(["contacts": ["read": "all", "create": false]])

        #expect(try await may.person.post("/v1/contacts", ["last_name": "Mine"]).status == 201)
        #expect(try await mayNot.person.post("/v1/contacts", ["last_name": "Mine"]).status == 403)
        #expect(try await may.person.get("/v1/companies").status == 403)
        #expect(try await may.person.post("/v1/companies", ["name": "Acme"]).status == 403)
    }

    @Test("A hidden field is unknown everywhere, a read-only one is shown and refused") func fields() async throws {
        let scene = try await Scene.open(
            ["contacts": ["read": "all", "update": "all", "create": true]], hidden: ["contacts": ["phone"]],
            readOnly: ["contacts": ["source"]])
        let address = "/v1/contacts/\(scene.ids[0])"
        _ = try await scene.admin.patch(address, ["phone": "123", "source": "fair"])

        let shown = try await scene.person.get(address).json
        #expect(shown["phone"] == nil && shown["source"] == "fair")
        for query in ["filter[phone]=1", "sort=phone", "fields=phone"] {
            #expect(try await scene.person.get("/v1/contacts?\(query)").status == 400, "\(query)")
        }
        let search = try await scene.person.post("/v1/contacts/search", ["where": ["field": "phone", "op": "eq", "value": "1"]])
        #expect(search.status == 422)
        for body: JSON in [["phone": "1"], ["source": "web"]] {
            let patched = try await scene.person.patch(address, body)
            #expect(patched.status == 422 && patched.pointers == ["/\(body.members?.first?.name ?? "")"], "\(patched.text)")
        }
        #expect(try await scene.person.get("\(address)/changes").text.contains("phone") == false)
        #expect(try await scene.person.post("/v1/contacts", ["last_name": "Ng", "phone": "1"]).pointers == ["/phone"])
    }

    @Test("One active administrator always remains, whatever is tried") func lastAdmin() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let id = try #require(try await admin.get("/v1/session").json["user"]?["id"]?.string)
        let member = JSON.string(try await firm.roleID("member"))

        for body: JSON in [["role_id": member], ["status": "disabled"]] {
            #expect(try await admin.patch("/v1/users/\(id)", body).status == 409, "\(body.text)")
        }
        #expect(try await admin.delete("/v1/users/\(id)").status == 409)
        #expect(try await admin.delete("/v1/users/\(id)?purge=true").status == 409)
        #expect(try await admin.get("/v1/session").status == 200)

        let second = try await RightsFirm.person(firm, admin, try await firm.roleID("admin"))
        let outcomes = try await Self.together(admin, id, second.client, second.id, member)
        #expect(outcomes.sorted() != [200, 200])
        #expect(
            try await firm.scope().rows(
                "SELECT FROM users JOIN roles ON roles.id = users.role_id WHERE roles.key = 'admin' AND users.status = 'active'"
            ).count >= 1)
    }

    /// Each of two administrators demotes the other.
    private static func together(_ one: Client, _ oneID: String, _ two: Client, _ twoID: String, _ role: JSON) async throws -> [Int] {
        async let first = one.patch("/v1/users/\(twoID)", ["role_id": role]).status
        async let second = two.patch("/v1/users/\(oneID)", ["role_id": role]).status
        return try await [first, second]
    }

    /// Someone with the rights, and three contacts: their own, a teammate's, a stranger's.
    private struct Scene {
        let admin: Client
        let person: Client
        let ids: [String]

        static func open(_ rights: JSON, hidden: JSON = [:], readOnly: JSON = [:]) async throws -> Scene {
            let firm = try await TestSite.shared.firm()
            let admin = try await firm.admin()
            let team = try await RightsFirm.id(of: admin.post("/v1/teams", ["name": "North"]))
            let role = try await RightsFirm.role(admin, rights, hidden: hidden, readOnly: readOnly)
            let member = try await firm.roleID("member")
            let person = try await RightsFirm.person(firm, admin, role, teams: [team])
            let mate = try await RightsFirm.person(firm, admin, member, teams: [team])
            let stranger = try await RightsFirm.person(firm, admin, member)
            var ids: [String] = []
            for owner in [person, mate, stranger] {
                let body: JSON = ["last_name": "Ng", "owner_id": .string(owner.id)]
                ids.append(try await RightsFirm.id(of: admin.post("/v1/contacts", body)))
            }
            return Scene(admin: admin, person: person.client, ids: ids)
        }
    }
}

import Foundation
import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("What others changed lately") struct LatestChangeTests {
    private static func entries(_ client: Client, _ query: String = "") async throws -> [JSON] {
        let answer = try await client.get("/v1/changes\(query)")
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json["data"]?.elements ?? []
    }

    private static func titles(_ entries: [JSON]) -> [String] { entries.compactMap { $0["record"]?["title"]?.string } }

    @Test("It tells each record once, by its newest change, and nothing of what one did oneself") func newest() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let colleague = try await firm.person("member")
        let id = try await RightsFirm.id(of: admin.post("/v1/companies", ["name": "Acme"]))
        _ = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Miller"]))
        #expect(try await admin.patch("/v1/companies/\(id)", ["industry": "Roofs", "employees": 5]).status == 200)
        _ = try await RightsFirm.id(of: colleague.post("/v1/companies", ["name": "Mine"]))

        let told = try await Self.entries(colleague)

        #expect(Self.titles(told) == ["Acme", "Miller"])
        #expect(told[0]["action"] == "update" && told[0]["fields"] == ["employees", "industry"])
        #expect(told[0]["record"] == ["type": "companies", "id": .string(id), "title": "Acme"] && told[0]["records"] == 1)
        #expect(told[0]["actor"]?["name"] == "Ada Admin")
        #expect(try await Self.titles(Self.entries(admin)) == ["Mine"])
        #expect(try await Self.entries(colleague, "?limit=1").count == 1)
        #expect(try await colleague.get("/v1/changes?limit=51").code == "malformed")
    }

    @Test("What one operation did to many records is one entry with their number") func together() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let operations = (1...30).map { number -> JSON in ["op": "create", "body": ["last_name": .string("Number \(number)")]] }
        let made = try await admin.post("/v1/contacts/batch", ["atomic": true, "operations": .array(operations)])
        #expect(made.status == 200, "\(made)")

        let told = try await Self.entries(firm.person("member"))

        #expect(told.count == 1 && told.first?["records"] == 30 && told.first?["action"] == "create", "\(told)")
    }

    @Test("Of records that the caller may not read, and of fields he does not see, nothing is told") func rights() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let role = try await RightsFirm.role(
            admin, ["contacts": ["read": "own", "create": true, "update": "own"], "companies": ["read": "all"]],
            hidden: ["contacts": ["phone"]])
        let clerk = try await RightsFirm.person(firm, admin, role)
        let own = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Own", "owner_id": .string(clerk.id)]))
        _ = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Other"]))
        _ = try await RightsFirm.id(of: admin.post("/v1/tasks", ["title": "A secret task"]))
        #expect(try await Self.titles(Self.entries(clerk.client)) == ["Own"])

        // What he does not see has not changed for him.
        #expect(try await admin.patch("/v1/contacts/\(own)", ["phone": "+49 30 1"]).status == 200)
        #expect(try await Self.entries(clerk.client).first?["action"] == "create")
        #expect(try await admin.patch("/v1/contacts/\(own)", ["phone": "+49 30 2", "title": "Dr."]).status == 200)
        #expect(try await Self.entries(clerk.client).first?["fields"] == ["title"])

        // What is no longer his is nothing to him.
        #expect(try await admin.patch("/v1/contacts/\(own)", ["owner_id": .null]).status == 200)
        #expect(try await Self.entries(clerk.client).isEmpty)
        #expect(try await firm.site.stranger.get("/v1/changes").status == 401)
    }
}

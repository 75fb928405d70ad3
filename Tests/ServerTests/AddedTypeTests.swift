import Foundation
import HTTPTypes
import Records
import Schema
import Support
import Testing

@testable import Server

/// Does what README.md says under "Adding a record type": its SQL as it stands there, its definition, one word.
@Suite("A record type is added by its SQL, its definition and one word") struct AddedTypeTests {
    @Test("The definition that is tried here is the one that the README shows") func example() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Warranties.swift")
        let definition = try String(contentsOf: file, encoding: .utf8).replacing("import Records\n\n", with: "")

        #expect(try Self.readme("swift") == definition)
    }

    @Test("It is created, read, changed, trashed, restored and deleted for good; what it must not be is refused") func writing()
        async throws
    {
        let (firm, admin) = try await Self.open()
        let company = try await RightsFirm.id(of: admin.post("/v1/companies", ["name": "Acme"]))

        let made = try await admin.post("/v1/warranties", ["number": "W-1001", "company_id": .string(company)])
        #expect(made.status == 201, "\(made.text)")
        #expect(made.headers[.eTag] == "\"1\"")
        #expect(try made.json["status"] == "valid")
        let address = try #require(made.headers[.location])
        #expect(try await admin.get(address).bytes == made.bytes)
        #expect(try await admin.patch(address, ["status": "claimed"]).json["version"] == 2)
        #expect(try await admin.with(.ifMatch, "\"1\"").patch(address, ["status": "valid"]).status == 412)
        #expect(try await admin.patch(address, ["company_id": nil]).pointers == ["/company_id"])
        #expect(try await admin.patch(address, ["status": "lost"]).pointers == ["/status"])
        #expect(try await admin.post("/v1/warranties", [:]).pointers == ["/number"])
        #expect(try await admin.post("/v1/warranties", ["number": "W-1001"]).code == "duplicate")
        #expect(try await firm.person("read_only").post("/v1/warranties", ["number": "W-9"]).status == 403)
        #expect(try await admin.delete(address).status == 204)
        #expect(try await admin.get(address).status == 404)
        #expect(try await admin.send(.post, "\(address)/restore").status == 200)
        let log = try await admin.get("\(address)/changes").json["data"]?.elements ?? []
        #expect(log.compactMap { $0["action"]?.string } == ["restore", "trash", "update", "create"])
        let key = admin.with(.idempotencyKey, "once")
        let once = try await key.post("/v1/warranties", ["number": "W-2"])
        #expect(try await key.post("/v1/warranties", ["number": "W-2"]).bytes == once.bytes)
        #expect(try await admin.delete("\(address)?purge=true").status == 204)
    }

    @Test("It is listed, filtered, sorted, paged, included, searched, told in a timeline and described") func reading() async throws {
        let (_, admin) = try await Self.open()
        let company = try await RightsFirm.id(of: admin.post("/v1/companies", ["name": "Acme"]))
        var ids: [String] = []
        for number in 1...3 {
            let body: JSON = ["number": .string("W-\(number)"), "company_id": number == 3 ? .null : .string(company)]
            ids.append(try await RightsFirm.id(of: admin.post("/v1/warranties", body)))
        }
        func numbers(_ query: String) async throws -> [String] {
            try await admin.get("/v1/warranties?\(query)").json["data"]?.elements?.compactMap { $0["number"]?.string } ?? []
        }

        #expect(try await numbers("sort=-number") == ["W-3", "W-2", "W-1"])
        #expect(try await numbers("sort=number&filter[company.name][starts]=Ac") == ["W-1", "W-2"])
        let first = try await admin.get("/v1/warranties?sort=number&limit=2&count=exact").json
        #expect(first["page"]?["count"] == 3)
        #expect(try await numbers("sort=number&limit=2&after=\(first["page"]?["next"]?.string ?? "")") == ["W-3"])
        let found = try await admin.post("/v1/warranties/search", ["where": ["not": ["field": "company_id", "op": "eq", "value": nil]]])
        #expect(try found.json["data"]?.elements?.count == 2)
        #expect(try await admin.get("/v1/warranties/\(ids[0])?include=company").json["company"]?["name"] == "Acme")
        #expect(try await admin.get("/v1/companies/\(company)?include=warranties").json["warranties"]?.elements?.count == 2)
        let hits = try await admin.get("/v1/search?q=w-2").json["data"]?.elements ?? []
        #expect(hits.first?["type"] == "warranties" && hits.first?["id"]?.string == ids[1])
        let told = try await admin.post("/v1/tasks", ["title": "Send it", "about": ["type": "warranties", "id": .string(ids[0])]])
        #expect(told.status == 201, "\(told.text)")
        let story = try await admin.get("/v1/warranties/\(ids[0])/timeline").json["data"]?.elements ?? []
        #expect(Set(story.compactMap { $0["kind"]?.string }) == ["task", "change"])
        let document = try await admin.get("/v1/openapi.json").json
        #expect(document["paths"]?["/v1/warranties/{id}/restore"]?["post"] != nil)
    }

    @Test("A role reads only what it may of it, and a tenant adds fields to it") func rights() async throws {
        let (firm, admin) = try await Self.open()
        let role = try await RightsFirm.role(
            admin, ["warranties": ["read": "own", "create": true]], hidden: ["warranties": ["company_id"]])
        let member = try await RightsFirm.person(firm, admin, role)
        let theirs = try await RightsFirm.id(of: admin.post("/v1/warranties", ["number": "W-1"]))
        let own = try await member.client.post("/v1/warranties", ["number": "W-2"])

        let list = try await member.client.get("/v1/warranties").json["data"]?.elements ?? []
        #expect(list.compactMap { $0["number"]?.string } == ["W-2"])
        #expect(try own.json["company_id"] == nil)
        #expect(try await member.client.get("/v1/warranties/\(theirs)").status == 404)
        let field = try await admin.post("/v1/custom_fields", ["type": "warranties", "name": "years", "label": "Years", "kind": "integer"])
        #expect(field.status == 201, "\(field.text)")
        #expect(try await admin.patch("/v1/warranties/\(theirs)", ["custom": ["years": 3]]).json["custom"]?["years"] == 3)
    }

    private static let site = Task<TestSite, any Error> {
        let sql = try readme("sql")
        let number = String(format: "%04d", SchemaFiles.embedded.tenant.latest + 1)
        let installation = try await TestHouse.open {
            $0.schema = .embedded.adding([SchemaFile(scope: "tenant", name: "\(number)-warranties", text: sql)])
        }
        var settings = ServerSettings()
        settings.scryptCost = .trivial
        return try await TestSite(installation, settings, adding: [Warranties.type])
    }

    private static func open() async throws -> (Firm, Client) {
        let firm = try await site.value.firm()
        return (firm, try await firm.admin())
    }

    /// The example in this language, as the README shows it under "Adding a record type".
    private static func readme(_ language: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let guide = try #require(text.split(separator: "## Adding a record type").dropFirst().first)
        let block = try #require(guide.split(separator: "   ```\(language)\n", maxSplits: 1).dropFirst().first)
        let lines = try #require(block.split(separator: "   ```").first).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { $0.hasPrefix("   ") ? String($0.dropFirst(3)) : String($0) }.joined(separator: "\n")
    }
}

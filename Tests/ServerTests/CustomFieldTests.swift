import CRM
import Records
import Testing

@testable import Server

/// Fields and record types that a tenant makes for itself, over the same calls as everything else.
@Suite("Custom fields and objects") struct CustomFieldTests {
    private func field(_ name: String, _ kind: String, _ more: [JSON.Member] = []) -> JSON {
        .object([.init("type", "contacts"), .init("name", .string(name)), .init("label", "Label"), .init("kind", .string(kind))] + more)
    }

    @Test("A field is there with the next request: written, read, filtered, sorted, in the change log and in OpenAPI") func lifeOfAField()
        async throws
    {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()

        let made = try await admin.post("/v1/custom_fields", field("fitness", "integer"))
        #expect(made.status == 201, "\(made.text)")
        let contact = try await admin.post("/v1/contacts", ["last_name": "A", "custom": ["fitness": 7]])
        let other = try await admin.post("/v1/contacts", ["last_name": "B", "custom": ["fitness": 9]])

        #expect(try contact.json["custom"]?["fitness"] == 7, "\(contact.text)")
        let found = try await admin.get("/v1/contacts?filter[custom.fitness][gte]=8&sort=-custom.fitness").json
        #expect(found["data"]?.elements?.compactMap { $0["id"] } == [try #require(try other.json["id"])])
        let id = try #require(try contact.json["id"]?.string)
        let changes = try await admin.get("/v1/contacts/\(id)/changes").text
        #expect(changes.contains("custom.fitness"))
        #expect(try await admin.get("/v1/openapi.json").text.contains("\"fitness\""))
        #expect(try await firm.site.stranger.get("/v1/openapi.json").text.contains("\"fitness\"") == false)
    }

    @Test("No object takes the address of a page or of anything else that is there") func reserved() async throws {
        let site = try await TestSite.shared
        let admin = try await site.firm().admin()
        let known = Set(RecordTypes.builtIn.types.map(\.name)).union(CustomObjects.reserved)
        let pages = Site(site.house).main(RouteFigures()).compactMap { endpoint -> String? in
            let parts = endpoint.path.split(separator: "/").map(String.init)
            return parts.first == "v1" ? parts.dropFirst().first : parts.first
        }

        #expect(Set(pages).filter { CustomField.isName($0) && !known.contains($0) }.sorted() == [])
        for plural in ["calendar", "import", "reports", "settings", "changes"] {
            let order: JSON = [
                "name": "ticket", "plural": .string(plural), "label_field": "subject",
                "fields": [["name": "subject", "label": "Subject", "kind": "text"]],
            ]
            let refused = try await admin.post("/v1/custom_objects", order)
            #expect(refused.status == 409 && refused.code == "duplicate", "\(plural): \(refused.text)")
        }
    }

    @Test("A field in the trash is gone from the API and comes back with its values") func trash() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let made = try await admin.post("/v1/custom_fields", field("badge", "text", [.init("unique", true)])).json
        let id = try #require(made["id"]?.string)
        let contact = try await admin.post("/v1/contacts", ["last_name": "A", "custom": ["badge": "x"]]).json
        let address = "/v1/contacts/\(try #require(contact["id"]?.string))"
        #expect(try await admin.post("/v1/contacts", ["last_name": "B", "custom": ["badge": "x"]]).status == 409)

        #expect(try await admin.delete("/v1/custom_fields/\(id)").status == 204)
        #expect(try await admin.get(address).json["custom"] == .object([]))
        #expect(try await admin.post("/v1/custom_fields/\(id)/restore", [:]).status == 200)
        #expect(try await admin.get(address).json["custom"]?["badge"] == "x")
        #expect(try await admin.delete("/v1/custom_fields/\(id)?purge=true").status == 204)
        #expect(try await admin.get(address).json["custom"] == .object([]))
    }

    @Test("A kind changes when nothing is lost, and is refused when something would be") func kinds() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let made = try await admin.post("/v1/custom_fields", field("size", "text")).json
        let id = try #require(made["id"]?.string)
        let contact = try await admin.post("/v1/contacts", ["last_name": "A", "custom": ["size": "large"]]).json
        let address = "/v1/contacts/\(try #require(contact["id"]?.string))"

        #expect(try await admin.patch("/v1/custom_fields/\(id)", ["kind": "integer"]).status == 409)
        #expect(try await admin.patch(address, ["custom": ["size": "12"]]).status == 200)
        #expect(try await admin.patch("/v1/custom_fields/\(id)", ["kind": "integer", "label": "Size"]).status == 200)
        #expect(try await admin.get(address).json["custom"]?["size"] == 12)
        #expect(try await admin.patch("/v1/custom_fields/\(id)", ["name": "other"]).pointers == ["/name"])
    }

    @Test("Required needs a default where records are, and is kept by the database") func required() async throws {
        let admin = try await TestSite.shared.firm().admin()
        _ = try await admin.post("/v1/contacts", ["last_name": "A"])

        let bare = try await admin.post("/v1/custom_fields", field("tier", "text", [.init("required", true)]))
        #expect(bare.status == 422 && bare.pointers == ["/default"], "\(bare.text)")
        let filled = try await admin.post(
            "/v1/custom_fields", field("tier", "text", [.init("required", true), .init("default", "it's \\ gold")]))
        #expect(filled.status == 201, "\(filled.text)")
        let list = try await admin.get("/v1/contacts").json
        #expect(list["data"]?.elements?.first?["custom"]?["tier"] == "it's \\ gold")
        #expect(try await admin.post("/v1/contacts", ["last_name": "B", "custom": ["tier": nil]]).pointers == ["/custom/tier"])
    }

    @Test("An object is a record type with every call; a member may not make one") func objects() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let fields: JSON = [
            ["name": "subject", "label": "Subject", "kind": "text", "required": true],
            ["name": "contact", "label": "Contact", "kind": "reference", "options": ["type": "contacts"]],
        ]
        let order: JSON = ["name": "ticket", "plural": "tickets", "label_field": "subject", "fields": fields]
        #expect(try await firm.person("member").post("/v1/custom_objects", order).status == 403)

        let made = try await admin.post("/v1/custom_objects", order)
        #expect(made.status == 201, "\(made.text)")
        #expect(try made.json["fields"]?.elements?.count == 2)
        #expect(try await admin.post("/v1/custom_objects", order).status == 409)
        let ticket = try await admin.post("/v1/tickets", ["subject": "Printer on fire"])
        #expect(ticket.status == 201, "\(ticket.text)")
        #expect(try await admin.post("/v1/tickets/search", ["q": "fire"]).json["data"]?.elements?.count == 1)
        #expect(try await admin.get("/v1/openapi.json").text.contains("/v1/tickets/{id}/restore"))
        let id = try #require(try made.json["id"]?.string)
        #expect(try await admin.delete("/v1/custom_objects/\(id)").status == 204)
        #expect(try await admin.get("/v1/tickets").status == 404)
        #expect(try await admin.post("/v1/custom_objects/\(id)/restore", [:]).status == 200)
        #expect(try await admin.get("/v1/tickets").json["data"]?.elements?.count == 1)
    }

    @Test("The plan's budget is kept: 402 with what it allows, and nothing is made") func budget() async throws {
        let firm = try await TestSite.shared.firm { members in
            members.removeAll { $0.name == "plan" }
            members.append(.init("plan", "free"))
        }
        let admin = try await firm.admin()
        for number in 1...10 { #expect(try await admin.post("/v1/custom_fields", field("f\(number)", "text")).status == 201) }

        let refused = try await admin.post("/v1/custom_fields", field("f11", "text"))

        #expect(refused.status == 402)
        #expect(try refused.json["limit"] == 10 && refused.json["used"] == 10 && refused.json["resource"] == "custom_fields")
        #expect(try await admin.post("/v1/contacts", ["last_name": "A", "custom": ["f11": "x"]]).status == 422)
    }

    @Test("Whoever reads and writes while fields come and go meets the old shape or the new one, never an error") func traffic()
        async throws
    {
        let admin = try await TestSite.shared.firm().admin()
        let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
            for number in 0..<4 { group.addTask { try await use(admin, number) } }
            group.addTask { try await change(admin) }
            return try await group.reduce(into: [Int]()) { $0 += $1 }
        }

        #expect(statuses.filter { ![200, 201, 204].contains($0) } == [])
    }

    private func use(_ client: Client, _ number: Int) async throws -> [Int] {
        var statuses: [Int] = []
        for turn in 0..<15 {
            statuses.append(try await client.post("/v1/contacts", ["last_name": .string("\(number) \(turn)")]).status)
            statuses.append(try await client.get("/v1/contacts?limit=5").status)
        }
        return statuses
    }

    private func change(_ client: Client) async throws -> [Int] {
        var statuses: [Int] = []
        for _ in 0..<4 {
            let made = try await client.post("/v1/custom_fields", field("moving", "text"))
            statuses.append(made.status)
            let id = try made.json["id"]?.string ?? ""
            statuses.append(try await client.delete("/v1/custom_fields/\(id)").status)
            statuses.append(try await client.delete("/v1/custom_fields/\(id)?purge=true").status)
        }
        return statuses
    }
}

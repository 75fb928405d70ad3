import Records
import Testing

@testable import Server

@Suite("What record types are made of") struct TypeTests {
    @Test("Every type is there with its fields, those of the tenant's own too") func list() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        _ = try await admin.post(
            "/v1/custom_fields", ["type": "contacts", "name": "size", "label": "Size", "kind": "select", "options": ["S", "L"]])
        _ = try await admin.post(
            "/v1/custom_objects",
            [
                "name": "ticket", "plural": "tickets", "label_field": "subject",
                "fields": [["name": "subject", "label": "Subject", "kind": "text", "required": true]],
            ])

        let types = try #require(try await admin.get("/v1/types").json["data"]?.elements)

        let contacts = try #require(types.first { $0["name"] == "contacts" })
        let size = contacts["fields"]?.elements?.first { $0["path"] == "custom.size" }
        let tickets = types.first { $0["name"] == "tickets" }
        #expect(size?["label"] == "Size" && size?["kind"] == "select" && size?["options"] == ["S", "L"])
        #expect(
            contacts["title"] == ["first_name", "last_name", "email", "phone"] && contacts["name_parts"] == ["first_name", "last_name"])
        #expect(contacts["children"]?.elements?.contains { $0["type"] == "deals" && $0["field"] == "contact_id" } == true)
        #expect(tickets?["is_custom"] == true && tickets?["title"] == ["subject"])
    }

    @Test("What a role may not read is not there, what it may not change says so") func rights() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let role = try await admin.post(
            "/v1/roles",
            [
                "name": "Narrow",
                "rights": ["contacts": ["read": "all", "update": "own", "delete": "none", "create": true, "export": false]],
                "hidden_fields": ["contacts": ["phone"]], "readonly_fields": ["contacts": ["email"]], "admin": [:],
            ])
        let email = "narrow@\(firm.slug).example"
        let made = try await admin.post(
            "/v1/users",
            ["email": .string(email), "name": "Narrow", "role_id": role.json["id"] ?? .null, "password": .string(TestSite.password)])
        #expect(made.status == 201, "\(made.text)")

        let types = try #require(try await firm.signIn(email).get("/v1/types").json["data"]?.elements)

        #expect(types.map { $0["name"] } == ["contacts"])
        let fields = try #require(types[0]["fields"]?.elements)
        #expect(!fields.contains { $0["path"] == "phone" } && types[0]["title"] == ["first_name", "last_name", "email"])
        #expect(fields.first { $0["path"] == "email" }?["is_read_only"] == true)
        #expect(types[0]["rights"]?["update"] == "own" && types[0]["rights"]?["export"] == false)
    }
}

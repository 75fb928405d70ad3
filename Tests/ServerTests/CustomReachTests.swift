import Foundation
import Logging
import Postgres
import Records
import Support
import Tenancy
import Testing

@testable import Server

/// Whom the fields and record types of a tenant reach, and whom not.
@Suite("Custom fields and objects reach whom they should") struct CustomReachTests {
    @Test("Another process that shares the database meets the old shape or the new one, and has the new one soon") func processes()
        async throws
    {
        let installation = try await TestHouse.installation
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let here = try await firm.admin()
        var settings = ServerSettings()
        settings.scryptCost = .trivial
        let elsewhere = Installation(installation.settings, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await elsewhere.start()
        let other = try await TestSite(elsewhere, settings)
        let token = try #require(try await other.stranger.post("/v1/session", firm.signInBody).json["token"]?.string)
        let there = other.stranger.bearing(token)

        let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
            group.addTask {
                var statuses: [Int] = []
                for turn in 0..<5 {
                    let made = try await here.post("/v1/custom_fields", Self.field("moving", "text"))
                    let id = try made.json["id"]?.string ?? ""
                    let used = try await here.post("/v1/contacts", ["last_name": .string("\(turn)"), "custom": ["moving": "x"]])
                    statuses += [made.status, used.status, try await here.delete("/v1/custom_fields/\(id)?purge=true").status]
                }
                return statuses
            }
            group.addTask {
                var statuses: [Int] = []
                for turn in 0..<25 {
                    let made = try await there.post("/v1/contacts", ["last_name": .string("there \(turn)")])
                    statuses += [made.status, try await there.get("/v1/contacts?limit=5").status]
                }
                return statuses
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(statuses.filter { ![200, 201, 204].contains($0) } == [])

        #expect(try await here.post("/v1/custom_fields", Self.field("settled", "integer")).status == 201)
        try await eventually {
            try await there.post("/v1/contacts", ["last_name": "New", "custom": ["settled": 1]]).status == 201
        }
        await elsewhere.close()
    }

    @Test("Another tenant knows nothing of them: not the field, not the type, not in its description") func strangers() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let stranger = try await TestSite.shared.firm().admin()
        let order: JSON = [
            "name": "secret_ticket", "plural": "secret_tickets", "label_field": "subject",
            "fields": [["name": "subject", "label": "Subject", "kind": "text"]],
        ]
        #expect(try await admin.post("/v1/custom_fields", Self.field("secret_size", "integer")).status == 201)
        #expect(try await admin.post("/v1/custom_objects", order).status == 201)
        let ticket = try await RightsFirm.id(of: admin.post("/v1/secret_tickets", ["subject": "Theirs"]))

        #expect(
            try await stranger.post("/v1/contacts", ["last_name": "A", "custom": ["secret_size": 1]]).pointers == ["/custom/secret_size"])
        #expect(try await stranger.get("/v1/contacts?filter[custom.secret_size]=1").status == 400)
        #expect(try await stranger.get("/v1/secret_tickets").status == 404)
        #expect(try await stranger.get("/v1/secret_tickets/\(ticket)").status == 404)
        #expect(try await stranger.get("/v1/openapi.json").text.contains("secret_") == false)
        // The same name is free for them, with records of their own.
        #expect(try await stranger.post("/v1/custom_objects", order).status == 201)
        #expect(try await stranger.get("/v1/secret_tickets/\(ticket)").status == 404)
        #expect(try await stranger.get("/v1/secret_tickets").json["data"] == [])
    }

    @Test("A role does not see a hidden field and cannot write a read-only one") func fieldRights() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        for name in ["hidden", "fixed"] { #expect(try await admin.post("/v1/custom_fields", Self.field(name, "text")).status == 201) }
        let role = try await RightsFirm.role(
            admin, ["contacts": ["read": "all", "update": "all", "create": true]], hidden: ["contacts": ["custom.hidden"]],
            readOnly: ["contacts": ["custom.fixed"]])
        let member = try await RightsFirm.person(firm, admin, role).client
        let made = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "A", "custom": ["hidden": "h", "fixed": "f"]]))
        let address = "/v1/contacts/\(made)"

        #expect(try await member.get(address).json["custom"] == ["fixed": "f"])
        #expect(try await member.get("/v1/contacts?filter[custom.hidden]=h").status == 400)
        #expect(try await member.get("/v1/contacts?sort=custom.hidden").status == 400)
        let leaf: JSON = ["field": "custom.hidden", "op": "eq", "value": "h"]
        #expect(try await member.post("/v1/contacts/search", ["where": leaf]).status == 422)
        #expect(try await member.patch(address, ["custom": ["hidden": "x"]]).pointers == ["/custom/hidden"])
        let fixed = try await member.patch(address, ["custom": ["fixed": "x"]])
        #expect(fixed.status == 422 && fixed.pointers == ["/custom/fixed"], "\(fixed.text)")
        #expect(try await member.get("\(address)/changes").text.contains("hidden") == false)
        #expect(try await member.get("\(address)/timeline").text.contains("hidden") == false)
        #expect(try await admin.get(address).json["custom"] == ["hidden": "h", "fixed": "f"])
    }

    @Test("A type of the tenant's own obeys owner rights, is included from both sides and goes with what it refers to") func objectRights()
        async throws
    {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let order: JSON = [
            "name": "visit", "plural": "visits", "label_field": "subject",
            "fields": [
                ["name": "subject", "label": "Subject", "kind": "text", "required": true],
                ["name": "contact", "label": "Contact", "kind": "reference", "options": ["type": "contacts"]],
            ],
        ]
        #expect(try await admin.post("/v1/custom_objects", order).status == 201)
        let role = try await RightsFirm.role(
            admin, ["visits": ["read": "own", "update": "own", "delete": "none", "create": true], "contacts": ["read": "all"]])
        let member = try await RightsFirm.person(firm, admin, role).client
        let contact = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Visited"]))
        let theirs = try await RightsFirm.id(of: admin.post("/v1/visits", ["subject": "By admin", "contact": .string(contact)]))
        let own = try await RightsFirm.id(of: member.post("/v1/visits", ["subject": "By member", "contact": .string(contact)]))

        #expect(try await member.get("/v1/visits").json["data"]?.elements?.compactMap { $0["id"]?.string } == [own])
        #expect(try await member.get("/v1/visits/\(theirs)").status == 404)
        #expect(try await member.patch("/v1/visits/\(own)", ["subject": "Mine"]).status == 200)
        #expect(try await member.delete("/v1/visits/\(own)").status == 403)
        #expect(try await member.get("/v1/contacts/\(contact)?include=visits").json["visits"]?.elements?.count == 1)
        #expect(try await admin.get("/v1/contacts/\(contact)?include=visits").json["visits"]?.elements?.count == 2)
        #expect(try await admin.get("/v1/search?q=visited&types=visits").status == 200)
        #expect(try await member.get("/v1/search?q=admin&types=visits").json["data"] == [])
        #expect(try await admin.post("/v1/visits", ["subject": "X", "contact": .string(own)]).pointers == ["/contact"])
        #expect(try await admin.delete("/v1/contacts/\(contact)?purge=true").status == 204)
        #expect(try await admin.get("/v1/visits/\(theirs)").json["contact"]?.isNull == true)
    }

    @Test("What stands in a text of the tenant's own is found, through an index of its own, by whoever sees the field") func words()
        async throws
    {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let early = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Early"]))
        let field = try await RightsFirm.id(of: admin.post("/v1/custom_fields", Self.field("hobby", "text")))
        #expect(try await admin.post("/v1/custom_fields", Self.field("story", "long_text")).status == 201)
        let custom: JSON = ["hobby": "Große Drachenfliegerei", "story": "met at the harbour"]
        let made = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Ng", "custom": custom]))
        func find(_ client: Client, _ words: String) async throws -> [String] {
            try await client.get("/v1/search?q=\(words)").json["data"]?.elements?.compactMap { $0["id"]?.string } ?? []
        }

        #expect(try await find(admin, "grosse%20drachen") == [made])
        #expect(try await find(admin, "harbour") == [made])
        #expect(try await admin.post("/v1/contacts/search", ["q": "harbour"]).json["data"]?.elements?.count == 1)
        #expect(try await admin.patch("/v1/contacts/\(early)", ["custom": ["hobby": "chess"]]).status == 200)
        #expect(try await find(admin, "chess") == [early])
        let role = try await RightsFirm.role(admin, ["*": ["read": "all"]], hidden: ["contacts": ["custom.hobby", "last_name"]])
        let member = try await RightsFirm.person(firm, admin, role).client
        #expect(try await find(member, "chess") == [])
        #expect(try await find(member, "early") == [])
        #expect(try await find(member, "harbour") == [made])
        let indexes: SQL =
            "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'contacts' AND indexname LIKE '%_words' ORDER BY 1"
        #expect(
            try await firm.scope().rows(indexes).compactMap { $0.optionalText(0) } == ["contacts_c_hobby_words", "contacts_c_story_words"])
        // A choice has no words; a text that was one has them again.
        let choice: JSON = ["kind": "select", "options": ["chess", "Große Drachenfliegerei"]]
        #expect(try await admin.patch("/v1/custom_fields/\(field)", choice).status == 200)
        #expect(try await find(admin, "chess") == [])
        #expect(try await admin.patch("/v1/custom_fields/\(field)", ["kind": "text"]).status == 200)
        #expect(try await find(admin, "chess") == [early])
    }

    @Test("The plan's budget of types is kept, and its tables too when one comes back from the trash") func budget() async throws {
        let firm = try await TestSite.shared.firm { members in
            members.removeAll { $0.name == "plan" }
            members.append(.init("plan", "free"))
        }
        let admin = try await firm.admin()
        func order(_ name: String) -> JSON {
            [
                "name": .string(name), "plural": .string(name + "s"), "label_field": "subject",
                "fields": [["name": "subject", "label": "Subject", "kind": "text"]],
            ]
        }
        let first = try await RightsFirm.id(of: admin.post("/v1/custom_objects", order("ticket")))

        let refused = try await admin.post("/v1/custom_objects", order("visit"))
        #expect(refused.status == 402)
        #expect(try refused.json["resource"] == "custom_objects" && refused.json["limit"] == 1 && refused.json["used"] == 1)
        #expect(try await admin.get("/v1/visits").status == 404)
        #expect(try await admin.delete("/v1/custom_objects/\(first)").status == 204)
        #expect(try await admin.post("/v1/custom_objects", order("visit")).status == 201)
        #expect(try await admin.send(.post, "/v1/custom_objects/\(first)/restore").status == 402)
    }

    /// A change of kind: what a record holds before, and what comes of it.
    struct Turn: Sendable, CustomTestStringConvertible {
        let from: String
        let value: JSON
        let to: String
        /// Nil: refused, since something would be lost.
        let becomes: JSON?
        var testDescription: String { "\(from) \(value.text) to \(to)" }
    }

    static let turns: [Turn] = [
        Turn(from: "text", value: "red", to: "long_text", becomes: "red"),
        Turn(from: "long_text", value: "short", to: "text", becomes: "short"),
        Turn(from: "text", value: "red", to: "select", becomes: "red"),
        Turn(from: "text", value: "purple", to: "select", becomes: nil),
        Turn(from: "select", value: "red", to: "text", becomes: "red"),
        Turn(from: "select", value: "red", to: "multi_select", becomes: ["red"]),
        Turn(from: "multi_select", value: ["red"], to: "select", becomes: "red"),
        Turn(from: "multi_select", value: ["red", "green"], to: "select", becomes: nil),
        Turn(from: "integer", value: 12, to: "decimal", becomes: "12"),
        Turn(from: "decimal", value: "12", to: "integer", becomes: 12),
        Turn(from: "decimal", value: "12.5", to: "integer", becomes: nil),
        Turn(from: "integer", value: -3, to: "text", becomes: "-3"),
        Turn(from: "decimal", value: "0.25", to: "text", becomes: "0.25"),
        Turn(from: "text", value: "0012", to: "integer", becomes: nil),
        Turn(from: "text", value: "-7", to: "integer", becomes: -7),
        Turn(from: "text", value: "7.25", to: "decimal", becomes: "7.25"),
        Turn(from: "date", value: "2026-02-28", to: "text", becomes: "2026-02-28"),
        Turn(from: "date", value: "2026-02-28", to: "datetime", becomes: "2026-02-28T00:00:00.000Z"),
        Turn(from: "datetime", value: "2026-02-28T10:00:00.000Z", to: "date", becomes: nil),
        Turn(from: "boolean", value: true, to: "integer", becomes: nil),
        Turn(from: "money", value: ["amount": "5.00", "currency": "EUR"], to: "decimal", becomes: nil),
        Turn(from: "email", value: "a@example.com", to: "text", becomes: "a@example.com"),
        Turn(from: "text", value: "not an address", to: "email", becomes: nil),
        Turn(from: "url", value: "https://example.com", to: "long_text", becomes: "https://example.com"),
        Turn(from: "phone", value: "+49 30 1", to: "text", becomes: "+49 30 1"),
    ]

    @Test("A change of kind keeps every value or is refused, and then nothing has changed", arguments: turns) func kinds(turn: Turn)
        async throws
    {
        let admin = try await TestSite.shared.firm().admin()
        let options: JSON = turn.from.hasSuffix("select") ? ["red", "green"] : .null
        let field = try await RightsFirm.id(of: admin.post("/v1/custom_fields", Self.field("turned", turn.from, options)))
        let contact = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "A", "custom": ["turned": turn.value]]))

        var change: [JSON.Member] = [.init("kind", .string(turn.to))]
        if turn.to.hasSuffix("select") { change.append(.init("options", ["red", "green"])) }
        let answer = try await admin.patch("/v1/custom_fields/\(field)", .object(change))

        #expect(answer.status == (turn.becomes == nil ? 409 : 200), "\(answer.text)")
        let value = try await admin.get("/v1/contacts/\(contact)").json["custom"]?["turned"]
        #expect(value == turn.becomes ?? turn.value)
        let kind = try await admin.get("/v1/custom_fields/\(field)").json["kind"]
        #expect(kind?.string == (turn.becomes == nil ? turn.from : turn.to))
    }

    @Test(
        "A field may have the name of whatever our own SQL uses",
        arguments: ["state", "shown", "own", "part", "record", "before", "line", "r"])
    func words(_ name: String) async throws {
        let admin = try await TestSite.shared.firm().admin()
        let made = try await admin.post("/v1/custom_fields", Self.field(name, "text"))
        let text: JSON = ["name": .string(name), "label": "Label", "kind": "text"]
        let object = try await admin.post(
            "/v1/custom_objects", ["name": "thing", "plural": "things", "label_field": .string(name), "fields": [text]])
        #expect(made.status == 201 && object.status == 201, "\(made.text) \(object.text)")

        let contact = try await admin.post("/v1/contacts", ["last_name": "A", "custom": .object([.init(name, "x")])])
        let thing = try await admin.post("/v1/things", .object([.init(name, "x")]))

        #expect(contact.status == 201 && thing.status == 201, "\(contact.text) \(thing.text)")
        #expect(try contact.json["custom"]?[name] == "x" && thing.json[name] == "x")
        let address = "/v1/things/\(try RightsFirm.id(of: thing))"
        #expect(try await admin.patch(address, .object([.init(name, "y")])).json[name] == "y")
        let changes = try await admin.get("\(address)/changes")
        let change = try changes.json["data"]?.elements?.first?["fields"]?.members?.first
        #expect(change?.name.hasSuffix(name) == true && change?.value["before"] == "x" && change?.value["after"] == "y", "\(changes.text)")
    }

    private static func field(_ name: String, _ kind: String, _ options: JSON = .null) -> JSON {
        ["type": "contacts", "name": .string(name), "label": "Label", "kind": .string(kind), "options": options]
    }
}

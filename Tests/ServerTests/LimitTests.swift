import Foundation
import Postgres
import Records
import Support
import Testing

@testable import Server

@Suite("Limits of a plan") struct LimitTests {
    @Test("The last place is given, then each create is 402 with the numbers, the narrowest limit first") func records() async throws {
        let firm = try await LimitedFirm(["records": 3, "records.contacts": 2])
        _ = try await firm.make("contacts", ["last_name": "One"])
        _ = try await firm.make("contacts", ["last_name": "Two"])

        let third = try await firm.admin.post("/v1/contacts", ["last_name": "Three"])
        let company = try await firm.admin.post("/v1/companies", ["name": "One"])
        let second = try await firm.admin.post("/v1/companies", ["name": "Two"])

        #expect(LimitRefusal(third) == LimitRefusal(2, 2, "records.contacts"), "\(third.text)")
        #expect(company.status == 201)
        #expect(LimitRefusal(second) == LimitRefusal(3, 3, "records"))
        #expect(try await firm.used("records") == 3)
        #expect(try await firm.used("records.contacts") == 2)
        #expect(try await firm.used("records.companies") == 1)
        #expect(try await firm.rows("contacts") == 2)
    }

    @Test("Furniture does not count as records") func furniture() async throws {
        let firm = try await LimitedFirm(["records": 0])

        _ = try await firm.make("teams", ["name": "North"])
        _ = try await firm.make("views", ["name": "All", "type": "contacts"])

        #expect(try await firm.used("records") == 0)
    }

    @Test("The trash takes no place; restoring needs one; a purge gives one back only from outside the trash") func trash() async throws {
        let firm = try await LimitedFirm(["records.contacts": 2])
        let first = try await firm.make("contacts", ["last_name": "One"])
        let second = try await firm.make("contacts", ["last_name": "Two"])
        #expect(try await firm.admin.delete("/v1/contacts/\(first)").status == 204)
        #expect(try await firm.admin.delete("/v1/contacts/\(first)").status == 404)
        #expect(try await firm.used("records.contacts") == 1)
        let third = try await firm.make("contacts", ["last_name": "Three"])

        let full = try await firm.admin.send(.post, "/v1/contacts/\(first)/restore")
        #expect(LimitRefusal(full) == LimitRefusal(2, 2, "records.contacts"))
        #expect(try await firm.admin.delete("/v1/contacts/\(third)?purge=true").status == 204)
        #expect(try await firm.used("records.contacts") == 1)
        #expect(try await firm.admin.send(.post, "/v1/contacts/\(first)/restore").status == 200)
        #expect(try await firm.admin.send(.post, "/v1/contacts/\(first)/restore").status == 200)
        #expect(try await firm.used("records.contacts") == 2)
        #expect(try await firm.admin.delete("/v1/contacts/\(second)").status == 204)
        #expect(try await firm.admin.delete("/v1/contacts/\(second)?purge=true").status == 204)

        #expect(try await firm.used("records.contacts") == 1)
        #expect(try await firm.rows("contacts") == 1)
    }

    @Test("A repeated create counts once, and its refusal is the same the second time") func repeated() async throws {
        let firm = try await LimitedFirm(["records.contacts": 1])

        for _ in 1...2 {
            #expect(try await firm.admin.with(.idempotencyKey, "a").post("/v1/contacts", ["last_name": "One"]).status == 201)
        }
        for _ in 1...2 {
            let refused = try await firm.admin.with(.idempotencyKey, "b").post("/v1/contacts", ["last_name": "Two"])
            #expect(LimitRefusal(refused) == LimitRefusal(1, 1, "records.contacts"))
        }
        #expect(try await firm.used("records.contacts") == 1)
    }

    @Test("A conversion counts all that it makes, and its undo gives the places back") func conversion() async throws {
        let firm = try await LimitedFirm(["records": 2])
        let lead = try await firm.make("leads", ["last_name": "Roe", "company_name": "Roe Ltd"])
        let full = try await firm.admin.send(.post, "/v1/leads/\(lead)/convert", "{}")
        #expect(LimitRefusal(full) == LimitRefusal(2, 1, "records"), "\(full.text)")
        #expect(try await firm.used("records") == 1)
        try await firm.allow(["records": 3])
        let done = try await firm.admin.send(.post, "/v1/leads/\(lead)/convert", "{}")
        #expect(done.status == 200, "\(done.text)")
        #expect(try await firm.used("records") == 3)
        #expect(try await firm.used("records.companies") == 1)
        let changes = try await firm.admin.get("/v1/leads/\(lead)/changes").json["data"]?.elements ?? []
        let operation = try #require(changes.first?["operation_id"]?.string)

        let undone = try await firm.admin.send(.post, "/v1/operations/\(operation)/undo")

        #expect(undone.status == 200, "\(undone.text)")
        #expect(try await firm.used("records") == 1)
        #expect(try await firm.used("records.companies") == 0)
        #expect(try await Recounting.drift(of: firm).isEmpty)
    }

    @Test("An undo that brings back more than there is room for is refused whole") func undo() async throws {
        let firm = try await LimitedFirm([:])
        let operation = UUID().uuidString.lowercased()
        for number in 1...3 {
            let id = try await firm.make("companies", ["name": .string("N\(number)")])
            #expect(try await firm.admin.delete("/v1/companies/\(id)").status == 204)
        }
        // As if one call had deleted all of them.
        _ = try await firm.firm.scope().run(["UPDATE changes SET operation_id = \(operation)::uuid WHERE action = 'trash'"])
        try await firm.allow(["records.companies": 2])

        let refused = try await firm.admin.send(.post, "/v1/operations/\(operation)/undo")
        #expect(LimitRefusal(refused) == LimitRefusal(2, 0, "records.companies"), "\(refused.text)")
        #expect(try await firm.used("records") == 0)
        try await firm.allow(["records.companies": 3])

        #expect(try await firm.admin.send(.post, "/v1/operations/\(operation)/undo").json["restored"] == 3)
        #expect(try await firm.used("records.companies") == 3)
    }

    @Test("Of uploaded cards those are taken that there is room for") func cards() async throws {
        let firm = try await LimitedFirm(["records.contacts": 2])
        let cards = (1...3).map { "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Card \($0)\r\nN:Card;\($0);;;\r\nEND:VCARD\r\n" }.joined()

        let answer = try await firm.admin.send(.post, "/v1/contacts/vcard", cards, type: "text/vcard")

        #expect(try answer.json["created"]?.elements?.count == 2, "\(answer.text)")
        #expect(try answer.json["problems"]?.elements?.count == 1)
        #expect(try await firm.used("records.contacts") == 2)
    }

    @Test("Active and invited users count, disabled and deleted ones do not") func users() async throws {
        let firm = try await LimitedFirm(["users": 2])
        let role = JSON.string(try await firm.firm.roleID("member"))
        func user(_ name: String, _ more: [JSON.Member] = []) -> JSON {
            .object(
                [.init("email", .string("\(name)@\(firm.firm.slug).example")), .init("name", .string(name)), .init("role_id", role)] + more)
        }
        let invited = try await firm.make("users", user("b"))
        let disabled = try await firm.make("users", user("c", [.init("status", "disabled")]))

        let full = try await firm.admin.post("/v1/users", user("d"))
        #expect(LimitRefusal(full) == LimitRefusal(2, 2, "users"), "\(full.text)")
        let enabling = try await firm.admin.patch(
            "/v1/users/\(disabled)", ["status": "active", "password": .string(TestSite.password)])
        #expect(LimitRefusal(enabling) == LimitRefusal(2, 2, "users"))
        #expect(try await firm.admin.patch("/v1/users/\(invited)", ["name": "Bo", "password": .string(TestSite.password)]).status == 200)
        #expect(try await firm.admin.patch("/v1/users/\(invited)", ["status": "disabled"]).status == 200)
        #expect(try await firm.used("users") == 1)
        #expect(try await firm.admin.patch("/v1/users/\(disabled)", ["password": .string(TestSite.password)]).status == 200)
        #expect(try await firm.admin.delete("/v1/users/\(invited)").status == 204)
        let restored = try await firm.admin.send(.post, "/v1/users/\(invited)/restore")
        #expect(restored.status == 200, "disabled, so it takes no place: \(restored.text)")

        #expect(try await firm.used("users") == 2)
    }

    @Test("API keys count until they are revoked") func keys() async throws {
        let firm = try await LimitedFirm(["api_keys": 1])
        let order: JSON = ["name": "k", "role_id": .string(try await firm.firm.roleID("member"))]
        let first = try await firm.admin.post("/v1/api_keys", order)

        let second = try await firm.admin.with(.idempotencyKey, "k").post("/v1/api_keys", order)
        #expect(first.status == 201 && LimitRefusal(second) == LimitRefusal(1, 1, "api_keys"), "\(second.text)")
        let id = try #require(try first.json["id"]?.string)
        #expect(try await firm.admin.delete("/v1/api_keys/\(id)").status == 204)
        #expect(try await firm.admin.post("/v1/api_keys", order).status == 201)
        #expect(try await firm.used("api_keys") == 1)
    }

    @Test("Custom fields and objects count; an object takes its fields and records into the trash and back") func custom() async throws {
        let firm = try await LimitedFirm(["custom_fields": 3, "custom_objects": 1, "records": 3, "records.tickets": 2])
        func field(_ name: String, _ type: String = "contacts") -> JSON {
            ["type": .string(type), "name": .string(name), "label": "L", "kind": "text"]
        }
        let object: JSON = [
            "name": "ticket", "plural": "tickets", "label_field": "subject",
            "fields": [["name": "subject", "label": "Subject", "kind": "text"], ["name": "place", "label": "Place", "kind": "text"]],
        ]
        let size = try await firm.make("custom_fields", field("size"))
        let tickets = try await firm.make("custom_objects", object)
        #expect(try await firm.used("custom_fields") == 3)
        #expect(LimitRefusal(try await firm.admin.post("/v1/custom_fields", field("more"))) == LimitRefusal(3, 3, "custom_fields"))
        _ = try await firm.make("tickets", ["subject": "a"])
        _ = try await firm.make("tickets", ["subject": "b"])
        #expect(LimitRefusal(try await firm.admin.post("/v1/tickets", ["subject": "c"])) == LimitRefusal(2, 2, "records.tickets"))

        #expect(try await firm.admin.delete("/v1/custom_objects/\(tickets)").status == 204)
        #expect(try await firm.used("custom_fields") == 1)
        #expect(try await firm.used("custom_objects") == 0)
        #expect(try await firm.used("records") == 0)
        _ = try await firm.make("contacts", ["last_name": "One"])
        let second = try await firm.make("contacts", ["last_name": "Two"])
        let back = try await firm.admin.send(.post, "/v1/custom_objects/\(tickets)/restore")
        #expect(LimitRefusal(back) == LimitRefusal(3, 2, "records"), "\(back.text)")
        #expect(try await firm.admin.delete("/v1/contacts/\(second)").status == 204)
        #expect(try await firm.admin.send(.post, "/v1/custom_objects/\(tickets)/restore").status == 200)
        #expect(try await firm.used("records.tickets") == 2)
        #expect(try await firm.used("records") == 3)
        #expect(try await firm.used("custom_fields") == 3)
        #expect(try await firm.admin.delete("/v1/custom_fields/\(size)").status == 204)
        #expect(try await firm.used("custom_fields") == 2)
        #expect(try await firm.admin.delete("/v1/custom_objects/\(tickets)?purge=true").status == 204)

        #expect(try await firm.used("records") == 1)
        #expect(try await firm.used("custom_objects") == 0)
        #expect(try await firm.used("custom_fields") == 0)
        #expect(try await Recounting.drift(of: firm).isEmpty)
    }

    @Test("Of many writers at once exactly as many come in as there is room, over several rounds and two processes")
    func exact() async throws {
        let limit = 12
        let site = try await TestSite.shared
        let firm = try await LimitedFirm(["records.contacts": JSON(limit), "records": 100])
        // A second process on the same database, with connections of its own.
        let other = try await TestSite(await TestHouse.again(), ServerSettings.test)
        let token = try #require(firm.admin.credential?.text)
        let clients = [site.stranger.bearing(token), other.stranger.bearing(token)]
        for round in 1...5 {
            let answers = try await withThrowingTaskGroup(of: Client.Answer.self) { group in
                for writer in 0..<32 {
                    group.addTask { try await clients[writer % 2].post("/v1/contacts", ["last_name": .string("\(round)-\(writer)")]) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let made = answers.filter { $0.status == 201 }

            #expect(answers.allSatisfy { $0.status == 201 || LimitRefusal($0) == LimitRefusal(limit, limit, "records.contacts") })
            #expect(try await firm.rows("contacts") == limit)
            #expect(try await firm.used("records.contacts") == limit)
            #expect(made.count == (round == 1 ? limit : limit / 2))
            // Half of them go, at once too.
            let ids =
                try await firm.admin.get("/v1/contacts?limit=\(limit / 2)").json["data"]?.elements?.compactMap { $0["id"]?.string } ?? []
            try await withThrowingTaskGroup { group in
                for id in ids {
                    group.addTask {
                        let answer = try await clients[0].delete("/v1/contacts/\(id)")
                        #expect(answer.status == 204)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await firm.used("records.contacts") == limit / 2)
        }
    }

    @Test("What is rolled back has taken no place") func rollback() async throws {
        let firm = try await LimitedFirm(["records.contacts": 5])
        _ = try await firm.make("contacts", ["email": "a@example.com"])

        #expect(try await firm.admin.post("/v1/contacts", ["email": "a@example.com"]).status == 409)
        #expect(try await firm.admin.post("/v1/contacts", ["last_name": "x", "company_id": .string(UUID().uuidString)]).status == 422)

        #expect(try await firm.used("records.contacts") == 1)
    }

    @Test("A recount finds and mends what is wrong, and nothing else, while others write") func recount() async throws {
        let firm = try await LimitedFirm([:])
        for number in 1...4 { _ = try await firm.make("contacts", ["last_name": .string("\(number)")]) }
        _ = try await firm.firm.scope().run([
            "UPDATE usage SET used = used + 3 WHERE resource IN ('records.contacts', 'users', 'records.deals')"
        ])

        let (drift, writes) = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for number in 0..<10 {
                        let id = try await firm.make("contacts", ["last_name": .string("\(number)")])
                        if number % 2 == 0 { _ = try await firm.admin.delete("/v1/contacts/\(id)") }
                    }
                    return 10
                }
            }
            let drift = try await Recounting.drift(of: firm)
            return (drift, try await group.reduce(0, +))
        }

        #expect(writes == 40)
        let names = drift.map(\.resource)
        #expect(names == ["records.contacts", "records.deals", "users"])
        #expect(drift.allSatisfy { $0.was == $0.found + 3 })
        #expect(try await Recounting.drift(of: firm).isEmpty)
        let rows = try await firm.rows("contacts")
        #expect(try await firm.used("records") == rows)
    }
}

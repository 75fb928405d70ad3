import HTTPTypes
import Postgres
import Records
import Support
import Testing

@testable import Server

@Suite("Records are merged") struct MergeTests {
    @Test("The winner takes what it lacks and what is chosen, tags are united, and everything that referred to the losers refers to it")
    func contacts() async throws {
        let firm = try await MergeFirm()
        let machines = try await firm.ownType()
        let company = try await firm.make("companies", ["name": "Acme"])
        let winner = try await firm.make("contacts", ["last_name": "Ng", "phone": "1", "tags": ["a", "b"]])
        let first = try await firm.make(
            "contacts",
            [
                "last_name": "Nguyen", "phone": "2", "email": "ng@example.com", "external_id": "x", "tags": ["b", "c"],
                "email_opt_out": true, "company_id": .string(company),
            ])
        let second = try await firm.make(
            "contacts", ["first_name": "Linh", "phone": "3", "email": "linh@example.com", "address": ["city": "Hue"]])
        let deals = [
            try await firm.deal([.init("contact_id", .string(first))]), try await firm.deal([.init("contact_id", .string(second))]),
        ]
        let activity = try await firm.make(
            "activities",
            [
                "kind": "call", "subject": "Hello", "at": "2026-01-01T00:00:00Z",
                "contact_ids": [.string(second), .string(winner), .string(first)],
            ])
        let task = try await firm.make("tasks", ["title": "Call", "about": ["type": "contacts", "id": .string(first)]])
        let machine = try await firm.make(machines, ["serial": "1", "operator_ref": .string(second)])
        let trashed = try await firm.deal([.init("contact_id", .string(first))])
        _ = try await firm.admin.delete("/v1/deals/\(trashed)")

        let merged = try await firm.merge(
            "contacts", winner, [first, second], [.init("choose", ["phone": .string(second), "last_name": .string(first)])])

        #expect(merged.status == 200, "\(merged.text)")
        let answer = try merged.json
        #expect(answer["moved"] == ["activities": 1, "deals": 2, "machines": 1, "tasks": 1], "\(merged.text)")
        let record = try await firm.get("contacts", winner)
        #expect(answer["record"] == record)
        #expect(merged.headers[.eTag] == "\"\(record["version"]?.integer ?? 0)\"")
        #expect(record["phone"] == "3" && record["last_name"] == "Nguyen" && record["first_name"] == "Linh", "\(record.text)")
        #expect(record["email"] == "ng@example.com" && record["external_id"] == "x" && record["company_id"] == .string(company))
        #expect(record["address"]?["city"] == "Hue" && record["email_opt_out"] == true && record["tags"] == ["a", "b", "c"])
        for deal in deals { #expect(try await firm.get("deals", deal)["contact_id"] == .string(winner)) }
        #expect(try await firm.get("activities", activity)["contact_ids"] == [.string(winner)])
        #expect(try await firm.get("tasks", task)["about"]?["id"] == .string(winner))
        #expect(try await firm.get(machines, machine)["operator_ref"] == .string(winner))
        #expect(try await firm.admin.post("/v1/deals/\(trashed)/restore", [:]).json["contact_id"] == .string(winner))
        let change = try await firm.admin.get("/v1/contacts/\(winner)/changes").json["data"]?.elements?.first
        #expect(change?["action"] == "merge" && change?["operation_id"] == answer["operation_id"])
        #expect(try await firm.drift() == 0)
    }

    @Test("A loser's address leads to the winner, over chains, with the same call; a purge of the last one ends it")
    func redirects() async throws {
        let firm = try await MergeFirm()
        var ids: [String] = []
        for name in ["A", "B", "C"] { ids.append(try await firm.make("contacts", ["last_name": .string(name)])) }
        #expect(try await firm.merge("contacts", ids[1], [ids[0]]).status == 200)
        #expect(try await firm.merge("contacts", ids[2], [ids[1]]).status == 200)
        let stranger = try await TestSite.shared.firm().admin()

        for id in [ids[0], ids[1].uppercased()] {
            let read = try await firm.admin.get("/v1/contacts/\(id)?fields=last_name")
            #expect(read.status == 308 && read.headers[.location] == "/v1/contacts/\(ids[2])?fields=last_name", "\(read.status)")
            #expect(read.bytes.isEmpty)
            let keyed = firm.admin.with(.idempotencyKey, "key-\(id)")
            let patched = try await keyed.patch("/v1/contacts/\(id)", ["phone": "7"])
            #expect(patched.status == 308 && patched.headers[.location] == "/v1/contacts/\(ids[2])")
            // The key is not used up by the way there.
            #expect(try await keyed.patch(patched.headers[.location] ?? "", ["phone": "7"]).status == 200)
            #expect(try await firm.admin.delete("/v1/contacts/\(id)").status == 308)
            #expect(try await firm.merge("contacts", id, [ids[2]]).headers[.location] == "/v1/contacts/\(ids[2])/merge")
            #expect(try await stranger.get("/v1/contacts/\(id)").status == 404)
        }
        #expect(try await firm.admin.get("/v1/contacts?count=exact").json["page"]?["count"] == 1)

        #expect(try await firm.admin.delete("/v1/contacts/\(ids[1])?purge=true").status == 204)
        #expect(try await firm.admin.get("/v1/contacts/\(ids[0])").headers[.location] == "/v1/contacts/\(ids[2])")
        #expect(try await firm.admin.delete("/v1/contacts/\(ids[2])?purge=true").status == 204)
        for id in ids { #expect(try await firm.admin.get("/v1/contacts/\(id)").status == 404) }
    }

    @Test("An undo brings back the losers, the winner's fields, what was moved and the address; and can be undone itself")
    func undo() async throws {
        let firm = try await MergeFirm()
        let winner = try await firm.make("contacts", ["last_name": "Ng"])
        let loser = try await firm.make("contacts", ["last_name": "Nguyen", "email": "ng@example.com", "tags": ["x"]])
        let lead = try await firm.make("leads", ["last_name": "Nguyen", "email": "ng@example.com"])
        #expect(try await firm.admin.post("/v1/leads/\(lead)/convert", [:]).json["contact"]?["id"] == .string(loser))
        let trashed = try await firm.deal([.init("contact_id", .string(loser))])
        _ = try await firm.admin.delete("/v1/deals/\(trashed)")
        let types = ["contacts", "companies", "leads", "deals"]
        let before = try await firm.state(types)
        let merged = try await firm.merge("contacts", winner, [loser]).json
        #expect(try await firm.get("leads", lead)["converted_contact_id"] == .string(winner))
        let between = try await firm.state(types)

        let undone = try await firm.undo(merged["operation_id"])

        #expect(undone["conflicts"] == [], "\(undone.text)")
        #expect(try await firm.state(types) == before)
        #expect(try await firm.admin.get("/v1/contacts/\(loser)").status == 200)
        let back = try await firm.undo(undone["operation_id"])
        #expect(back["conflicts"] == [], "\(back.text)")
        #expect(try await firm.state(types).mapValues { $0.leaving("deleted_at") } == between.mapValues { $0.leaving("deleted_at") })
        #expect(try await firm.admin.get("/v1/contacts/\(loser)").headers[.location] == "/v1/contacts/\(winner)")
        #expect(try await firm.drift() == 0)
    }

    @Test("A merge that moved six thousand records is undone in one go; what others changed since stays") func many() async throws {
        let firm = try await MergeFirm()
        let winner = try await firm.make("companies", ["name": "Acme"])
        let loser = try await firm.make("companies", ["name": "ACME Inc.", "domain": "acme.example"])
        // Some were written more often than the loser, some less: the log's order by version is none in time.
        for phone in ["1", "2"] { #expect(try await firm.admin.patch("/v1/companies/\(loser)", ["phone": .string(phone)]).status == 200) }
        let scope = try await firm.firm.scope()
        _ = try await scope.run([
            """
            INSERT INTO contacts (id, last_name, company_id, version)
            SELECT cell.uuid_v7(), 'Name ' || n, \(loser)::uuid, 1 + n % 2 * 4 FROM generate_series(1, 6000) AS n
            """
        ])
        let merged = try await firm.merge("companies", winner, [loser]).json
        let counted: SQL = """
            SELECT count(*) FILTER (WHERE company_id = \(winner)::uuid), count(*) FILTER (WHERE company_id = \(loser)::uuid) FROM contacts
            """
        #expect(try await scope.rows(counted)[0].int(0) == 6_000)
        let other = try await firm.make("companies", ["name": "Other"])
        let left = try await scope.rows("SELECT id FROM contacts ORDER BY id OFFSET 3000 LIMIT 1")[0].text(0)
        #expect(try await firm.admin.patch("/v1/contacts/\(left)", ["company_id": .string(other)]).status == 200)

        let undone = try await firm.undo(merged["operation_id"])

        #expect(undone["conflicts"] == [["type": "contacts", "id": .string(left), "fields": ["company_id"]]])
        let row = try await scope.rows(counted)[0]
        #expect(try row.int(0) == 0)
        #expect(try row.int(1) == 5_999)
        #expect(try await firm.get("companies", loser)["domain"] == "acme.example")
    }

    @Test("A reminder tells the winner instead of the losers, once, and is changed once; after an undo whom it told before")
    func recipients() async throws {
        let firm = try await MergeFirm()
        let winner = try await firm.make("contacts", ["last_name": "W"])
        let losers = [try await firm.make("contacts", ["last_name": "L"]), try await firm.make("contacts", ["last_name": "M"])]
        let people: [JSON] = (losers + [winner]).map { ["contact_id": .string($0)] }
        let told = JSON.array(["owner"] + people)
        let reminder = try await firm.make(
            "reminders",
            ["when": ["local": "2031-01-31T09:00", "time_zone": "UTC"], "recipients": told, "subject": "Call", "active": true])
        let version = try await firm.get("reminders", reminder)["version"]?.integer ?? 0

        let merged = try await firm.merge("contacts", winner, losers)

        #expect(merged.status == 200, "\(merged.text)")
        let after = try await firm.get("reminders", reminder)
        #expect(after["recipients"] == ["owner", ["contact_id": .string(winner)]])
        #expect(after["version"]?.integer == version + 1)
        #expect(try await firm.undo(try merged.json["operation_id"])["conflicts"] == [])
        #expect(try await firm.get("reminders", reminder)["recipients"] == told)
        #expect(try await firm.drift() == 0)
    }

    @Test("A loser that is restored is at home again, and trashed again it leads nowhere") func restored() async throws {
        let firm = try await MergeFirm()
        let winner = try await firm.make("companies", ["name": "A"])
        let loser = try await firm.make("companies", ["name": "B"])
        #expect(try await firm.merge("companies", winner, [loser]).status == 200)

        #expect(try await firm.admin.post("/v1/companies/\(loser)/restore", [:]).status == 200)

        #expect(try await firm.admin.get("/v1/companies/\(loser)").status == 200)
        #expect(try await firm.admin.delete("/v1/companies/\(loser)").status == 204)
        #expect(try await firm.admin.get("/v1/companies/\(loser)").status == 404)
    }

    @Test("A dry run answers what a merge answers, writes nothing, and repeats under its key; so does the merge") func rehearsal()
        async throws
    {
        let firm = try await MergeFirm()
        let winner = try await firm.make("companies", ["name": "A"])
        let loser = try await firm.make("companies", ["name": "B", "domain": "b.example"])
        _ = try await firm.make("contacts", ["last_name": "Ng", "company_id": .string(loser)])
        let before = try await firm.state(["companies", "contacts"])
        let address = "/v1/companies/\(winner)/merge"
        let order: JSON = ["from": [.string(loser)]]

        let dry = firm.admin.with(.idempotencyKey, "dry")
        let tried = try await dry.post(address, ["from": [.string(loser)], "dry_run": true])
        let repeated = try await dry.post(address, ["from": [.string(loser)], "dry_run": true])
        #expect(tried.status == 200 && repeated.bytes == tried.bytes, "\(tried.text)")
        #expect(try await firm.state(["companies", "contacts"]) == before)
        #expect(try tried.json["operation_id"] == .null)
        let keyed = firm.admin.with(.idempotencyKey, "wet")
        let merged = try await keyed.post(address, order)
        let again = try await keyed.post(address, order)

        #expect(merged.status == 200 && again.bytes == merged.bytes && again.headers[.idempotentReplayed] == "true", "\(again.text)")
        #expect(again.headers[.eTag] == merged.headers[.eTag])
        #expect(try merged.json["moved"] == ["contacts": 1] && tried.json["moved"] == ["contacts": 1])
        #expect(try merged.json["record"]?.leaving("updated_at") == tried.json["record"]?.leaving("updated_at"))
        #expect(try await keyed.post(address, ["from": []]).code == "idempotency_mismatch")
    }

    @Test("What cannot be merged is refused with the place of the mistake, and nothing is written") func refusals() async throws {
        let firm = try await MergeFirm()
        let winner = try await firm.make("contacts", ["last_name": "A"])
        let other = try await firm.make("contacts", ["last_name": "B"])
        let trashed = try await firm.make("contacts", ["last_name": "C"])
        _ = try await firm.admin.delete("/v1/contacts/\(trashed)")
        let strange = try await MergeFirm().make("contacts", ["last_name": "D"])
        let company = try await firm.make("companies", ["name": "A"])
        let unknown = "00000000-0000-7000-8000-000000000000"
        func refused(_ body: JSON) async throws -> [String] { try await firm.admin.post("/v1/contacts/\(winner)/merge", body).pointers }

        var words: Set<JSON> = []
        for id in [unknown, strange, trashed, company, "nothing"] {
            let answer = try await firm.merge("contacts", winner, [id])
            #expect(answer.status == 422 && answer.pointers == ["/from/0"])
            words.insert(try answer.json["errors"] ?? .null)
        }
        #expect(words.count == 1, "\(words)")
        #expect(try await refused(["from": [.string(other), .string(other)]]) == ["/from/1"])
        #expect(try await refused(["from": [.string(other), .string(winner)]]) == ["/from/1"])
        #expect(try await refused(["from": []]) == ["/from"])
        #expect(try await refused([:]) == ["/from"])
        #expect(try await refused(["from": JSON(Array(repeating: unknown, count: 51))]) == ["/from"])
        let choices: JSON = ["nose": .string(other), "created_at": .string(other), "phone": .string(strange), "custom": .string(other)]
        let pointers = try await refused(["from": [.string(other)], "choose": choices, "dry_run": 1, "to": 1])
        #expect(Set(pointers) == ["/choose/nose", "/choose/created_at", "/choose/phone", "/choose/custom", "/dry_run", "/to"])
        #expect(try await firm.merge("contacts", unknown, [other]).status == 404)
        #expect(try await firm.admin.with(.ifMatch, "\"9\"").post("/v1/contacts/\(winner)/merge", ["from": [.string(other)]]).status == 412)
        #expect(try await firm.admin.post("/v1/tasks/\(winner)/merge", ["from": [.string(other)]]).status == 404)
        // A name is needed, and the one chosen has none.
        let nameless = try await firm.make("contacts", ["email": "x@example.com"])
        let emptied = try await firm.merge(
            "contacts", winner, [nameless], [.init("choose", ["last_name": .string(nameless), "email": .string(winner)])])
        #expect(emptied.status == 422 && emptied.pointers == ["/choose/last_name"], "\(emptied.text)")
        #expect(try await firm.admin.get("/v1/contacts?count=exact").json["page"]?["count"] == 3)
    }

    @Test("A merge needs the right to change the winner and to change and delete the losers; closed fields stay the winner's")
    func rights() async throws {
        let firm = try await MergeFirm()
        let everything: JSON = ["read": "all", "update": "all", "delete": "own", "create": true, "export": false]
        let role = try await RightsFirm.role(
            firm.admin, ["*": everything], hidden: ["contacts": ["source"]], readOnly: ["contacts": ["phone", "tags"]])
        let member = try await RightsFirm.person(firm.firm, firm.admin, role)
        let winner = try await firm.make("contacts", ["last_name": "A", "tags": ["a"]])
        let foreign = try await firm.make("contacts", ["last_name": "B"])
        let own = try await firm.make(
            "contacts",
            ["last_name": "C", "phone": "1", "source": "fair", "title": "CEO", "tags": ["b"], "owner_id": .string(member.id)])
        let address = "/v1/contacts/\(winner)/merge"

        #expect(try await member.client.post(address, ["from": [.string(foreign)]]).status == 403)
        let chosen: JSON = ["phone": .string(own), "source": .string(own)]
        #expect(
            try await member.client.post(address, ["from": [.string(own)], "choose": chosen]).pointers == [
                "/choose/phone", "/choose/source",
            ])
        #expect(try await firm.firm.person("read_only").post(address, ["from": [.string(own)]]).status == 403)
        let merged = try await member.client.post(address, ["from": [.string(own)]])

        #expect(merged.status == 200, "\(merged.text)")
        let record = try await firm.get("contacts", winner)
        #expect(record["title"] == "CEO" && record["phone"] == .null && record["source"] == .null && record["tags"] == ["a"])
        #expect(try merged.json["record"]?["source"] == nil)
    }

    @Test("A company never becomes its own parent, not even indirectly") func parents() async throws {
        let firm = try await MergeFirm()
        let top = try await firm.make("companies", ["name": "Top"])
        let loser = try await firm.make("companies", ["name": "Loser", "parent_id": .string(top)])
        let winner = try await firm.make("companies", ["name": "Winner", "parent_id": .string(loser)])
        let between = try await firm.make("companies", ["name": "Between", "parent_id": .string(winner)])
        let low = try await firm.make("companies", ["name": "Low", "parent_id": .string(between)])

        let circle = try await firm.merge("companies", low, [winner])
        #expect(circle.status == 422 && circle.pointers == ["/choose/parent_id"], "\(circle.text)")
        #expect(try await firm.merge("companies", low, [winner], [.init("choose", ["parent_id": .string(winner)])]).status == 200)
        #expect(try await firm.get("companies", low)["parent_id"] == .string(loser))
        #expect(try await firm.merge("companies", low, [loser]).status == 200)

        #expect(try await firm.get("companies", low)["parent_id"] == .string(top))
        #expect(try await firm.get("companies", between)["parent_id"] == .string(low))
    }

    @Test("A deal keeps its stage unless another is chosen, and then by the rules of a move") func deals() async throws {
        let firm = try await MergeFirm()
        let winner = try await firm.deal([])
        let lost = try await firm.deal(
            [.init("lost_reason", "Price"), .init("amount", ["amount": "5", "currency": "EUR"])], stage: "lost")
        let stage = try await firm.get("deals", lost)["stage_id"] ?? .null

        let short = try await firm.merge("deals", winner, [lost], [.init("choose", ["stage_id": .string(lost)])])
        #expect(short.status == 422 && short.pointers == ["/choose/lost_reason"], "\(short.text)")
        let tried = try await firm.merge("deals", winner, [lost], [.init("dry_run", true)]).json
        #expect(tried["record"]?["status"] == "open" && tried["record"]?["lost_reason"] == .null, "\(tried.text)")
        #expect(tried["record"]?["amount"]?["amount"] == "5.00")
        let choice: JSON = ["stage_id": .string(lost), "lost_reason": .string(lost)]
        let merged = try await firm.merge("deals", winner, [lost], [.init("choose", choice)]).json

        #expect(merged["record"]?["status"] == "lost" && merged["record"]?["stage_id"] == stage, "\(merged.text)")
        #expect(try await firm.undo(merged["operation_id"])["conflicts"] == [])
        #expect(try await firm.get("deals", winner)["status"] == "open")
    }

    @Test("Leads become one until one is converted; own types become one like any other") func leadsAndOwn() async throws {
        let firm = try await MergeFirm()
        let machines = try await firm.ownType()
        var leads: [String] = []
        for name in ["A", "B", "C"] { leads.append(try await firm.make("leads", ["last_name": .string(name)])) }
        #expect(try await firm.merge("leads", leads[0], [leads[1]]).status == 200)
        #expect(try await firm.admin.post("/v1/leads/\(leads[2])/convert", [:]).status == 200)
        #expect(try await firm.merge("leads", leads[0], [leads[2]]).code == "conflict")
        #expect(try await firm.merge("leads", leads[2], [leads[0]]).code == "conflict")
        let first = try await firm.make(machines, ["serial": "1"])
        let second = try await firm.make(machines, ["serial": "2", "notes": "new", "spare_of": .string(first)])
        let third = try await firm.make(machines, ["serial": "3", "spare_of": .string(second)])

        let merged = try await firm.merge(machines, first, [second], [.init("choose", ["serial": .string(second)])])

        #expect(merged.status == 200, "\(merged.text)")
        let record = try await firm.get(machines, first)
        #expect(record["serial"] == "2" && record["notes"] == "new" && record["spare_of"] == .null)
        #expect(try await firm.get(machines, third)["spare_of"] == .string(first))
        #expect(try await firm.admin.get("/v1/\(machines)/\(second)").headers[.location] == "/v1/\(machines)/\(first)")
        #expect(try await firm.undo(try merged.json["operation_id"])["conflicts"] == [])
        #expect(try await firm.get(machines, second)["serial"] == "2")
    }
}

extension JSON {
    /// The object without a member.
    func leaving(_ name: String) -> JSON { .object((members ?? []).filter { $0.name != name }) }
}

import CRM
import HTTPTypes
import Postgres
import Records
import Support
import Testing

@testable import Server

@Suite("A person is forgotten") struct ErasureTests {
    @Test("Nothing of what was held about a person is found anywhere afterwards, and what counts stays") func nothingLeft() async throws {
        let person = try await PersonFirm()
        let (admin, contact) = (person.firm.admin, person.contact)
        #expect(try await person.found().sorted() == person.words.sorted())

        let answer = try await admin.with(.idempotencyKey, "erase").post("/v1/contacts/\(contact)/erase", ["reason": "Art. 17 GDPR"])

        #expect(answer.status == 200, "\(answer.text)")
        let left = try await person.found()
        #expect(left.isEmpty, "\(left)")
        let counts = try answer.json["erased"]
        for (name, count) in [
            ("contacts", 2), ("leads", 1), ("activities", 4), ("tasks", 3), ("records", 1), ("deals", 2), ("mails", 5), ("files", 5),
            ("imported_rows", 2), ("jobs", 2),
        ] {
            #expect(counts?[name]?.integer == count, "\(answer.text)")
        }
        #expect(
            try await admin.with(.idempotencyKey, "erase").post("/v1/contacts/\(contact)/erase", ["reason": "Art. 17 GDPR"]).text
                == answer.text)
        for word in person.words { #expect(try await admin.get("/v1/search?q=\(word)").json["data"] == []) }
        // Deals with their amounts, talks with their length, the other one's meeting.
        let deal = try await person.firm.get("deals", person.privateDeal)
        #expect(deal["amount"]?["amount"] == "1200.50" && deal["contact_id"] == .null && deal["name"] == "Erased")
        let sold = try await person.firm.get("deals", person.firmDeal)
        #expect(sold["amount"]?["amount"] == "99.00" && sold["name"]?.string?.hasPrefix("Pumps for") == true)
        let talk = try await person.firm.get("activities", person.ownActivity)
        #expect(talk["duration_minutes"] == 30 && talk["contact_ids"] == [] && talk["body"] == .null)
        let meeting = try await person.firm.get("activities", person.sharedActivity)
        #expect(meeting["contact_ids"] == [.string(person.other)])
        #expect(
            meeting["subject"]?.string?.hasPrefix("Lunch with ") == true && meeting["subject"]?.string?.hasSuffix(" and others") == true)
        #expect(try await person.firm.get("leads", person.lead)["status"] == "converted")
        // What was said of the person's own deal goes as a whole, of the firm's and of the firm's machine only the person's words.
        #expect(try await person.firm.get("activities", person.dealTalk)["subject"] == "Erased")
        #expect(try await person.firm.get("tasks", person.dealTask)["title"] == "Erased")
        #expect(try await person.firm.get("activities", person.firmTalk)["subject"]?.string?.hasSuffix(" is the buyer") == true)
        #expect(try await person.firm.get("tasks", person.firmTask)["title"]?.string?.hasPrefix("Call …") == true)
        let machine = try await person.firm.get("machines", person.machine)
        #expect(machine["notes"]?.string?.hasPrefix("Ask …") == true && machine["operator_ref"] == .null && machine["serial"] == "1")
        // Files of what was done with others stay, under another name; those of the person are gone, and so are their bytes.
        for (type, id, name) in [("activities", person.sharedActivity, "Menu for …"), ("deals", person.firmDeal, "Offer to …")] {
            let files = try await admin.get("/v1/\(type)/\(id)/attachments").json["data"]?.elements ?? []
            #expect(files.map { $0["name"]?.string } == ["\(name).pdf"])
            #expect(try await admin.get("/v1/attachments/\(files.first?["id"]?.string ?? "")/content").status == 200)
        }
        for (type, id) in [("activities", person.ownActivity), ("deals", person.privateDeal), ("leads", person.lead)] {
            #expect(try await admin.get("/v1/\(type)/\(id)/attachments").json["data"] == [])
        }
        let scope = try await person.firm.firm.scope()
        // The firm's own people still see that they were reminded, and of a deal with a firm, of which.
        let mails = try await scope.rows(
            "SELECT recipient, subject, about_id FROM mails WHERE kind = 'reminder' ORDER BY subject COLLATE \"C\", recipient")
        #expect(try mails.map { try $0.text(0) } == ["erased"] + Array(repeating: "owner@firm.example", count: 4), "\(mails.count)")
        #expect(try mails.prefix(4).allSatisfy { try $0.text(1) == "Erased" })
        let kept = try #require(mails.last)
        #expect(try kept.text(1).hasPrefix("Reminder: Pumps for …") && kept.text(2) == person.firmDeal)
        #expect(try await scope.rows("SELECT count(*) FROM attachments WHERE removed_at IS NOT NULL AND name = ''")[0].int(0) == 5)
        // The row of the file that was not taken counts, and tells nothing; another one's stays.
        let rows = try await scope.rows(
            "SELECT array_to_string(reasons || codes || places || cells, ''), cardinality(cells) FROM import_errors ORDER BY row")
        #expect(try rows.map { try $0.text(0) } == ["", "too longtoo_longcitySomeBodyBonn"] && rows.map { try $0.int(1) } == [3, 3])
        #expect(try await person.firm.drift() == 0)
    }

    @Test("The address says when it was, whatever is asked there; an operation of before brings nobody back, and there is none to undo")
    func afterwards() async throws {
        let person = try await PersonFirm()
        let (firm, admin) = (person.firm, person.firm.admin)
        let scope = try await firm.firm.scope()
        let operations = try await scope.rows("SELECT DISTINCT operation_id FROM changes WHERE operation_id IS NOT NULL").map {
            try $0.text(0)
        }
        #expect(operations.count >= 3)

        #expect(try await admin.post("/v1/contacts/\(person.contact)/erase", ["reason": "asked for"]).status == 200)

        for id in [person.contact, person.twin] {
            let address = "/v1/contacts/\(id)"
            let gone = try await admin.get(address)
            #expect(gone.status == 410 && gone.code == "gone", "\(gone.text)")
            #expect(try gone.json["id"]?.string == id && gone.json["erased_at"]?.string?.hasSuffix("Z") == true)
            for answer in [
                try await admin.patch(address, ["title": "X"]), try await admin.delete(address), try await admin.get(address + "/changes"),
                try await admin.get(address + "/timeline"), try await admin.send(.post, address + "/restore"),
                try await admin.post(address + "/erase", ["reason": "again"]), try await admin.send(.post, address + "/access_request"),
            ] { #expect(answer.status == 410, "\(answer.text)") }
        }
        let again = try await admin.with(.idempotencyKey, "talk").post(
            "/v1/activities", ["kind": "call", "subject": "X", "at": "2026-01-01T09:00:00Z"])
        #expect(again.code == "idempotency_mismatch" || again.status == 410)
        for operation in operations
            + (try await scope.rows("SELECT DISTINCT operation_id FROM changes WHERE operation_id IS NOT NULL").map { try $0.text(0) })
        {
            let undone = try await admin.send(.post, "/v1/operations/\(operation)/undo")
            #expect([200, 404].contains(undone.status), "\(undone.text)")
        }
        #expect(try await admin.get("/v1/contacts/\(person.contact)").status == 410)
        let left = try await person.found()
        #expect(left.isEmpty, "\(left)")
        #expect(try await firm.drift() == 0)
    }

    @Test("Only who may delete all contacts erases; a stranger's contact is not there; a reason is needed") func rights() async throws {
        let firm = try await MergeFirm()
        let contact = try await firm.make("contacts", ["last_name": "Doe"])
        let address = "/v1/contacts/\(contact)/erase"

        for role in ["member", "read_only"] {
            #expect(try await firm.firm.person(role).post(address, ["reason": "x"]).status == 403, "\(role)")
        }
        let narrow = try await RightsFirm.role(firm.admin, ["contacts": ["read": "own", "delete": "all"]])
        let blind = try await RightsFirm.person(firm.firm, firm.admin, narrow).client
        #expect(try await blind.post(address, ["reason": "x"]).status == 404)
        #expect(try await blind.post(address, [:]).status == 404)
        for body: JSON in [[:], ["reason": ""], ["reason": 1], ["reason": "x", "more": 1]] {
            #expect(try await firm.admin.post(address, body).status == 422, "\(body.text)")
        }
        #expect(try await firm.firm.person("manager").post(address, ["reason": "x"]).status == 200)
        // Who reads only his own never knew of it.
        #expect(try await blind.get("/v1/contacts/\(contact)").status == 404)
        #expect(try await firm.firm.person("read_only").get("/v1/contacts/\(contact)").status == 410)
    }

    @Test("From the trash too, and the person whom another was merged into is meant at either's address") func fromTrash() async throws {
        let firm = try await MergeFirm()
        let trashed = try await firm.make("contacts", ["last_name": "Doe"])
        let (winner, loser) = (try await firm.make("contacts", ["last_name": "W"]), try await firm.make("contacts", ["last_name": "L"]))
        _ = try await firm.admin.delete("/v1/contacts/\(trashed)")
        _ = try await firm.merge("contacts", winner, [loser])

        #expect(try await firm.admin.post("/v1/contacts/\(trashed)/erase", ["reason": "x"]).status == 200)
        let elsewhere = try await firm.admin.post("/v1/contacts/\(loser)/erase", ["reason": "x"])

        #expect(elsewhere.status == 308 && elsewhere.headers[.location] == "/v1/contacts/\(winner)/erase")
        #expect(try await firm.admin.post("/v1/contacts/\(winner)/erase", ["reason": "x"]).json["erased"]?["contacts"] == 2)
        #expect(try await firm.admin.get("/v1/contacts/\(loser)").status == 410)
        #expect(try await firm.drift() == 0)
    }

    @Test("A contact that was merged and has come back is another person again") func unmerged() async throws {
        let firm = try await MergeFirm()
        let (winner, loser) = (try await firm.make("contacts", ["last_name": "W"]), try await firm.make("contacts", ["last_name": "L"]))
        let merged = try await firm.merge("contacts", winner, [loser])
        _ = try await firm.undo(try merged.json["operation_id"])

        #expect(try await firm.admin.post("/v1/contacts/\(winner)/erase", ["reason": "x"]).json["erased"]?["contacts"] == 1)

        #expect(try await firm.get("contacts", loser)["last_name"] == "L")
    }
}

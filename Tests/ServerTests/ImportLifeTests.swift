import Foundation
import HTTPTypes
import Jobs
import Postgres
import Records
import Support
import Testing

@testable import CRM
@testable import Server

/// Limits, rights, ends and ways back.
@Suite("Imports: limits and ends") struct ImportLifeTests {
    @Test("Without room in the plan the start is refused before any row; imports that have begun count") func room() async throws {
        let house = try await ImportFirm(limits: ["records.contacts": 3, "import_rows": 10])
        func file(_ count: Int) -> String { "Last Name\n" + (0..<count).map { "N\($0)\n" }.joined() }
        let large = try await house.order(["type": "contacts"], file(4))
        let huge = try await house.order(["type": "contacts", "dry_run": true], file(11))
        let (first, second) = (try await house.order(["type": "contacts"], file(2)), try await house.order(["type": "contacts"], file(2)))

        let refused = try await house.admin.post("/v1/imports/\(large)/start", [:])
        let tooMany = try await house.admin.post("/v1/imports/\(huge)/start", [:])
        #expect(LimitRefusal(refused) == LimitRefusal(3, 0, "records.contacts"), "\(refused.text)")
        #expect(LimitRefusal(tooMany) == LimitRefusal(10, 11, "import_rows"), "\(tooMany.text)")
        try await house.begin(first)
        let reserved = try await house.admin.post("/v1/imports/\(second)/start", [:])
        #expect(LimitRefusal(reserved) == LimitRefusal(3, 2, "records.contacts"), "\(reserved.text)")

        // Nobody takes the room of one that has begun, and it has a place for each of its rows.
        var statuses: [Int] = []
        for name in ["x", "y"] { statuses.append(try await house.admin.post("/v1/contacts", ["last_name": .string(name)]).status) }
        #expect(statuses == [201, 402])
        #expect(try await Recounting.drift(of: house.firm).isEmpty)
        let result = try await house.carryOut(first)
        #expect(counts(result) == [2, 2, 0, 0, 0])
        #expect(try await house.used == 3)
        #expect(try await Recounting.drift(of: house.firm).isEmpty)
    }

    @Test("Room that was taken and not needed is given back at the end, however that comes") func roomGivenBack() async throws {
        let house = try await ImportFirm(limits: ["records": 4])
        let file = "Last Name,E-Mail\nA,a@example.com\nB,bad\nC,c@example.com\n"
        let cancelled = try await house.order(["type": "contacts"], file)
        try await house.begin(cancelled)
        #expect(try await house.used == 3)
        #expect(try await house.admin.send(.post, "/v1/imports/\(cancelled)/cancel").status == 200)
        #expect(try await house.used == 0)

        #expect(counts(try await house.take(["type": "contacts"], file)) == [3, 2, 0, 0, 1])
        #expect(try await house.used == 2)
        // Of an upsert only what is new takes room: one of three.
        let upsert: JSON = ["type": "contacts", "mode": "upsert", "key": "email"]
        let more = "Last Name,E-Mail\nAA,A@example.com\nCC,c@example.com\nD,d@example.com\n"
        #expect(counts(try await house.take(upsert, more)) == [3, 1, 2, 0, 0])
        #expect(try await house.used == 3)
        #expect(try await Recounting.drift(of: house.firm).isEmpty)
    }

    @Test("What an import makes beyond the room it took finds a place, or its rows fail") func beyondItsRoom() async throws {
        let house = try await ImportFirm(limits: ["records.contacts": 3])
        let file = "Last Name,E-Mail\nA,a@example.com\nB,b@example.com\nC,c@example.com\n"
        for name in ["a", "b"] {
            _ = try await house.admin.post("/v1/contacts", ["last_name": "Old", "email": .string("\(name)@example.com")])
        }
        let id = try await house.order(["type": "contacts", "mode": "upsert", "key": "email"], file)
        try await house.begin(id)
        // One of those it was to change goes, and somebody takes its place.
        let old = try await house.admin.get("/v1/contacts?filter[email]=a@example.com").json["data"]?.elements?.first?["id"]?.string
        #expect(try await house.admin.delete("/v1/contacts/\(old ?? "")").status == 204)
        #expect(try await house.admin.post("/v1/contacts", ["last_name": "New"]).status == 201)

        let result = try await house.carryOut(id)

        #expect(counts(result) == [3, 1, 1, 0, 1])
        let told = try await house.admin.get("/v1/imports/\(id)/errors").json["data"]?.elements?.first?["errors"]?.elements ?? []
        #expect(told.map { $0["code"] } == ["plan_limit"] && told.first?["column"]?.isNull == true, "\(told)")
        #expect(try await house.used == 3)
        #expect(try await Recounting.drift(of: house.firm).isEmpty)
    }

    @Test("What is no table, too large or broken is refused with a sentence") func bombs() async throws {
        let house = try await ImportFirm()
        let id = try await house.admin.post("/v1/imports", ["type": "contacts"]).json["id"]?.string ?? ""
        func send(_ bytes: [UInt8], _ type: String = "text/csv") async throws -> Client.Answer {
            try await house.admin.send(.put, "/v1/imports/\(id)/content", bytes: bytes, type: type)
        }

        #expect(try await house.admin.post("/v1/imports/\(id)/start", [:]).status == 409)
        let workbook = try await send([0x50, 0x4B, 3, 4, 0, 0])
        #expect(workbook.status == 415 && workbook.text.contains("CSV"), "\(workbook.text)")
        #expect(try await send([], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet").status == 415)
        #expect(try await send(Array("{}".utf8), "application/json").status == 415)
        #expect(try await send([]).status == 422)
        #expect(try await send(Array((0..<501).map { "c\($0)" }.joined(separator: ",").utf8)).status == 422)
        let open = try await send(Array("Last Name\nA\n\"never closed\nB\n".utf8))
        #expect(open.status == 422 && open.text.contains("Row 2 opens a quotation mark"), "\(open.text)")
        let long = try await send(Array("Last Name\n".utf8) + Array(repeating: UInt8(ascii: "x"), count: 1_100_000))
        #expect(long.status == 422 && long.text.contains("Row 1 is longer"), "\(long.text)")
        #expect(try await send(Array("Last Name,E-Mail\nA,a\nB,\\.\n\"x\n\\.\ny\",\n".utf8)).status == 200)
    }

    @Test("A file beyond the most bytes is refused with their number, a packed one at once, and the former file stays") func tooLarge()
        async throws
    {
        let site = try await TestSite.open { $0.importLimit = 100_000 }
        let firm = try await site.firm()
        let house = ImportFirm(firm, try await firm.admin())
        let id = try await house.order(["type": "contacts"], "Last Name\nKept\n")
        let most = Array(("Last Name\n" + String(repeating: "Nnnnnnnnn\n", count: 9_999)).utf8)
        func send(_ client: Client, _ id: String, _ bytes: [UInt8]) async throws -> Client.Answer {
            try await client.send(.put, "/v1/imports/\(id)/content", bytes: bytes, type: "text/csv")
        }

        let larger = try await send(house.admin, id, most + [UInt8(ascii: "N")])
        let packed = try await send(house.admin.with(.contentEncoding, "gzip"), id, [0x1F, 0x8B, 8, 0])
        let named = try await send(house.admin.with(.contentEncoding, "identity"), try await house.order(["type": "contacts"], "X\n"), most)

        #expect(larger.status == 413 && larger.code == "too_large", "\(larger.text)")
        #expect(try larger.json["limit"] == 100_000)
        #expect(packed.status == 415 && packed.text.contains("Content-Encoding"), "\(packed.text)")
        #expect(named.status == 200, "\(named.text)")
        #expect(try await house.admin.post("/v1/imports/\(id)/start", [:]).status == 202)
        #expect(counts(try await house.ended(id)) == [1, 1, 0, 0, 0])
        #expect(try await house.all("contacts").map { $0["last_name"] } == ["Kept"])
    }

    @Test("Stray marks, zeros and bytes that are no text concern only their row") func broken() async throws {
        let house = try await ImportFirm()

        let result = try await house.take(
            ["type": "contacts", "options": ["encoding": "utf-8"]],
            Array("Last Name,Title\n5\" Pipe,x\n\"a\"b,x\nGood,1\n".utf8) + [0xFF, 0x41, 0x2C, 0x0A]
                + Array("Z\0,1\n\n\"Q \"\"q\"\"\",2\nlong,1,2,3\n".utf8))

        #expect(counts(result) == [7, 2, 0, 0, 5], "\(result.text)")
        #expect(Set(try await house.all("contacts").compactMap { $0["last_name"]?.string }) == ["Good", "Q \"q\""])
        let errors = try await house.errors(result)
        #expect(errors.map { $0.prefix(2) } == ["1,", "2,", "4,", "5,", "7,"], "\(errors)")
    }

    @Test("A revert trashes what was made, gives back what was changed, and lists what people changed since") func revert() async throws {
        let house = try await ImportFirm()
        for name in ["a", "b"] {
            _ = try await house.admin.post("/v1/contacts", ["last_name": "Before", "email": .string("\(name)@example.com")])
        }
        let result = try await house.take(
            ["type": "contacts", "mode": "upsert", "key": "email", "options": ["create_references": true]],
            "E-Mail,Last Name,Company\na@example.com,After,Firm\nb@example.com,After,Firm\nc@example.com,Made,Firm\nd@example.com,Made,\n")
        #expect(counts(result) == [4, 2, 2, 0, 0], "\(result.text)")
        let (id, contacts) = (result["id"]?.string ?? "", try await house.all("contacts"))
        func touch(_ email: String) async throws -> String {
            let found = contacts.first { $0["email"]?.string == email }?["id"]?.string ?? ""
            #expect(try await house.admin.patch("/v1/contacts/\(found)", ["last_name": "Touched"]).status == 200)
            return found
        }
        let (changed, made) = (try await touch("b@example.com"), try await touch("d@example.com"))

        let answer = try await house.admin.post("/v1/imports/\(id)/revert", [:])
        #expect(answer.status == 202, "\(answer.text)")
        let after = try await house.ended(id)

        #expect(after["state"] == "reverted", "\(after.text)")
        #expect(Set((after["conflicts"]?.elements ?? []).compactMap { $0["id"]?.string }) == [changed, made], "\(after.text)")
        let left = Dictionary(uniqueKeysWithValues: try await house.all("contacts").map { ($0["email"]?.string ?? "", $0) })
        #expect(left.keys.sorted() == ["a@example.com", "b@example.com", "d@example.com"])
        #expect(left["a@example.com"]?["last_name"] == "Before" && left["a@example.com"]?["company_id"]?.isNull == true)
        #expect(left["b@example.com"]?["last_name"] == "Touched")
        #expect(try await house.all("companies").isEmpty)
        #expect(try await house.admin.get("/v1/usage").json["usage"]?["records.contacts"]?["used"] == 3)
    }

    @Test("A second way back after one that broke off takes what the first has put back for done, and lists only what people changed")
    func secondWayBack() async throws {
        let house = try await ImportFirm()
        for name in ["a", "b"] {
            _ = try await house.admin.post("/v1/contacts", ["last_name": "Before", "email": .string("\(name)@example.com")])
        }
        let result = try await house.take(
            ["type": "contacts", "mode": "upsert", "key": "email", "options": ["create_references": true]],
            "E-Mail,Last Name,Company\na@example.com,After,Firm\nb@example.com,After,Firm\nc@example.com,Made,Firm\n")
        let (id, uuid) = (result["id"]?.string ?? "", try #require(UUID(uuidString: result["id"]?.string ?? "")))
        let changed = try await house.all("contacts").first { $0["email"] == "b@example.com" }?["id"]?.string ?? ""
        #expect(try await house.admin.patch("/v1/contacts/\(changed)", ["last_name": "Touched"]).status == 200)
        #expect(try await house.admin.post("/v1/imports/\(id)/revert", [:]).status == 202)
        let first = try await house.ended(id)
        // All but its last word: to a second one it has failed.
        _ = try await house.firm.scope().run(["UPDATE imports SET state = 'failed' WHERE id = \(uuid)"])

        #expect(try await house.admin.post("/v1/imports/\(id)/revert", [:]).status == 202)
        let second = try await house.ended(id)

        #expect(first["reverted"] == 4 && second["reverted"] == 4, "\(first.text) \(second.text)")
        #expect(second["state"] == "reverted" && second["conflicts"] == first["conflicts"], "\(second.text)")
        #expect(second["conflicts"] == [["id": .string(changed), "type": "contacts", "fields": ["last_name"]]], "\(second.text)")
        let left = try await house.all("contacts").map { $0["last_name"] }
        #expect(left == ["Before", "Touched"])
    }

    @Test("A way back ends as failed when whoever began it may not enter any more, and somebody else can begin it anew") func abandoned()
        async throws
    {
        let house = try await ImportFirm()
        let result = try await house.take(["type": "contacts"], "Last Name\nA\n")
        let id = result["id"]?.string ?? ""
        let other = try await house.firm.user("admin")
        let uuid = try #require(UUID(uuidString: id))
        // No worker may hear of it before whoever began it is gone.
        #expect(try await house.unheard(by: other).revert(uuid, nil).status == 202)
        _ = try await house.firm.scope().run([
            "UPDATE users SET status = 'disabled' WHERE email = \(other)", .enqueue(RevertImport(id: uuid)),
        ])

        let failed = try await house.ended(id)

        #expect(failed["state"] == "failed" && failed["failure_code"] == "maker_gone", "\(failed.text)")
        #expect(try await house.all("contacts").count == 1)
        #expect(try await house.admin.post("/v1/imports/\(id)/revert", [:]).status == 202)
        let reverted = try await house.ended(id)
        #expect(reverted["state"] == "reverted" && reverted["failure_code"]?.isNull == true, "\(reverted.text)")
        #expect(try await house.all("contacts").isEmpty)
    }

    @Test("A cancelled import writes nothing more, and cannot be started") func cancel() async throws {
        let house = try await ImportFirm()
        let id = try await house.order(["type": "contacts"], "Last Name\nA\n")
        _ = try await house.admin.post("/v1/imports/\(id)/start", [:])

        let cancelled = try await house.admin.post("/v1/imports/\(id)/cancel", [:])

        #expect(cancelled.status == 200, "\(cancelled.text)")
        #expect(try cancelled.json["state"] == "cancelled")
        _ = try await house.ended(id)
        #expect(try await house.all("contacts").isEmpty)
        #expect(try await house.admin.post("/v1/imports/\(id)/start", [:]).status == 409)
        #expect(try await house.admin.post("/v1/imports/\(id)/cancel", [:]).status == 200)
    }

    @Test("Nobody imports beyond his rights, or sees another's import") func rights() async throws {
        let house = try await ImportFirm()
        let (reader, member) = (try await house.firm.person("read_only"), try await house.firm.person("member"))
        let foreign = try await house.admin.post("/v1/contacts", ["last_name": "Admin's", "email": "x@example.com"]).json
        let mine = try await house.order(["type": "contacts"], "Last Name\nA\n")

        #expect(try await reader.post("/v1/imports", ["type": "contacts"]).status == 403)
        #expect(try await member.get("/v1/imports/\(mine)").status == 404)
        #expect(try await member.get("/v1/imports").json["data"] == [])
        let result = try await house.take(
            ["type": "contacts", "mode": "update", "key": "email"], "E-Mail,Last Name\nx@example.com,Stolen\n", by: member)

        #expect(counts(result) == [1, 0, 0, 0, 1])
        #expect(try await house.admin.get("/v1/contacts/\(foreign["id"]?.string ?? "")").json["last_name"] == "Admin's")
        #expect(try await member.get("/v1/imports").json["data"]?.elements?.count == 1)
    }

    @Test("A start that is repeated under its key starts once") func repeated() async throws {
        let house = try await ImportFirm()
        let id = try await house.order(["type": "contacts"], "Last Name\nA\n")
        let client = house.admin.with(.idempotencyKey, "start-it")

        let (first, second) = (
            try await client.post("/v1/imports/\(id)/start", [:]), try await client.post("/v1/imports/\(id)/start", [:])
        )

        #expect(first.status == 202 && second.status == 202 && second.headers[.idempotentReplayed] == "true")
        #expect(counts(try await house.ended(id)) == [1, 1, 0, 0, 0])
    }

    @Test("What a spreadsheet would calculate has an apostrophe in errors.csv, which is taken off when it comes again") func formulas()
        async throws
    {
        let house = try await ImportFirm()
        let order: JSON = ["type": "contacts", "mapping": ["Last Name": "last_name", "Phone": "phone", "E-Mail": "email"]]

        let refused = try await house.take(order, "Last Name,Phone,E-Mail\n=1+1,+49 30,bad\n")
        let line = try await house.errors(refused)[0]
        let again = try await house.take(
            order, "row,column,reason,Last Name,Phone,E-Mail\n" + line.replacing("bad", with: "good@example.com"))

        #expect(line.hasSuffix(",'=1+1,'+49 30,bad"), "\(line)")
        #expect(counts(again) == [1, 1, 0, 0, 0])
        let contact = try await house.all("contacts").first
        #expect(contact?["last_name"] == "=1+1" && contact?["phone"] == "+49 30")
    }

    @Test("Whatever bytes come, they are rows or a refusal with a reason", arguments: [11, 12] as [UInt64]) func noise(_ seed: UInt64)
        async throws
    {
        let house = try await ImportFirm()
        var random = SplitMix64(seed: seed)
        let signs = Array("\",;\t\n\r|ab\\.'= ".utf8) + [0, 0x80, 0xC3, 0xE4, 0xFE, 0xFF]
        let id = try await house.admin.post("/v1/imports", ["type": "contacts"]).json["id"]?.string ?? ""

        for _ in 0..<150 {
            let bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in signs.randomElement(using: &random) ?? 0 }
            let answer = try await house.admin.send(.put, "/v1/imports/\(id)/content", bytes: bytes, type: "text/csv")
            #expect([200, 422].contains(answer.status), "\(bytes): \(answer.text)")
        }
    }
}

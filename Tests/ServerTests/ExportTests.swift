import Blobs
import CRM
import Foundation
import Jobs
import Records
import Support
import Testing

@testable import Server

@Suite("Records leave as files") struct ExportTests {
    @Test(
        "JSON Lines are the records as the list shows them, and CSV read by Python holds the same values", arguments: [1, 2, 3] as [UInt64])
    func sameAsTheList(seed: UInt64) async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        var contacts = RandomContacts(seed: seed)
        try await contacts.define(by: admin)
        try await contacts.create(60, by: admin)

        let lines = try await admin.exported(["type": "contacts", "format": "jsonl"])
        let csv = try await admin.exported(["type": "contacts", "format": "csv"])

        let listed = try await admin.everyRecord("contacts")
        let records = try lines.text.split(separator: "\n").map { try JSON(parsing: String($0)) }
        #expect(records.count == 60)
        #expect(Set(records) == Set(listed))
        #expect(records == records.sorted { ($0["id"]?.string ?? "") < ($1["id"]?.string ?? "") })
        let rows = try await csv.readByPython()
        #expect(rows.count == 60)
        for (row, record) in zip(rows, records) { #expect(row == RandomContacts.cells(of: record)) }
    }

    @Test("A cell that a spreadsheet would run is text, and one apostrophe less is the value again") func formulas() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let names = ["=1+1", "+49 30 1", "-2", "@SUM(A1)", "\tx", "'=1", "''-2", "plain", "a=b", "'quoted'", "a,\"b\"\r\nc"]
        for name in names { _ = try await admin.post("/v1/companies", ["name": .string("N" + name), "industry": .string(name)]) }

        let file = try await admin.exported(["type": "companies", "format": "csv", "fields": ["industry"]])

        let cells = try await file.readByPython().compactMap { $0["industry"] }
        // The API itself takes white space off the ends.
        #expect(
            Set(cells) == [
                "'=1+1", "'+49 30 1", "'-2", "'@SUM(A1)", "x", "''=1", "'''-2", "plain", "a=b", "'quoted'", "a,\"b\"\r\nc",
            ])
    }

    @Test("A spreadsheet's file is in the language and zone of whoever orders it, else of the firm, and comes in again as it went out")
    func dialect() async throws {
        let importing = try await ImportFirm()
        let (firm, admin) = (importing.firm, importing.admin)
        _ = try await admin.post("/v1/custom_fields", ["type": "companies", "name": "size", "label": "Size", "kind": "decimal"])
        _ = try await admin.post("/v1/custom_fields", ["type": "companies", "name": "worth", "label": "Worth", "kind": "money"])
        _ = try await admin.post("/v1/custom_fields", ["type": "companies", "name": "seen", "label": "Seen", "kind": "datetime"])
        let company: JSON = [
            "name": "A; B, C", "domain": "abc.example",
            "custom": ["size": "-1234.5", "worth": ["amount": "1234.56", "currency": "EUR"], "seen": "2026-07-01T22:30:00.250Z"],
        ]
        let id = try #require(try await admin.post("/v1/companies", company).json["id"]?.string)
        let order: JSON = [
            "type": "companies", "format": "csv",
            "fields": ["domain", "name", "custom.size", "custom.worth", "custom.seen"],
        ]

        let plain = try await admin.exported(order).text
        #expect(try await admin.patch("/v1/settings", ["locale": "de", "time_zone": "Europe/Berlin"]).status == 200)
        let german = try await admin.exported(order)
        let moved = try await admin.patch(
            "/v1/users/\(try await firm.userID(firm.email))", ["locale": "en-US", "time_zone": "America/St_Johns"])
        let own = try await admin.exported(order).text
        let lines = try await admin.exported(["type": "companies", "format": "jsonl"]).text

        #expect(moved.status == 200, "\(moved.text)")
        let header = "id,name,domain,custom.size,custom.worth,custom.worth.currency,custom.seen"
        #expect(plain.contains(header + "\r\n\(id),\"A; B, C\",abc.example,'-1234.5,1234.56,EUR,2026-07-01T22:30:00.250Z\r\n"), "\(plain)")
        #expect(
            german.text.contains(
                header.replacing(",", with: ";")
                    + "\r\n\(id);\"A; B, C\";abc.example;'-1234,5;1234,56;EUR;2026-07-02T00:30:00.250+02:00\r\n"),
            "\(german.text)")
        #expect(own.contains(header + "\r\n\(id),\"A; B, C\",abc.example,'-1234.5,1234.56,EUR,2026-07-01T20:00:00.250-02:30\r\n"), "\(own)")
        #expect(lines.contains("\"-1234.5\"") && lines.contains("2026-07-01T22:30:00.250Z"))

        // The firm's language tells how numbers are to be read, until a user has another.
        #expect(try await admin.patch("/v1/users/\(try await firm.userID(firm.email))", ["locale": nil]).status == 200)
        let result = try await importing.take(["type": "companies", "mode": "upsert", "key": "domain"], german.bytes)
        let errors = try await importing.errors(result)
        #expect(counts(result) == [1, 0, 0, 1, 0], "\(result) \(errors)")
        #expect(try await admin.get("/v1/companies/\(id)").json["external_id"]?.isNull == true)
    }

    @Test("A member may not export; a manager's file lacks what the role does not show, and holds no row beyond its reach") func rights()
        async throws
    {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let role = try await admin.post(
            "/v1/roles",
            [
                "name": "Own only",
                "rights": ["contacts": ["read": "own", "create": true, "export": true, "update": "own", "delete": "own"]],
                "hidden_fields": ["contacts": ["phone"]],
            ])
        let member = try await firm.person("member")
        let someone = try await firm.user("member")
        let id = try #require(try await admin.get("/v1/users?filter[email]=\(someone)").json["data"]?.elements?.first?["id"]?.string)
        _ = try await admin.patch("/v1/users/\(id)", ["role_id": try role.json["id"] ?? .null])
        let limited = try await firm.signIn(someone)
        _ = try await admin.post("/v1/contacts", ["last_name": "Foreign", "phone": "1"])
        let own = try await limited.post("/v1/contacts", ["last_name": "Own"])

        let refused = try await member.post("/v1/exports", ["type": "contacts", "format": "csv"])
        let hidden = try await limited.post("/v1/exports", ["type": "contacts", "format": "csv", "fields": ["phone"]])
        let file = try await limited.exported(["type": "contacts", "format": "jsonl"])

        #expect(refused.status == 403)
        #expect(hidden.status == 422 && hidden.pointers == ["/fields/0"])
        let record = try JSON(parsing: file.text.trimmingCharacters(in: .newlines))
        #expect(record["id"] == (try own.json)["id"] && record["phone"] == nil)
    }

    @Test("Who loses the right does not get the content that was made with it; others' exports are not there") func rightsLost()
        async throws
    {
        let firm = try await TestSite.shared.firm()
        let (admin, manager) = (try await firm.admin(), try await firm.user("manager"))
        let client = try await firm.signIn(manager)
        let made = try await client.finishedExport(["type": "contacts", "format": "csv"])
        let place = "/v1/exports/\(made["id"]?.string ?? "")"
        let user = try #require(try await admin.get("/v1/users?filter[email]=\(manager)").json["data"]?.elements?.first?["id"]?.string)

        #expect(try await admin.get(place).status == 404)
        #expect(try await admin.get(place + "/content").status == 404)
        _ = try await admin.patch("/v1/users/\(user)", ["role_id": .string(try await firm.roleID("read_only"))])
        let again = try await firm.signIn(manager)

        #expect(try await again.get(place).status == 200)
        let refused = try await again.get(place + "/content")
        #expect(refused.status == 403 && refused.code == "forbidden")
    }

    @Test("A where, a view in its order, fields, tenants' own fields and own types; what is wrong has its pointer") func conditions()
        async throws
    {
        let admin = try await TestSite.shared.firm().admin()
        _ = try await admin.post(
            "/v1/custom_objects",
            [
                "name": "machine", "plural": "machines", "label_field": "label",
                "fields": [["name": "label", "label": "Label", "kind": "text"], ["name": "price", "label": "Price", "kind": "money"]],
            ])
        _ = try await admin.post("/v1/custom_fields", ["type": "companies", "name": "rank", "label": "Rank", "kind": "integer"])
        for name in ["b", "a", "c"] {
            _ = try await admin.post("/v1/companies", ["name": .string(name), "custom": ["rank": JSON(name == "c" ? 1 : 2)]])
        }
        _ = try await admin.post("/v1/machines", ["label": "Drill", "price": ["amount": "12.5", "currency": "EUR"]])
        let condition: JSON = ["field": "custom.rank", "op": "eq", "value": 2]
        let view = try await admin.post(
            "/v1/views", ["name": "V", "type": "companies", "where": condition, "sort": "-name", "columns": ["name"]])

        let viewID = try view.json["id"] ?? .null

        let some = try await admin.exported(["type": "companies", "format": "csv", "where": condition, "fields": ["name", "custom.rank"]])
        let viewed = try await admin.exported(
            ["type": "companies", "format": "jsonl", "view_id": viewID, "fields": ["name"]])
        let own = try await admin.exported(["type": "machines", "format": "csv", "fields": ["label", "price"]])

        #expect(some.text.hasPrefix("id,name,custom.rank\r\n"))
        #expect(Set(try await some.readByPython().compactMap { $0["name"] }) == ["a", "b"])
        #expect(
            try viewed.text.split(separator: "\n").map { try JSON(parsing: String($0))["name"] } == ["b", "a"])
        #expect(own.text.hasSuffix(",Drill,12.50,EUR\r\n") && own.text.hasPrefix("id,label,price,price.currency\r\n"))
        let wrong: [(JSON, [String])] = [
            (["type": "nothing", "format": "csv"], ["/type"]), (["type": "contacts", "format": "xml"], ["/format"]),
            ([:], ["/type", "/format"]), (["type": "contacts", "format": "csv", "limit": 3], ["/limit"]),
            (["type": "contacts", "format": "csv", "where": ["field": "x", "op": "eq", "value": 1]], ["/where/field"]),
            (["type": "contacts", "format": "csv", "view_id": viewID], ["/view_id"]),
            (["type": "companies", "format": "vcard"], ["/format"]),
            (["type": "contacts", "format": "vcard", "fields": ["email"]], ["/fields"]),
            (["type": "contacts", "format": "csv", "since": "x"], ["/since"]),
            (["type": "contacts", "format": "csv", "fields": ["email", "nix", 3]], ["/fields/2"]),
        ]
        for (body, pointers) in wrong {
            let refused = try await admin.post("/v1/exports", body)
            #expect(refused.status == 422 && refused.pointers == pointers, "\(body.text) \(refused.text)")
        }
    }

    @Test("Contacts leave as cards that come back as the same contacts") func cards() async throws {
        let (from, to) = (try await TestSite.shared.firm().admin(), try await TestSite.shared.firm().admin())
        let company = try await from.post("/v1/companies", ["name": "Kühn & Söhne"])
        for number in 0..<5 {
            _ = try await from.post(
                "/v1/contacts",
                [
                    "first_name": "Ann", "last_name": .string("N\(number), the; \\"), "email": .string("n\(number)@example.com"),
                    "company_id": try company.json["id"] ?? .null, "tags": ["a", "b"],
                ])
        }

        let file = try await from.exported(["type": "contacts", "format": "vcard"])
        let taken = try await to.send(.post, "/v1/contacts/vcard", file.text, type: "text/vcard")

        #expect(file.headers[.contentType] == "text/vcard; charset=utf-8")
        #expect(try taken.json["created"]?.elements?.count == 5 && taken.json["problems"]?.elements?.isEmpty == true)
        let names: (Client) async throws -> Set<JSON> = { client in
            Set(try await client.everyRecord("contacts").compactMap { $0["last_name"] })
        }
        #expect(try await names(from) == names(to))
    }

    @Test("The file says its name and kind, is only saved, goes on in the middle, and is not sent to who has it") func delivery()
        async throws
    {
        let admin = try await TestSite.shared.firm().admin()
        for number in 0..<30 { _ = try await admin.post("/v1/companies", ["name": .string("Firm \(number)")]) }
        let made = try await admin.finishedExport(["type": "companies", "format": "csv"])
        let place = "/v1/exports/\(made["id"]?.string ?? "")/content"

        let whole = try await admin.get(place)
        let part = try await admin.with(.range, "bytes=10-19").get(place)
        let rest = try await admin.with(.range, "bytes=-5").get(place)
        let beyond = try await admin.with(.range, "bytes=99999999-").get(place)
        let known = try await admin.with(.ifNoneMatch, whole.headers[.eTag] ?? "").get(place)

        #expect(whole.status == 200 && whole.headers[.xContentTypeOptions] == "nosniff")
        #expect(whole.headers[.contentDisposition]?.hasPrefix("attachment; filename=\"companies-20") == true)
        #expect(made["bytes"]?.integer == whole.bytes.count)
        #expect(part.status == 206 && part.bytes == Array(whole.bytes[10..<20]))
        #expect(part.headers[.contentRange] == "bytes 10-19/\(whole.bytes.count)")
        #expect(rest.bytes == whole.bytes.suffix(5) && beyond.status == 200 && beyond.bytes == whole.bytes)
        #expect(known.status == 304 && known.bytes.isEmpty)
        #expect(try await admin.get("/v1/exports").json["data"]?.elements?.first?["id"] == made["id"])
    }

    @Test("An order under the same key is taken once, and is done for a suspended account too") func orders() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let body: JSON = ["type": "contacts", "format": "csv"]
        _ = try await firm.site.operator().post("/operator/v1/tenants/\(firm.slug)/suspend", ["reason": "test"])

        let first = try await admin.with(.idempotencyKey, "once").post("/v1/exports", body)
        let second = try await admin.with(.idempotencyKey, "once").post("/v1/exports", body)
        let waiting = try await admin.get("/v1/exports/\(try first.json["id"]?.string ?? "")/content")

        #expect(first.status == 202 && second.status == 202)
        #expect(try first.json["id"] == second.json["id"])
        #expect(waiting.status == 409 || waiting.status == 200)
        try await admin.awaitExport(try first.json["id"]?.string ?? "")
    }

    @Test("An export expires: its content and its row go, and the audit keeps that it was") func expiry() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let made = try await admin.finishedExport(["type": "contacts", "format": "csv"])
        let (id, scope) = (made["id"]?.string ?? "", try await firm.scope())
        let key = try #require(BlobKey("tenants/\(scope.tenant.id.uuidString.lowercased())/exports/\(id)"))
        #expect(try await TestHouse.installation.blobs.size(of: key) != nil)
        _ = try await scope.run(["UPDATE exports SET expires_at = now() - interval '1 second'", .enqueue(ForgetExportsNow())])

        try await eventually { try await admin.get("/v1/exports/\(id)").status == 404 }

        try await eventually { try await TestHouse.installation.blobs.size(of: key) == nil }
        let actions = try await admin.get("/v1/audit").json["data"]?.elements?.compactMap { $0["action"]?.string } ?? []
        #expect(actions.contains("export_requested"))
    }

    /// The nightly job, now.
    private struct ForgetExportsNow: Job {
        static let kind = JobKind("forget_exports") { $0.queue = "maintenance" }
    }

    @Test("More records than the settings call usual are an alarm in the audit") func alarm() async throws {
        let admin = try await TestSite.shared.firm().admin()
        _ = try await admin.patch("/v1/settings", ["security": ["export_alarm_rows": 3]])
        for number in 0..<4 { _ = try await admin.post("/v1/companies", ["name": .string("Firm \(number)")]) }

        _ = try await admin.finishedExport(["type": "companies", "format": "csv"])
        _ = try await admin.finishedExport([
            "type": "companies", "format": "csv", "where": ["field": "name", "op": "eq", "value": "Firm 1"],
        ])

        let alarms = try await admin.get("/v1/audit").json["data"]?.elements?.filter { $0["action"] == "export_alarm" } ?? []
        #expect(alarms.count == 1)
        #expect(alarms.first?["detail"]?["exported"] == 4)
    }

    @Test("Of a mass export every administrator gets a mail that says by whom, and nobody else") func alarmMail() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let (admin, second) = (try await firm.admin(), try await firm.user("admin"))
        let manager = try await firm.user("manager")
        _ = try await admin.patch("/v1/settings", ["security": ["export_alarm_rows": 1]])
        for number in 0..<2 { _ = try await admin.post("/v1/companies", ["name": .string("Firm \(number)")]) }

        let order = try await firm.signIn(manager).post("/v1/exports", ["type": "companies", "format": "csv"])

        #expect(order.status == 202, "\(order.text)")
        for address in [firm.email, second] {
            let alarms: () throws -> [PostSite.Mail] = { try post.mails(to: address).filter { $0.subject.hasPrefix("A large export") } }
            try await eventually { try !alarms().isEmpty }
            let mails = try alarms()
            #expect(mails.map(\.subject) == ["A large export from Test Firm: 2 records"])
            #expect(mails.first?.text.contains(manager) == true && mails.first?.text.contains("2 records of companies") == true)
        }
        #expect(try !post.mails(to: manager).contains { $0.subject.hasPrefix("A large export") })
    }
}

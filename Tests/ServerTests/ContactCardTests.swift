import Foundation
import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("Contacts as cards") struct ContactCardTests {
    private static func card(_ lines: [String]) -> String { (["BEGIN:VCARD"] + lines + ["END:VCARD", ""]).joined(separator: "\r\n") }

    private static func upload(_ client: Client, _ text: String) async throws -> JSON {
        let answer = try await client.send(.post, "/v1/contacts/vcard", text, type: "text/vcard")
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json
    }

    private static func ids(_ answer: JSON, _ member: String) -> [String] { (answer[member]?.elements ?? []).compactMap(\.string) }

    /// What the package vobject finds in cards.
    private static func read(_ bytes: [UInt8]) async throws -> [JSON] {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).vcf")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover file harms nobody.
        let (status, output) = try await PythonTool.script(reader, [file.path()])
        guard status == 0 else { throw Unexpected(output) }
        return try JSON(parsing: output.trimmingCharacters(in: .whitespacesAndNewlines)).elements ?? []
    }

    private static let reader = """
        import json, sys, vobject

        def value(card, name):
            return getattr(card, name).value if hasattr(card, name) else None

        def read(card):
            org, adr = value(card, "org"), value(card, "adr")
            assert value(card, "version") == "4.0"
            return {
                "uid": value(card, "uid"), "fn": value(card, "fn"),
                "n": [card.n.value.given, card.n.value.family] if hasattr(card, "n") else None,
                "email": value(card, "email"), "tel": value(card, "tel"), "title": value(card, "title"), "org": org[0] if org else None,
                "adr": adr and [adr.street, adr.city, adr.region, adr.code, adr.country], "bday": value(card, "bday"),
                "categories": value(card, "categories") or [],
            }

        text = open(sys.argv[1], encoding="utf-8", newline="").read()
        print(json.dumps([read(card) for card in vobject.readComponents(text)]))
        """

    @Test("Another program reads a contact's card, and the cards of a list page by page") func export() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let company = try await admin.post("/v1/companies", ["name": "Smith; Jones, & Co"]).json["id"] ?? .null
        let made = try await admin.post(
            "/v1/contacts",
            [
                "first_name": "Zoë", "last_name": "Ng, \"Dr.\"; 漢字", "email": "zoe@example.com", "phone": "+49 30 1234",
                "title": "Head of Sales", "company_id": company, "birthday": "1985-04-12", "language": "de", "time_zone": "Europe/Berlin",
                "address": ["street": "Hauptstr. 1\nHof", "city": "Berlin", "postal_code": "10115", "country": "DE"],
                "tags": ["VIP", "a,b"],
            ])
        #expect(made.status == 201, "\(made.text)")
        let id = try #require(try made.json["id"]?.string)

        let answer = try await admin.get("/v1/contacts/\(id)/vcard")

        #expect(answer.status == 200 && answer.headers[.contentType] == "text/vcard; charset=utf-8")
        #expect(answer.headers[.contentDisposition] == "attachment; filename=\"Zoe-Ng-Dr.vcf\"")
        let card = try #require(try await Self.read(answer.bytes).first)
        #expect(
            card == [
                "uid": .string("urn:uuid:\(id)"), "fn": "Zoë Ng, \"Dr.\"; 漢字", "n": ["Zoë", "Ng, \"Dr.\"; 漢字"], "email": "zoe@example.com",
                "tel": "+49 30 1234", "title": "Head of Sales", "org": "Smith; Jones, & Co",
                "adr": ["Hauptstr. 1\nHof", "Berlin", "", "10115", "DE"], "bday": "19850412", "categories": ["VIP", "a,b"],
            ])
        for name in ["Adams", "Brown", "Clark", "Davis"] {
            #expect(try await admin.post("/v1/contacts", ["last_name": .string(name), "source": "list"]).status == 201)
        }
        var names: [String?] = []
        var path: String? = "/v1/contacts/vcard?limit=3&sort=last_name&filter[source]=list"
        while let next = path {
            let page = try await admin.get(next)
            #expect(page.status == 200 && page.headers[.contentType] == "text/vcard; charset=utf-8", "\(page.text)")
            names += try await Self.read(page.bytes).map { $0["fn"]?.string }
            path = page.headers[.link].flatMap {
                $0.firstIndex(of: ">").map { end in String(page.headers[.link]?[..<end].dropFirst() ?? "") }
            }
        }
        #expect(names == ["Adams", "Brown", "Clark", "Davis"])
        let none = try await admin.get("/v1/contacts/vcard?filter[last_name]=Nobody")
        #expect(none.status == 200 && none.bytes.isEmpty)
    }

    @Test("What is sent out comes back to where it was, and changes nothing") func roundTrip() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let other = try await TestSite.shared.firm().admin()
        let company = try await admin.post("/v1/companies", ["name": "Acme"]).json["id"] ?? .null
        for (name, more) in [("Adams", [.init("company_id", company)]), ("Brown", [.init("external_id", "crm-7")]), ("Clark", [])]
            as [(String, [JSON.Member])]
        {
            let made = try await admin.post("/v1/contacts", .object([.init("last_name", .string(name)), .init("tags", ["x"])] + more))
            #expect(made.status == 201)
        }
        let cards = try await admin.get("/v1/contacts/vcard?sort=last_name").text
        let before = try await admin.get("/v1/contacts?sort=last_name").text

        let again = try await Self.upload(admin, cards)
        let elsewhere = try await Self.upload(other, cards)

        #expect(Self.ids(again, "created") == [] && Self.ids(again, "updated").count == 3 && again["problems"] == [])
        #expect(try await admin.get("/v1/contacts?sort=last_name").text == before)
        #expect(Self.ids(elsewhere, "created").count == 3 && elsewhere["problems"] == [])
        let found = try await other.get("/v1/contacts?sort=last_name&include=company").json["data"]?.elements ?? []
        #expect(found.map { $0["last_name"] } == ["Adams", "Brown", "Clark"])
        #expect(found.map { $0["company"]?["name"]?.string } == ["Acme", nil, nil] && found[1]["external_id"] == "crm-7")
    }

    @Test("Each of many cards is taken or refused by itself, and what is left out is said") func problems() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let known = try await admin.post("/v1/contacts", ["last_name": "Known", "email": "Known@example.com", "phone": "1"]).json["id"]?
            .string
        let long = String(repeating: "x", count: 501)
        let text = [
            Self.card(["VERSION:4.0", "FN:Ann One", "N:One;Ann;;;", "EMAIL:ann@example.com", "ORG:Acme"]),
            Self.card(["VERSION:3.0", "FN:Known", "N:Known;Kim;;;", "EMAIL;TYPE=INTERNET:known@example.com", "ORG:Acme"]),
            Self.card(["VERSION:4.0", "FN:Lonely Ltd", "ORG:Lonely Ltd"]),
            Self.card(["VERSION:4.0", "N:Long;;;;", "FN:Long", "TITLE:\(long)", "CATEGORIES:ok,\(String(repeating: "y", count: 101))"]),
            Self.card(["VERSION:4.0", "N:\(long);;;;", "FN:x", "ORG:Never Made"]),
            Self.card(["VERSION:4.0", "N:Bad;;;;", "FN:Bad", "EMAIL:not an address", "BDAY:20230230"]),
            Self.card(["VERSION:9.9", "N:Future;;;;", "FN:Future"]),
            "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Open end\r\n",
        ].joined()

        let answer = try await Self.upload(admin, text)

        #expect(Self.ids(answer, "created").count == 3 && Self.ids(answer, "updated") == [known ?? ""], "\(answer.text)")
        let problems = answer["problems"]?.elements ?? []
        let shown = problems.map { "\($0["index"]?.integer ?? -1) \($0["code"]?.string ?? "") \($0["pointer"]?.string ?? "-")" }
        #expect(
            shown == [
                "2 invalid -", "3 warning /title", "3 warning /tags/1", "4 warning /last_name", "4 invalid -", "5 warning -", "5 warning -",
                "6 refused -", "7 refused -",
            ], "\(answer.text)")
        let contacts = try await admin.get("/v1/contacts?sort=last_name&include=company").json["data"]?.elements ?? []
        try #require(contacts.map { $0["last_name"] } == ["Bad", "Known", "Long", "One"])
        #expect(contacts[1]["first_name"] == "Kim" && contacts[1]["phone"] == "1" && contacts[1]["company"]?["name"] == "Acme")
        #expect(contacts[2]["title"] == .null && contacts[2]["tags"] == ["ok"])
        #expect(contacts[3]["first_name"] == "Ann" && contacts[3]["company_id"] == contacts[1]["company_id"])
        #expect(try await admin.get("/v1/companies").json["data"]?.elements?.map { $0["name"] } == ["Acme"])
    }

    @Test("What is no card is malformed, another form of body unsupported") func refusals() async throws {
        let admin = try await TestSite.shared.firm().admin()

        #expect(try await admin.send(.post, "/v1/contacts/vcard", "", type: "text/vcard").code == "malformed")
        #expect(try await admin.send(.post, "/v1/contacts/vcard", "hello", type: "text/vcard").code == "malformed")
        #expect(try await admin.post("/v1/contacts/vcard", [:]).status == 415)
        #expect(try await admin.get("/v1/contacts/01890000-0000-7000-8000-000000000000/vcard").code == "not_found")
        #expect(try await admin.get("/v1/contacts/x/vcard").code == "not_found")
        #expect(try await admin.get("/v1/contacts/vcard?fields=email").code == "malformed")
        #expect(try await admin.get("/v1/contacts/vcard?limit=0").code == "malformed")
    }

    @Test("The same key takes the cards once") func repeated() async throws {
        let admin = try await TestSite.shared.firm().admin().with(.idempotencyKey, "cards")
        let text = Self.card(["VERSION:4.0", "FN:Ann One", "N:One;Ann;;;", "ORG:Acme"])

        let first = try await admin.send(.post, "/v1/contacts/vcard", text, type: "text/vcard")
        let second = try await admin.send(.post, "/v1/contacts/vcard", text, type: "text/vcard")
        let other = try await admin.send(.post, "/v1/contacts/vcard", text + text, type: "text/vcard")

        #expect(first.status == 200 && second.text == first.text && second.headers[.idempotentReplayed] == "true")
        #expect(other.code == "idempotency_mismatch")
        #expect(try await admin.get("/v1/contacts?count=exact").json["page"]?["count"] == 1)
    }

    @Test("Cards obey the rights of who sends them and of who asks for them") func rights() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let (member, reader) = (try await firm.person("member"), try await firm.person("read_only"))
        let foreign = try await admin.post("/v1/contacts", ["last_name": "Admin's", "email": "a@example.com", "phone": "7"]).json["id"]?
            .string
        let role: JSON = ["name": "Blind", "rights": ["*": ["read": "all", "export": true]], "hidden_fields": ["contacts": ["phone"]]]
        let made = try await admin.post("/v1/roles", role)
        #expect(made.status == 201, "\(made.text)")
        let email = "blind@\(firm.slug).example"
        _ = try await admin.post(
            "/v1/users",
            ["email": .string(email), "name": "Blind", "role_id": made.json["id"] ?? .null, "password": .string(TestSite.password)])
        let blind = try await firm.signIn(email)

        let card = Self.card(["VERSION:4.0", "N:Changed;;;;", "FN:Changed", "EMAIL:a@example.com"])
        let refused = try await Self.upload(member, card)

        #expect(refused["problems"]?.elements?.map { $0["code"] } == ["forbidden"] && Self.ids(refused, "updated") == [])
        #expect(try await reader.send(.post, "/v1/contacts/vcard", card, type: "text/vcard").status == 403)
        #expect(try await member.get("/v1/contacts/vcard").status == 403)
        #expect(try await member.get("/v1/contacts/\(foreign ?? "")/vcard").status == 200)
        #expect(try await !blind.get("/v1/contacts/vcard").text.contains("TEL"))
        #expect(try await !blind.get("/v1/contacts/\(foreign ?? "")/vcard").text.contains("TEL"))
        #expect(try await admin.get("/v1/contacts/\(foreign ?? "")/vcard").text.contains("TEL:7"))
    }
}

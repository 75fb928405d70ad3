import HTTPTypes
import Postgres
import Support
import Testing

@testable import Records
@testable import Server

@Suite("A record that seems to be there already") struct DuplicateTests {
    /// The fields by which each record named as existing was told.
    private static func existing(_ answer: Client.Answer) throws -> [String: [String]] {
        Dictionary(
            try (answer.json["existing"]?.elements ?? []).map {
                ($0["id"]?.string ?? "", ($0["fields"]?.elements ?? []).compactMap(\.string))
            }, uniquingKeysWith: { first, _ in first })
    }

    @Test("A telephone number that another contact has in other writing is refused with whom it belongs to, and allowed when wanted")
    func phone() async throws {
        let firm = try await MergeFirm()
        let known = try await firm.make("contacts", ["last_name": "Keller", "phone": "+49 (30) 1234-567"])

        let refused = try await firm.admin.post("/v1/contacts", ["last_name": "Other", "phone": "49 30 1234567"])
        let wanted = try await firm.admin.with(.allowDuplicate, "true").post(
            "/v1/contacts", ["last_name": "Other", "phone": "49301234567"])
        let odd = try await firm.admin.with(.allowDuplicate, "yes").post("/v1/contacts", ["last_name": "Other"])

        #expect(refused.status == 409 && refused.code == "duplicate" && refused.pointers == ["/phone"])
        #expect(try Self.existing(refused) == [known: ["phone"]])
        #expect(wanted.status == 201)
        #expect(odd.code == "malformed")
        #expect(try await firm.admin.get("/v1/contacts?count=exact").json["page"]?["count"] == 2)
        #expect(try await firm.drift() == 0)
    }

    @Test(
        "A company of the same name is the same whatever its case, accents and spaces; what lies in the trash is not there",
        arguments: [
            "müller  & söhne", "MULLER & SOHNE", "Mu\u{308}ller & So\u{308}hne",
        ])
    func names(other: String) async throws {
        let firm = try await MergeFirm()
        let known = try await firm.make("companies", ["name": "Müller & Söhne"])
        _ = try await firm.make("companies", ["name": "Müller & Söhne Bau"])
        _ = try await firm.make("companies", ["name": "Muller%"])

        let refused = try await firm.admin.post("/v1/companies", ["name": .string(other)])
        _ = try await firm.admin.delete("/v1/companies/\(known)")
        let free = try await firm.admin.post("/v1/companies", ["name": .string(other)])

        #expect(refused.status == 409)
        #expect(try Self.existing(refused) == [known: ["name"]])
        #expect(free.status == 201)
    }

    @Test("A unique field speaks before a rule, and what may not be read is not named") func order() async throws {
        let firm = try await MergeFirm()
        _ = try await firm.make("contacts", ["last_name": "A", "email": "a@example.com", "phone": "555 0101"])
        let role = try await RightsFirm.role(firm.admin, ["contacts": ["read": "own", "create": true]])
        let narrow = try await RightsFirm.person(firm.firm, firm.admin, role).client

        let hard = try await firm.admin.post("/v1/contacts", ["email": "A@example.com", "phone": "5550101"])
        let soft = try await narrow.post("/v1/contacts", ["last_name": "B", "phone": "5550101"])

        #expect(hard.status == 409 && hard.pointers == ["/email"])
        #expect(soft.status == 409 && soft.pointers == ["/phone"])
        #expect(try soft.json["existing"] == [])
    }

    @Test("The rules of a tenant: any of them, all of its fields, own fields and types too; others than those of other types hold on")
    func rules() async throws {
        let firm = try await MergeFirm()
        let field: JSON = ["type": "contacts", "name": "badge", "label": "Badge", "kind": "text"]
        #expect(try await firm.admin.post("/v1/custom_fields", field).status == 201)
        let plural = try await firm.ownType()
        #expect(try await firm.admin.get("/v1/duplicate_rules/contacts").json == ["rules": [["all": ["phone"]]]])
        #expect(try await firm.admin.get("/v1/duplicate_rules/\(plural)").json == ["rules": []])

        let rules: JSON = [
            "rules": [["all": ["last_name", "company_id"]], ["all": ["custom.badge"]], ["all": ["address.city", "title"]]]
        ]
        let set = try await firm.admin.put("/v1/duplicate_rules/contacts", rules)
        #expect(set.status == 200, "\(set.text)")
        #expect(try await firm.admin.put("/v1/duplicate_rules/\(plural)", ["rules": [["all": ["notes"]]]]).status == 200)
        try await eventually { try await firm.admin.get("/v1/duplicate_rules/\(plural)").json == ["rules": [["all": ["notes"]]]] }
        #expect(try await firm.admin.get("/v1/duplicate_rules/contacts").json == rules)

        let company = try await firm.make("companies", ["name": "Acme"])
        let one = try await firm.make(
            "contacts",
            [
                "last_name": "O'Neil", "company_id": .string(company), "phone": "1234567", "custom": ["badge": "X 7"],
                "address": ["city": "Zürich"], "title": "CEO",
            ])
        func create(_ body: JSON) async throws -> [String: [String]] {
            try Self.existing(try await firm.admin.post("/v1/contacts", body))
        }
        #expect(try await create(["last_name": "o'neil", "company_id": .string(company)]) == [one: ["last_name", "company_id"]])
        #expect(try await create(["last_name": "B", "custom": ["badge": "x  7"]]) == [one: ["custom.badge"]])
        #expect(try await create(["last_name": "C", "title": "ceo", "address": ["city": "ZURICH"]]) == [one: ["address.city", "title"]])
        // Neither half a rule nor the rule that was replaced.
        for body: JSON in [["last_name": "O'Neil"], ["last_name": "D", "phone": "1234567"], ["last_name": "E", "title": "CEO"]] {
            #expect(try await firm.admin.post("/v1/contacts", body).status == 201)
        }
        let machine = try await firm.make(plural, ["serial": "1", "notes": "Red one"])
        let twin = try await firm.admin.post("/v1/\(plural)", ["serial": "2", "notes": "red ONE"])
        #expect(try Self.existing(twin) == [machine: ["notes"]])

        // The field becomes another, and goes: the rule rests.
        let id = try await firm.admin.get("/v1/custom_fields").json["data"]?.elements?.first { $0["name"] == "badge" }?["id"]?.string ?? ""
        #expect(try await firm.admin.delete("/v1/custom_fields/\(id)").status == 204)
        try await eventually {
            try await firm.admin.get("/v1/duplicate_rules/contacts").json["rules"]?.elements?.count == 2
        }
        #expect(try await firm.admin.put("/v1/duplicate_rules/contacts", ["rules": []]).status == 200)
        try await eventually { try await firm.admin.get("/v1/duplicate_rules/contacts").json == ["rules": []] }
        #expect(try await firm.admin.post("/v1/contacts", ["last_name": "O'Neil", "company_id": .string(company)]).status == 201)
        let left = try await firm.firm.scope().rows(
            "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname LIKE 'contacts%duplicates'")
        #expect(try left[0].int(0) == 0)
    }

    @Test("A rule over a domain looks past www and case, one over an e-mail address past its case") func addresses() async throws {
        let firm = try await MergeFirm()
        for (type, field) in [("companies", "domain"), ("leads", "email")] {
            let rules: JSON = ["rules": [["all": [.string(field)]]]]
            #expect(try await firm.admin.put("/v1/duplicate_rules/\(type)", rules).status == 200)
            try await eventually { try await firm.admin.get("/v1/duplicate_rules/\(type)").json == rules }
        }
        let bare = try await firm.make("companies", ["name": "One", "domain": "acme.example"])
        let full = try await firm.make("companies", ["name": "Two", "domain": "www.beta.example"])
        let lead = try await firm.make("leads", ["last_name": "One", "email": "ann@example.com"])

        let refused = [
            (bare, "domain", try await firm.admin.post("/v1/companies", ["name": "Three", "domain": "WWW.Acme.example"])),
            (full, "domain", try await firm.admin.post("/v1/companies", ["name": "Four", "domain": "beta.example"])),
            (lead, "email", try await firm.admin.post("/v1/leads", ["last_name": "Five", "email": "ANN@Example.com"])),
        ]
        let others = [
            try await firm.admin.post("/v1/companies", ["name": "Six", "domain": "wwwacme.example"]),
            try await firm.admin.post("/v1/companies", ["name": "Seven", "domain": "shop.acme.example"]),
            try await firm.admin.post("/v1/leads", ["last_name": "Eight", "email": "anna@example.com"]),
        ]

        for (known, field, answer) in refused {
            #expect(answer.status == 409 && answer.code == "duplicate" && answer.pointers == ["/\(field)"], "\(answer.text)")
            #expect(try Self.existing(answer) == [known: [field]])
        }
        #expect(others.map(\.status) == [201, 201, 201])
        let indexes = try await firm.firm.scope().rows(
            "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname LIKE 'companies%duplicates'")
        #expect(try indexes[0].int(0) == 1)
    }

    @Test("What is no rule is refused with the place, and only those who run the settings make rules") func refusedRules() async throws {
        let firm = try await MergeFirm()
        let admin = firm.admin
        let cases: [(JSON, [String])] = [
            ([:], ["/rules"]), (["rules": 1], ["/rules"]), (["rules": [1]], ["/rules/0"]), (["rules": [[:]]], ["/rules/0/all"]),
            (["rules": [["all": []]]], ["/rules/0/all"]), (["rules": [["all": ["nothing"]]]], ["/rules/0/all/0"]),
            (["rules": [["all": ["tags"]]]], ["/rules/0/all/0"]), (["rules": [["all": ["phone", "phone"]]]], ["/rules/0/all/1"]),
            (["rules": [["all": ["phone"]], ["all": ["phone"]]]], ["/rules/1"]),
            (["rules": [["any": ["phone"]]]], ["/rules/0/any", "/rules/0/all"]),
            (["rules": [], "more": 1], ["/more"]),
        ]
        for (body, pointers) in cases {
            let answer = try await admin.put("/v1/duplicate_rules/contacts", body)
            #expect(answer.status == 422 && answer.pointers == pointers, "\(body.text): \(answer.text)")
        }
        for type in ["users", "activities", "nothing"] { #expect(try await admin.get("/v1/duplicate_rules/\(type)").status == 404) }
        for role in ["manager", "member", "read_only"] {
            let person = try await firm.firm.person(role)
            #expect(try await person.get("/v1/duplicate_rules/contacts").status == 200)
            #expect(try await person.put("/v1/duplicate_rules/contacts", ["rules": []]).status == 403, "\(role)")
        }
        let blind = try await RightsFirm.role(firm.admin, ["contacts": ["read": "all"]], hidden: ["contacts": ["phone"]])
        let client = try await RightsFirm.person(firm.firm, admin, blind).client
        #expect(try await client.get("/v1/duplicate_rules/contacts").json == ["rules": []])
        #expect(try await client.get("/v1/duplicate_rules/companies").status == 403)
    }

    @Test("Of many who make the same contact at once one succeeds") func atOnce() async throws {
        let firm = try await MergeFirm()

        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<12 {
                group.addTask {
                    try await firm.admin.post("/v1/contacts", ["last_name": .string("P\(number)"), "phone": "+1 555 0100"]).status
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }

        #expect(statuses.filter { $0 == 201 }.count == 1)
        #expect(statuses.filter { $0 == 409 }.count == 11)
    }

    @Test("In a batch a create is looked at, one after another, and an upsert is not, which says itself by what it is known") func batch()
        async throws
    {
        let firm = try await MergeFirm()
        let create: (String) -> JSON = { ["op": "create", "body": ["last_name": .string($0), "phone": "555 0199"]] }
        let upsert: JSON = ["op": "upsert", "key": ["email": "c@example.com"], "body": ["phone": "5550199"]]

        let each = try await firm.admin.post("/v1/contacts/batch", ["operations": [create("A"), create("B"), upsert]])
        let whole = try await firm.admin.post("/v1/contacts/batch", ["atomic": true, "operations": [create("D")]])
        let wanted = try await firm.admin.with(.allowDuplicate, "true").post(
            "/v1/contacts/batch", ["atomic": true, "operations": [create("E")]])

        let results = try each.json["results"]?.elements ?? []
        #expect(results.map { $0["status"]?.integer } == [201, 409, 201], "\(each.text)")
        #expect(results[1]["problem"]?["existing"]?.elements?.first?["id"] == results[0]["id"])
        #expect(results[1]["problem"]?["errors"]?.elements?.first?["pointer"] == "/operations/1/body/phone")
        #expect(whole.code == "batch_failed")
        #expect(wanted.status == 200)
    }

    @Test("A conversion finds by its own rules and goes on; cards of people are looked at, each by itself") func otherWays() async throws {
        let firm = try await MergeFirm()
        _ = try await firm.make("contacts", ["last_name": "Known", "phone": "5550123"])
        _ = try await firm.make("companies", ["name": "Acme Ltd"])
        let lead = try await firm.make("leads", ["last_name": "New", "company_name": "ACME LTD", "phone": "555 0123"])
        let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Card Holder\r\nN:Holder;Card;;;\r\nTEL:555-0123\r\nORG:acme ltd\r\nEND:VCARD\r\n"

        let converted = try await firm.admin.send(.post, "/v1/leads/\(lead)/convert")
        let refused = try await firm.admin.send(.post, "/v1/contacts/vcard", card, type: "text/vcard")
        let wanted = try await firm.admin.with(.allowDuplicate, "true").send(.post, "/v1/contacts/vcard", card, type: "text/vcard")

        #expect(converted.status == 200, "\(converted.text)")
        #expect(try refused.json["created"] == [])
        #expect(try refused.json["problems"]?.elements?.contains { $0["code"] == "duplicate" } == true, "\(refused.text)")
        #expect(try wanted.json["created"]?.elements?.count == 1)
    }

    @Test("A repetition under the same key is the same request only with the same word on duplicates") func repetition() async throws {
        let firm = try await MergeFirm()
        _ = try await firm.make("contacts", ["last_name": "A", "phone": "5550144"])
        let client = firm.admin.with(.idempotencyKey, "once")
        let body: JSON = ["last_name": "B", "phone": "5550144"]

        let refused = try await client.post("/v1/contacts", body)
        let again = try await client.post("/v1/contacts", body)
        let other = try await client.with(.allowDuplicate, "true").post("/v1/contacts", body)

        #expect(refused.status == 409 && again.status == 409 && again.headers[.idempotentReplayed] == "true")
        #expect(other.code == "idempotency_mismatch")
    }

    @Test("Looking for duplicates costs no trip of its own") func trips() async throws {
        let site = try await TestSite(TestHouse.open(), ServerSettings.test)
        let client = try await site.firm().admin()
        _ = try await client.post("/v1/contacts", ["last_name": "First", "phone": "5550001"])
        let before = site.trips

        #expect(try await client.post("/v1/contacts", ["last_name": "Second", "phone": "5550002"]).status == 201)

        #expect(site.trips.flushes - before.flushes == 1)
        #expect(site.trips.waits - before.waits == 1)
    }

    @Test("An index leads to what a rule compares: telephone numbers, names of firms, and what no other index knows") func plans()
        async throws
    {
        let firm = try await MergeFirm()
        let scope = try await firm.firm.scope()
        #expect(
            try await firm.admin.put(
                "/v1/duplicate_rules/leads", ["rules": [["all": ["company_name", "source"]], ["all": ["last_name"]]]]
            ).status == 200)
        try await eventually { try await firm.admin.get("/v1/duplicate_rules/leads").json["rules"]?.elements?.count == 2 }
        let shape = try await scope.rows("SELECT \(Shape.column)")[0].text(0)
        let catalog = try Shape(parsing: shape).applied(to: TestHouse.catalog)
        let caller = try await TestHouse.tenant().admin
        _ = try await scope.run([
            "INSERT INTO contacts (id, last_name, phone) SELECT cell.uuid_v7(), 'Name ' || n, n::text FROM generate_series(1, 3000) AS n",
            "INSERT INTO companies (id, name) SELECT cell.uuid_v7(), md5(n::text) || ' Ltd' FROM generate_series(1, 3000) AS n",
            """
            INSERT INTO leads (id, last_name, company_name, source)
            SELECT cell.uuid_v7(), md5(n::text), 'Firm ' || n, 'web' FROM generate_series(1, 3000) AS n
            """, "ANALYZE contacts, companies, leads",
        ])
        let cases: [(String, JSON, String)] = [
            ("contacts", ["last_name": "A", "phone": "5550001"], "contacts_phone_digits"),
            ("companies", ["name": "Acme Ltd"], "companies_similar"),
            ("leads", ["company_name": "Acme", "source": "web"], "duplicates"),
            ("leads", ["last_name": "Keller"], "leads_similar"),
        ]
        for (name, body, index) in cases {
            let type = try #require(catalog[name])
            let store = RecordStore(type, of: catalog, in: scope, for: caller)
            let check = try #require(
                store.refusalOfDuplicates(try Draft(body, of: type, by: caller, isCreate: true), "01890000-0000-7000-8000-000000000000")
                    .last)
            let lines = try await scope.run(["SELECT set_config('enable_seqscan', 'off', true)", "EXPLAIN " + check])[1]
            let plan = try lines.map { try $0.text(0) }.joined(separator: "\n")
            #expect(plan.contains(index), "\(name) \(body.text): \(plan)")
        }
    }
}

import Records
import Testing

@testable import Server

@Suite("A lead is converted") struct LeadConversionTests {
    private static func lead(_ admin: Client, _ body: JSON) async throws -> String {
        let made = try await admin.post("/v1/leads", body)
        #expect(made.status == 201, "\(made.text)")
        return try #require(try made.json["id"]?.string)
    }

    private static func count(_ admin: Client, _ type: String) async throws -> Int {
        try await admin.get("/v1/\(type)?limit=200").json["data"]?.elements?.count ?? -1
    }

    @Test("Into a contact, a company and a deal that refer to one another, under one operation; then it can only be read")
    func everything() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let id = try await Self.lead(
            admin,
            [
                "first_name": "Ann", "last_name": "Lee", "company_name": "Lee Ltd", "email": "ann@lee.example", "phone": "+49 30 1",
                "source": "fair", "tags": ["hot"],
            ])

        let answer = try await admin.post(
            "/v1/leads/\(id)/convert", ["create_deal": ["amount": ["amount": "1200.50", "currency": "EUR"], "close_date": "2027-03-31"]])

        #expect(answer.status == 200, "\(answer.text)")
        let (lead, contact) = (try answer.json["lead"] ?? .null, try answer.json["contact"] ?? .null)
        let (company, deal) = (try answer.json["company"] ?? .null, try answer.json["deal"] ?? .null)
        #expect(lead["status"] == "converted" && lead["converted_at"]?.isNull == false)
        #expect(lead["converted_contact_id"] == contact["id"] && lead["converted_company_id"] == company["id"])
        #expect(lead["converted_deal_id"] == deal["id"])
        #expect(contact["email"] == "ann@lee.example" && contact["company_id"] == company["id"] && contact["tags"] == ["hot"])
        #expect(company["name"] == "Lee Ltd" && company["domain"] == "lee.example")
        #expect(deal["contact_id"] == contact["id"] && deal["company_id"] == company["id"] && deal["status"] == "open")
        #expect(deal["amount"] == ["amount": "1200.50", "currency": "EUR"] && deal["name"] == "Lee Ltd")
        var operations: Set<String> = []
        for path in ["leads/\(id)", "contacts/\(contact["id"]?.string ?? "")", "deals/\(deal["id"]?.string ?? "")"] {
            let change = try await admin.get("/v1/\(path)/changes?limit=1").json["data"]?.elements?.first
            operations.insert(change?["operation_id"]?.string ?? "none")
        }
        #expect(operations.count == 1 && !operations.contains("none"))
        #expect(try await admin.patch("/v1/leads/\(id)", ["score": 5]).status == 409)
        #expect(try await admin.patch("/v1/leads/\(id)", ["status": "new", "score": 5]).status == 409)
        let again = try await admin.post("/v1/leads/\(id)/convert", [:])
        #expect(again.status == 409)
        #expect(try again.json["contact_id"] == contact["id"] && again.json["company_id"] == company["id"])
        #expect(try again.json["deal_id"] == deal["id"])
    }

    @Test("64 at once make one contact, one company and one deal; one is told what it made, 63 what it became")
    func once() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let id = try await Self.lead(admin, ["last_name": "Race", "company_name": "Race", "email": "r@race.example"])

        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 1...64 { group.addTask { try await admin.post("/v1/leads/\(id)/convert", ["create_deal": [:]]).status } }
            return try await group.reduce(into: [:]) { counts, status in counts[status, default: 0] += 1 }
        }

        #expect(statuses == [200: 1, 409: 63])
        #expect(try await Self.count(admin, "contacts") == 1)
        #expect(try await Self.count(admin, "companies") == 1)
        #expect(try await Self.count(admin, "deals") == 1)
    }

    @Test("Leads of the same person at once become one contact of one company") func samePerson() async throws {
        let admin = try await TestSite.shared.firm().admin()
        var leads: [String] = []
        for number in 1...8 {
            leads.append(
                try await Self.lead(admin, ["last_name": .string("Twin \(number)"), "company_name": "Twin", "email": "Twin@twin.example"]))
        }

        let found = try await withThrowingTaskGroup(of: [String?].self) { group in
            for id in leads {
                group.addTask {
                    let answer = try await admin.post("/v1/leads/\(id)/convert", [:])
                    return [try answer.json["contact"]?["id"]?.string, try answer.json["company"]?["id"]?.string]
                }
            }
            return try await group.reduce(into: Set<[String?]>()) { $0.insert($1) }
        }

        #expect(found.count == 1 && found.first?.contains(nil) == false)
        #expect(try await Self.count(admin, "contacts") == 1)
        #expect(try await Self.count(admin, "companies") == 1)
    }

    @Test("Who is known is found: a contact by e-mail, a company by domain, else by its exact name; a free mail host is no domain")
    func known() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let byDomain = try await admin.post("/v1/companies", ["name": "Other name", "domain": "known.example"]).json["id"]
        let byName = try await admin.post("/v1/companies", ["name": "Only Name"]).json["id"]
        let person = try await admin.post("/v1/contacts", ["last_name": "Known", "email": "k@gmail.com"]).json["id"]
        let one = try await Self.lead(admin, ["last_name": "A", "company_name": "Whatever", "email": "a@KNOWN.example"])
        let two = try await Self.lead(admin, ["last_name": "B", "company_name": "Only Name", "email": "K@Gmail.com"])
        let three = try await Self.lead(admin, ["last_name": "C", "email": "c@gmail.com"])

        let first = try await admin.post("/v1/leads/\(one)/convert", [:])
        let second = try await admin.post("/v1/leads/\(two)/convert", [:])
        let third = try await admin.post("/v1/leads/\(three)/convert", [:])

        #expect(try first.json["company"]?["id"] == byDomain && first.json["deal"] == .null, "\(first.text)")
        #expect(try second.json["company"]?["id"] == byName && second.json["contact"]?["id"] == person, "\(second.text)")
        #expect(try second.json["contact"]?["company_id"] == byName)
        #expect(try third.status == 200 && third.json["company"] == .null)
        #expect(try await Self.count(admin, "companies") == 2)
    }

    @Test("A deal that cannot be refuses the whole: nothing is half made") func allOrNothing() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let id = try await Self.lead(admin, ["last_name": "Half", "company_name": "Half", "email": "h@half.example"])

        let wrong = try await admin.post("/v1/leads/\(id)/convert", ["create_deal": ["amount": ["amount": 5, "currency": "EUR"]]])
        let unknown = try await admin.post("/v1/leads/\(id)/convert", ["make_deal": true])
        let nowhere = try await admin.post("/v1/leads/01890000-0000-7000-8000-000000000000/convert", [:])

        #expect(wrong.status == 422 && wrong.pointers == ["/create_deal/amount/amount"], "\(wrong.text)")
        #expect(unknown.status == 422 && unknown.pointers == ["/make_deal"])
        #expect(nowhere.status == 404)
        #expect(try await Self.count(admin, "contacts") == 0)
        #expect(try await Self.count(admin, "companies") == 0)
        #expect(try await admin.get("/v1/leads/\(id)").json["status"] == "new")
    }

    @Test("Under one key it is converted once and answered the same") func repeated() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let id = try await Self.lead(admin, ["last_name": "Twice", "email": "t@twice.example"])
        let keyed = admin.with(.idempotencyKey, "convert-1")

        let first = try await keyed.post("/v1/leads/\(id)/convert", [:])
        let second = try await keyed.post("/v1/leads/\(id)/convert", [:])

        #expect(first.status == 200 && second.bytes == first.bytes, "\(second.text)")
    }

    @Test("Who may not make contacts converts nothing; who may not change the lead neither") func rights() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let id = try await Self.lead(admin, ["last_name": "Mine", "email": "m@mine.example"])

        let reader = try await firm.person("read_only").post("/v1/leads/\(id)/convert", [:])

        #expect(reader.status == 403, "\(reader.text)")
        #expect(try await admin.get("/v1/leads/\(id)").json["status"] == "new")
    }
}

import Foundation
import HTTPTypes
import Postgres
import Support
import Testing

@testable import Records
@testable import Server

@Suite("Search over everything") struct SearchTests {
    /// What a search finds, whole.
    private static func find(_ client: Client, _ words: String) async throws -> [JSON] {
        let query = words.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let answer = try await client.get("/v1/search?q=\(query)")
        guard let hits = try answer.json["data"]?.elements else { throw Unexpected(answer) }
        return hits
    }

    private static func titles(_ client: Client, _ query: String) async throws -> [String] {
        let answer = try await client.get("/v1/search?" + (query.addingPercentEncoding(withAllowedCharacters: .urlQueryAllowed) ?? ""))
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json["data"]?.elements?.compactMap { $0["title"]?.string } ?? []
    }

    private static func make(_ client: Client, _ type: String, _ body: JSON) async throws -> String {
        let made = try await client.post("/v1/\(type)", body)
        guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
        return id
    }

    @Test(
        "A name is found in any writing: with and without accents, in parts of Chinese, Japanese, Korean and Thai, by either order of words"
    )
    func writings() async throws {
        let admin = try await TestSite.shared.firm().admin()
        for (first, last) in [
            ("Jürgen", "Müller"), ("Marvin", "Vance"), ("Zoë", "O'Connor"), ("Søren", "Ærøskøbing"), ("José", "Nuñez"), ("小明", "王"),
            ("太郎", "山田花子"),
            ("민준", "김"), ("Анна", "Каренина"), ("สมชาย", "ใจดี"), ("محمد", "علي"), ("İbrahim", "Işık"), ("John 小龙", "Smith"),
        ] {
            _ = try await Self.make(admin, "contacts", ["first_name": .string(first), "last_name": .string(last)])
        }
        for (asked, found) in [
            ("muller", "Jürgen Müller"), ("marvin", "Marvin Vance"), ("v", "Marvin Vance"), ("MÜLLER", "Jürgen Müller"),
            ("mueller", "Jürgen Müller"), ("müll jür", "Jürgen Müller"),
            ("mu\u{308}ller", "Jürgen Müller"), ("oconnor", "Zoë O'Connor"), ("connor zoe", "Zoë O'Connor"), ("soren", "Søren Ærøskøbing"),
            ("aeroskobing", "Søren Ærøskøbing"), ("nunez jose", "José Nuñez"), ("小明", "小明 王"), ("明", "小明 王"), ("王", "小明 王"),
            ("田花", "太郎 山田花子"), ("花子", "太郎 山田花子"), ("민준", "민준 김"), ("каренина", "Анна Каренина"), ("КАР", "Анна Каренина"),
            ("ใจ", "สมชาย ใจดี"), ("محمد", "محمد علي"), ("ibrahim", "İbrahim Işık"), ("isik", "İbrahim Işık"), ("小龙 smith", "John 小龙 Smith"),
        ] {
            #expect(try await Self.titles(admin, "q=\(asked)").contains(found), "\(asked)")
        }
        for asked in ["mxuxlxlxexr", "龙小", "zzz", "connor jose", "muller zoe"] {
            #expect(try await Self.titles(admin, "q=\(asked)") == [], "\(asked)")
        }
    }

    @Test("A record of any type is found the moment it is written, with its title and some of its text") func types() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let company = try await Self.make(admin, "companies", ["name": "Zebra Works", "domain": "zebra.example"])
        _ = try await Self.make(
            admin, "contacts", ["first_name": "Zebra", "last_name": "Jones", "email": "z@stripes.example", "company_id": .string(company)])
        _ = try await Self.make(admin, "leads", ["company_name": "Zebra Leads", "phone": "+49 30 1234567"])
        _ = try await Self.make(admin, "tasks", ["title": "Call", "body": "Ask about the zebra in the garden."])
        _ = try await Self.make(admin, "activities", ["kind": "note", "subject": "Zebra noted", "at": "2031-01-01T00:00:00Z"])
        let pipeline = try await admin.get("/v1/pipelines").json["data"]?.elements?.first
        _ = try await Self.make(
            admin, "deals",
            [
                "name": "Zebra deal", "pipeline_id": pipeline?["id"] ?? .null,
                "stage_id": pipeline?["stages"]?.elements?.first?["id"] ?? .null,
            ])

        let answer = try await admin.get("/v1/search?q=zebra")
        let hits = try answer.json["data"]?.elements ?? []

        #expect(Set(hits.compactMap { $0["type"]?.string }) == ["companies", "contacts", "leads", "tasks", "activities", "deals"])
        #expect(hits.allSatisfy { $0["title"]?.string?.isEmpty == false && $0["snippet"]?.string != nil && $0["id"]?.string != nil })
        let task = hits.first { $0["type"] == "tasks" }
        #expect(task?["title"] == "Call" && task?["snippet"]?.string?.contains("zebra in the garden") == true)
        #expect(try await Self.titles(admin, "q=zebra&types=contacts,leads").sorted() == ["Zebra Jones", "Zebra Leads"])
        #expect(try await Self.titles(admin, "q=zebra&limit=2").count == 2)
        for asked in ["q=stripes", "q=z@stripes.example"] { #expect(try await Self.titles(admin, asked) == ["Zebra Jones"], "\(asked)") }
        for asked in ["q=4930123", "q=0301234567", "q=34567"] {
            #expect(try await Self.titles(admin, asked) == ["Zebra Leads"], "\(asked)")
        }
    }

    @Test("Whole words come before beginnings, titles before other text") func ranking() async throws {
        let admin = try await TestSite.shared.firm().admin()
        for (title, body) in [("Mark the date", ""), ("Marketing plan", ""), ("Prepare", "the mark is set"), ("Mark", "")] {
            _ = try await Self.make(admin, "tasks", ["title": .string(title), "body": .string(body)])
        }

        let answer = try await admin.get("/v1/search?q=mark")
        let hits = try answer.json["data"]?.elements ?? []

        #expect(hits.compactMap { $0["title"]?.string } == ["Mark", "Mark the date", "Prepare", "Marketing plan"], "\(answer.text)")
        let scores = hits.compactMap { $0["score"]?.text }.compactMap(Double.init)
        #expect(scores.count == 4 && scores == scores.sorted(by: >) && scores.allSatisfy { (0...1).contains($0) })
    }

    @Test(
        "Where no word leads anywhere, a part of a name and a slip of the pen do",
        arguments: ["chmid", "jurgn schmit", "Jürgen Schmdit", "hoffman gmbh", "ruckmasch", "ruckmasch 00%"])
    func similar(words: String) async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let contact = try await RightsFirm.id(of: admin.post("/v1/contacts", ["first_name": "Jürgen", "last_name": "Schmidt"]))
        let company = try await RightsFirm.id(of: admin.post("/v1/companies", ["name": "Hofmann GmbH"]))
        let other = try await RightsFirm.id(of: admin.post("/v1/companies", ["name": "Druckmaschinen 100% \\ AG"]))

        let hits = try await Self.find(admin, words)

        let expected = words.hasPrefix("h") ? company : words.hasPrefix("r") ? other : contact
        #expect(hits.map { $0["id"]?.string } == [expected], "\(hits)")
        // Who types it as it is gets that and nothing that only looks alike.
        _ = try await RightsFirm.id(of: admin.post("/v1/contacts", ["first_name": "Jürgen", "last_name": "Schmid"]))
        #expect(try await Self.find(admin, "Jürgen Schmidt").count == 1)
        #expect(try await Self.find(admin, "Schmidt zzz") == [])
        #expect(try await Self.find(admin, "00%").map { $0["id"]?.string } == [other])
        // A name that is hidden is not found by what it is like.
        let role = try await RightsFirm.role(admin, ["*": ["read": "all"]], hidden: ["contacts": ["last_name"], "companies": ["name"]])
        #expect(try await Self.find(try await RightsFirm.person(firm, admin, role).client, words) == [])
    }

    @Test("Similar names are found through their index", arguments: ["contacts", "companies", "leads", "deals", "activities", "tasks"])
    func indexes(name: String) async throws {
        let tenant = try await TestHouse.tenant()
        let type = try #require(TestHouse.catalog[name])
        let folded = try #require(type.foldedName("r", for: tenant.admin))

        let plan = try await tenant.scope.run([
            "SELECT set_config('enable_seqscan', 'off', true)",
            SQL(
                "EXPLAIN SELECT id FROM \(SQL(code: name)) AS r WHERE \(SQL(code: folded)) %> 'smith' OR \(SQL(code: folded)) LIKE '%smith%'"
            )
            .prepared(.none),
        ])[1].compactMap { $0.optionalText(0) }.joined(separator: "\n")

        #expect(plan.contains("\(name)_similar"), "\(plan)")
    }

    @Test("What a role may not see it does not find, neither by hidden fields nor in the trash") func rights() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let id = try await Self.make(admin, "contacts", ["last_name": "Quartz", "phone": "+49 30 7654321", "email": "q@secretive.example"])
        _ = try await Self.make(admin, "tasks", ["title": "Quartz task"])
        let roles: [(String, JSON)] = [
            ("blind", ["name": "Blind", "rights": ["contacts": ["read": "all"]], "hidden_fields": ["contacts": ["phone", "email"]]]),
            ("own", ["name": "Own", "rights": ["*": ["read": "own"]]]),
        ]
        for (name, role) in roles {
            let made = try await admin.post("/v1/roles", role)
            #expect(made.status == 201, "\(made.text)")
            let email = try await firm.user("member")
            _ = try await firm.scope().run([
                "UPDATE users SET role_id = \(try made.json["id"]?.string ?? "")::uuid WHERE email = \(email)"
            ])
            let person = try await firm.signIn(email)
            #expect(try await Self.titles(person, "q=quartz") == (name == "blind" ? ["Quartz"] : []))
            for asked in ["q=7654321", "q=secretive"] { #expect(try await Self.titles(person, asked) == [], "\(name) \(asked)") }
            let text = try await person.get("/v1/search?q=quartz").text
            #expect(!text.contains("7654321") && !text.contains("secretive"))
        }
        #expect(try await Self.titles(admin, "q=secretive") == ["Quartz"])
        #expect(try await admin.delete("/v1/contacts/\(id)").status == 204)
        #expect(try await Self.titles(admin, "q=secretive") == [])
    }

    @Test("A search for nothing, for unknown types or too many hits is refused") func refusals() async throws {
        let admin = try await TestSite.shared.firm().admin()
        for query in [
            "", "?q=", "?q=%20%20", "?q=a&types=nothing", "?q=a&types=", "?q=a&limit=0", "?q=a&limit=51", "?q=a&x=1", "?q=a&q=b", "?q=%00",
        ] {
            let refused = try await admin.get("/v1/search" + query)
            #expect(refused.status == 400 && refused.code == "malformed", "\(query): \(refused.text)")
        }
        for query in ["?q=%27", "?q=%26%7C!:*()", "?q=-", "?q=a%3A*%20%7C%20b", "?q=%F0%9F%A6%93", "?q=%5C"] {
            #expect(try await admin.get("/v1/search" + query).status == 200, "\(query)")
        }
        #expect(try await TestSite.shared.stranger.get("/v1/search?q=a").status == 401)
    }
}

import Foundation
import Postgres
import Records
import Support
import Testing

@Suite("The where tree") struct FilterTests {
    /// What a condition is refused with; nil when it is accepted.
    private func refusal(_ condition: JSON) async throws -> Problem? {
        let tenant = try await TestHouse.tenant()
        let type = try #require(TestHouse.catalog["contacts"])
        do throws(Problem) {
            _ = try ListRequest(body: ["where": condition], of: type, in: TestHouse.catalog, for: tenant.admin)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "A wrong condition is refused at its place",
        arguments: [
            ("[]", "/where", "type"), (#"{"xor":[]}"#, "/where/xor", "unknown"), (#"{"and":[],"or":[]}"#, "/where", "type"),
            (#"{"and":{}}"#, "/where/and", "type"), (#"{"and":[1]}"#, "/where/and/0", "type"),
            (#"{"field":"bogus","op":"eq","value":1}"#, "/where/field", "unknown"),
            (#"{"field":"password","op":"eq","value":1}"#, "/where/field", "unknown"),
            (#"{"field":"company.parent.name","op":"eq","value":"x"}"#, "/where/field", "unknown"),
            (#"{"field":"email","op":"matches","value":"x"}"#, "/where/op", "enum"),
            (#"{"field":"birthday","op":"like","value":"x"}"#, "/where/op", "enum"),
            (#"{"field":"email","op":"eq"}"#, "/where/value", "required"),
            (#"{"field":"email","op":"eq","value":1}"#, "/where/value", "type"),
            (#"{"field":"email","op":"eq","value":"a\u0000"}"#, "/where/value", "format"),
            (#"{"field":"email","op":"in","value":"a"}"#, "/where/value", "type"),
            (#"{"field":"email","op":"in","value":["a",null]}"#, "/where/value/1", "type"),
            (#"{"field":"email","op":"like","value":"a\\"}"#, "/where/value", "format"),
            (#"{"field":"email","op":"is_null","value":"yes"}"#, "/where/value", "type"),
            (#"{"field":"birthday","op":"between","value":["2020-01-01"]}"#, "/where/value", "range"),
            (#"{"field":"birthday","op":"lt","value":"2023-02-29"}"#, "/where/value", "format"),
            (#"{"field":"created_at","op":"lt","value":{"years":1}}"#, "/where/value", "format"),
            (#"{"field":"created_at","op":"lt","value":{"days":1e9}}"#, "/where/value/days", "range"),
            (#"{"field":"created_at","op":"lt","value":{"weeks":-9223372036854775808}}"#, "/where/value/weeks", "range"),
            (#"{"field":"company_id","op":"eq","value":"x"}"#, "/where/value", "format"),
            (#"{"field":"lifecycle_stage","op":"eq","value":"x"}"#, "/where/value", "enum"),
            (#"{"field":"email","op":"eq","value":"x","extra":1}"#, "/where/extra", "unknown"),
        ])
    func refused(text: String, pointer: String, code: String) async throws {
        let problem = try await refusal(try JSON(parsing: text))

        #expect(problem?.code == .invalid)
        #expect(problem?.errors.map(\.pointer) == [pointer])
        #expect(problem?.errors.map(\.code.rawValue) == [code])
    }

    @Test("Ten levels, a hundred comparisons and five hundred values are the limit")
    func limits() async throws {
        let leaf: JSON = ["field": "email", "op": "eq", "value": "x"]
        let nested: (Int) -> JSON = { (0..<$0).reduce(leaf) { inner, _ in ["not": inner] } }
        let wide: (Int) -> JSON = { ["or": .array(Array(repeating: leaf, count: $0))] }
        let many: (Int) -> JSON = { ["field": "email", "op": "in", "value": .array(Array(repeating: "x", count: $0))] }

        #expect(try await refusal(nested(10)) == nil)
        #expect(try await refusal(nested(11))?.errors.first?.code == .range)
        #expect(try await refusal(wide(100)) == nil)
        #expect(try await refusal(wide(101))?.errors.first?.code == .range)
        #expect(try await refusal(many(500)) == nil)
        #expect(try await refusal(many(501))?.errors.first?.code == .range)
    }

    @Test("Two thousand random trees find what a reader of API.md would find by hand")
    func semantics() async throws {
        let tenant = try await TestHouse.tenant()
        var random = SystemRandomNumberGenerator()
        var admin = tenant.admin
        admin.allowsDuplicates = true
        var companies: [JSON] = []
        for name in ["Acme", "Bolt 100%", "Çay_Evi"] {
            let body: JSON = ["name": .string(name), "domain": .string("\(name.count).example")]
            companies.append(try await tenant.store("companies", as: admin).create(body).json)
        }
        var people: [JSON] = []
        for number in 0..<60 {
            var members: [JSON.Member] = [.init("external_id", .string("\(number)"))]
            func maybe(_ name: String, _ options: [JSON]) {
                if Bool.random(using: &random), let option = options.randomElement(using: &random) { members.append(.init(name, option)) }
            }
            maybe("first_name", FilterOracle.names.map { .string($0) })
            maybe("last_name", FilterOracle.names.map { .string($0) })
            maybe("phone", ["+49 (30) 1-2", "49 3012", "555"])
            maybe("birthday", FilterOracle.dates.map { .string($0) })
            maybe("lifecycle_stage", ["prospect", "customer"])
            maybe("company_id", companies.compactMap { $0["id"] })
            maybe("tags", [["a"], ["a", "b"], ["B"], ["a,b"]])
            maybe("address", [["city": "Köln"], ["city": "KÖLN", "country": "DE"], ["street": "x"]])
            maybe("email_opt_out", [true])
            members.append(.init("email", .string("\(["Ann", "bob", "Zoë"].randomElement(using: &random) ?? "x").\(number)@Ex.example")))
            people.append(try await tenant.store("contacts", as: admin).create(.object(members)).json)
        }
        let oracle = FilterOracle(companies: companies)
        let contacts = tenant.store("contacts")

        for _ in 0..<2_000 {
            let tree = oracle.tree(depth: 0, &random)
            let request = try ListRequest(
                body: ["where": tree, "limit": 200, "fields": ["external_id"]], of: contacts.type, in: TestHouse.catalog, for: tenant.admin)

            let found = Set(try await contacts.list(request).values("external_id").compactMap(\.string))
            let expected = Set(people.filter { oracle.holds(tree, for: $0) }.compactMap { $0["external_id"]?.string })

            #expect(found == expected, "\(tree.text)")
        }
    }

    @Test("A query's filters mean the same as the tree's leaves")
    func query() async throws {
        let tenant = try await TestHouse.tenant()
        let contacts = tenant.store("contacts")
        for name in ["a,b", "a", "b\\", "c"] { _ = try await contacts.create(["last_name": .string(name)]) }
        func names(_ query: [(String, String)]) async throws -> [String] {
            let request = try ListRequest(
                query: query + [("sort", "last_name")], of: contacts.type, in: TestHouse.catalog, for: tenant.admin)
            return try await contacts.list(request).values("last_name").compactMap(\.string)
        }

        #expect(try await names([("filter[last_name]", "a")]) == ["a"])
        #expect(try await names([("filter[last_name][in]", #"a\,b,b\\,x"#)]) == ["a,b", "b\\"])
        #expect(try await names([("filter[last_name][ne]", "a")]) == ["a,b", "b\\", "c"])
        #expect(try await names([("filter[last_name][gte]", "b"), ("filter[last_name][lt]", "c")]) == ["b\\"])
        #expect(try await names([("filter[phone][is_null]", "true"), ("filter[email_opt_out]", "false")]).count == 4)
        #expect(try await names([("filter[created_at][between]", "2020-01-01T00:00:00Z,2019-01-01T00:00:00Z")]).isEmpty)
    }

    @Test(
        "A filter that cannot be read is malformed",
        arguments: [
            "filter", "filter[]", "filter[last_name", "filter[last_name]x", "filter[bogus]", "filter[last_name][]", "filter[a][b][c]",
        ])
    func malformedQuery(name: String) async throws {
        let tenant = try await TestHouse.tenant()
        let type = try #require(TestHouse.catalog["contacts"])

        let problem = #expect(throws: Problem.self) {
            try ListRequest(query: [(name, "x")], of: type, in: TestHouse.catalog, for: tenant.admin)
        }
        #expect(problem?.code == .malformed)
    }
}

import HTTPTypes
import Records
import Support
import Testing

@testable import Server

/// The record contract as HTTP says it; what the engine does is shown in RecordsTests.
@Suite("Calls on records") struct RecordCallTests {
    @Test("A new record is answered with its address and version, and read back as it was answered")
    func create() async throws {
        let client = try await TestSite.shared.firm().admin()

        let made = try await client.post("/v1/contacts", ["first_name": "Ann", "email": "Ann@Example.com", "address": ["country": "de"]])

        let id = try #require(try made.json["id"]?.string)
        #expect(made.status == 201)
        #expect(made.headers[.location] == "/v1/contacts/\(id)")
        #expect(made.headers[.eTag] == "\"1\"")
        let read = try await client.get("/v1/contacts/\(id)")
        #expect(read.bytes == made.bytes)
        #expect(try await client.with(.ifNoneMatch, "\"1\"").get("/v1/contacts/\(id)").status == 304)
        #expect(try await client.with(.ifNoneMatch, "\"2\"").get("/v1/contacts/\(id)").status == 200)
    }

    @Test("If-Match protects, as a list and as *; weak and unquoted tags are malformed")
    func ifMatch() async throws {
        let client = try await TestSite.shared.firm().admin()
        let id = try #require(try await client.post("/v1/contacts", ["last_name": "Ng"]).json["id"]?.string)
        func patch(_ tag: String, _ phone: String) async throws -> Client.Answer {
            try await client.with(.ifMatch, tag).patch("/v1/contacts/\(id)", ["phone": .string(phone)])
        }

        #expect(try await patch("\"1\"", "1").status == 200)
        let late = try await patch("\"1\"", "2")
        #expect(late.status == 412)
        #expect(try late.json["current_version"] == 2)
        #expect(try late.json["changed"] == ["phone"])
        #expect(try await patch("\"30841488516648\", \"01\", \"+2\"", "2").status == 412)
        #expect(try await patch("\"9\", \"2\"", "3").status == 200)
        #expect(try await patch("*", "4").status == 200)
        #expect(try await patch("1", "5").code == "malformed")
        #expect(try await patch("W/\"4\"", "5").code == "malformed")
        #expect(try await client.with(.ifMatch, "\"1\"").delete("/v1/contacts/\(id)").status == 412)
        #expect(try await client.with(.ifMatch, "\"4\"").delete("/v1/contacts/\(id)").status == 204)
    }

    @Test("The same request under one key is answered once and repeated to the letter; another under that key is refused")
    func idempotency() async throws {
        let firm = try await TestSite.shared.firm()
        let client = try await firm.admin().with(.idempotencyKey, "order-1")
        let body: JSON = ["last_name": "Once", "email": "once@example.com"]

        let first = try await client.post("/v1/contacts", body)
        let again = try await client.post("/v1/contacts", body)
        let other = try await client.post("/v1/contacts", ["last_name": "Other"])
        let elsewhere = try await client.post("/v1/companies", body)

        #expect(first.status == 201 && first.headers[.idempotentReplayed] == nil)
        #expect(again.status == 201 && again.bytes == first.bytes)
        #expect(again.headers[.eTag] == first.headers[.eTag] && again.headers[.location] == first.headers[.location])
        #expect(again.headers[.idempotentReplayed] == "true")
        #expect(other.code == "idempotency_mismatch" && elsewhere.code == "idempotency_mismatch")
        #expect(try await firm.admin().with(.idempotencyKey, "order-1").post("/v1/contacts", body).code == "duplicate")
    }

    @Test("Every kind of write can be repeated, refusals too")
    func idempotencyOfAll() async throws {
        let client = try await TestSite.shared.firm().admin()
        let id = try #require(try await client.post("/v1/contacts", ["last_name": "Ng"]).json["id"]?.string)
        let calls: [(String, HTTPRequest.Method, String, String?)] = [
            ("patch", .patch, "/v1/contacts/\(id)", #"{"phone":"1"}"#), ("refusal", .patch, "/v1/contacts/\(id)", #"{"phone":1}"#),
            ("search", .post, "/v1/contacts/search", #"{"limit":1}"#), ("trash", .delete, "/v1/contacts/\(id)", nil),
            ("not found", .delete, "/v1/contacts/\(id)", nil), ("restore", .post, "/v1/contacts/\(id)/restore", nil),
            ("purge", .delete, "/v1/contacts/\(id)?purge=true", nil),
        ]
        for (name, method, path, body) in calls {
            let keyed = client.with(.idempotencyKey, name.replacing(" ", with: "-"))
            let first = try await keyed.send(method, path, body)
            let again = try await keyed.send(method, path, body)
            #expect(again.status == first.status && again.bytes == first.bytes, "\(name): \(first.text) \(again.text)")
            #expect(again.headers[.idempotentReplayed] == "true", "\(name)")
        }
        for key in ["", " ", "a b", "é", String(repeating: "x", count: 256)] {
            #expect(try await client.with(.idempotencyKey, key).post("/v1/contacts", ["last_name": "X"]).code == "malformed", "\(key)")
        }
    }

    @Test("The next page has an address, and following it to the end gives every record once")
    func links() async throws {
        let client = try await TestSite.shared.firm().admin()
        for number in 0..<7 { _ = try await client.post("/v1/contacts", ["last_name": .string("a+b & c \(number)")]) }

        var names: [String] = []
        var address: String? = "/v1/contacts?limit=3&sort=last_name&filter[last_name][starts]=a%2Bb%20%26"
        while let current = address {
            let page = try await client.get(current)
            #expect(page.status == 200, "\(page.text)")
            names += (try page.json["data"]?.elements ?? []).compactMap { $0["last_name"]?.string }
            address = page.headers[.link].flatMap { $0.firstMatch(of: /<(.+)>; rel="next"/).map { String($0.output.1) } }
        }

        #expect(names == (0..<7).map { "a+b & c \($0)" })
    }

    @Test(
        "Every wrong parameter of a list is malformed and named",
        arguments: [
            "limit=0", "limit=201", "limit=-1", "limit=1.5", "limit=99999999999999999999", "limit=", "limit=%EF%BC%91", "bogus=1",
            "limit=1&limit=1", "sort=bogus", "sort=", "sort=name,,email", "sort=email,email", "sort=address", "sort=tags", "fields=bogus",
            "fields=",
            "include=bogus", "include=", "count=all", "trash=without", "trash=", "filter[bogus]=1", "filter[email][bogus]=1", "filter=1",
            "filter[email]=a&filter[email]=b", "filter[birthday]=2023-02-30", "filter[created_at][gt]=yesterday",
            "filter[email_opt_out]=yes",
            "filter[birthday][between]=2020-01-01", "filter[email][is_null]=1", "filter[last_name]=%00", "filter[last_name]=%FF", "%zz=1",
        ])
    func wrongParameters(query: String) async throws {
        let client = try await TestSite.shared.firm().admin()

        let answer = try await client.get("/v1/contacts?\(query)")

        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.code == "malformed")
        #expect(answer.headers[.contentType] == "application/problem+json")
    }

    @Test("SQL in every string is a string")
    func injection() async throws {
        let client = try await TestSite.shared.firm().admin()
        let attack = #"'; DROP TABLE contacts; -- \" $1 \\ %s {} "#.trimmingSpaces
        let made = try await client.post(
            "/v1/contacts",
            ["last_name": .string(attack), "tags": [.string(attack)], "address": ["city": .string(attack)], "external_id": .string(attack)])

        #expect(made.status == 201, "\(made.text)")
        #expect(try made.json["last_name"]?.string == attack)
        #expect(try made.json["tags"]?.elements?.first?.string == attack)
        for (field, operation) in [
            ("last_name", "eq"), ("external_id", "in"), ("address.city", "contains"), ("tags", "contains"), ("last_name", "starts"),
        ] {
            let value: JSON = operation == "in" ? [.string(attack)] : .string(attack)
            let found = try await client.post(
                "/v1/contacts/search",
                ["where": ["field": .string(field), "op": .string(operation), "value": value], "fields": ["external_id"]])
            #expect(try found.json["data"]?.elements?.count == 1, "\(field) \(operation): \(found.text)")
        }
        for name in ["sort", "fields", "include", "after"] {
            let encoded = "%27%3B%20DROP%20TABLE%20contacts--"
            #expect(try await client.get("/v1/contacts?\(name)=\(encoded)").status == 400, "\(name)")
        }
        #expect(try await client.get("/v1/contacts/%27%20OR%201%3D1").status == 404)
    }

    @Test("Who is disabled, demoted or given another password loses at once what was open")
    func lostRights() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let email = try await firm.user("manager")
        let person = try await firm.signIn(email)
        let id = try #require(try await person.get("/v1/session").json["user"]?["id"]?.string)
        #expect(try await person.post("/v1/contacts", ["last_name": "X"]).status == 201)

        #expect(try await admin.patch("/v1/users/\(id)", ["role_id": .string(try await firm.roleID("read_only"))]).status == 200)
        try await eventually { try await person.post("/v1/contacts", ["last_name": "X"]).status == 403 }

        #expect(try await admin.patch("/v1/users/\(id)", ["status": "disabled"]).status == 200)
        try await eventually { try await person.get("/v1/contacts").status == 401 }
        #expect(
            try await firm.site.stranger.post(
                "/v1/session", ["tenant": .string(firm.slug), "email": .string(email), "password": .string(TestSite.password)]
            ).status == 401)
    }
}

extension String {
    fileprivate var trimmingSpaces: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}

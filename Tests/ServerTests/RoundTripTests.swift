import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("One request, one round trip") struct RoundTripTests {
    @Test("Each call on a record costs one flush and one wait, with and without a key")
    func singleRecord() async throws {
        let site = try await TestSite(TestHouse.open(), ServerSettings.test)
        let client = try await site.firm().admin()
        let id = try await Self.make(client)
        _ = try await client.get("/v1/session")

        let calls: [(String, () async throws -> Client.Answer)] = [
            ("get", { try await client.get("/v1/contacts/\(id)") }),
            ("get with includes", { try await client.get("/v1/contacts/\(id)?include=company,owner") }),
            ("list", { try await client.get("/v1/contacts?limit=50&count=exact") }),
            ("search", { try await client.post("/v1/contacts/search", ["where": ["field": "last_name", "op": "eq", "value": "x"]]) }),
            ("create", { try await client.post("/v1/contacts", ["last_name": "One"]) }),
            ("create with a key", { try await client.with(.idempotencyKey, "once").post("/v1/contacts", ["last_name": "Two"]) }),
            ("create with a reference", { try await client.post("/v1/companies", ["name": "Three", "tags": ["a"]]) }),
            ("patch", { try await client.patch("/v1/contacts/\(id)", ["phone": "123"]) }),
            ("patch with a version", { try await client.with(.ifMatch, "\"2\"").patch("/v1/contacts/\(id)", ["phone": "124"]) }),
            ("changes", { try await client.get("/v1/contacts/\(id)/changes") }),
            ("trash", { try await client.delete("/v1/contacts/\(id)") }),
            ("restore", { try await client.send(.post, "/v1/contacts/\(id)/restore") }),
            ("purge", { try await client.delete("/v1/contacts/\(id)?purge=true") }),
            ("not found", { try await client.get("/v1/contacts/\(id)") }),
        ]
        for (name, call) in calls {
            let before = site.trips
            let answer = try await call()
            let after = site.trips

            #expect(answer.status < 300 || name == "not found", "\(name): \(answer.text)")
            // What is not there may have been merged into another: that is asked only then.
            let expected = name == "not found" ? 2 : 1
            #expect(after.flushes - before.flushes == expected, "\(name)")
            #expect(after.waits - before.waits == expected, "\(name)")
        }
    }

    @Test("What can be refused without the database costs none")
    func refusedEarly() async throws {
        let site = try await TestSite(TestHouse.open(), ServerSettings.test)
        let client = try await site.firm().admin()
        _ = try await Self.make(client)

        let before = site.trips
        #expect(try await client.post("/v1/contacts", ["bogus": 1]).status == 422)
        #expect(try await client.get("/v1/contacts?limit=0").status == 400)
        #expect(try await client.get("/v1/contacts/no-uuid").status == 404)
        #expect(try await client.bearing("tk_x_y").get("/v1/contacts").status == 401)
        #expect(try await client.send(.put, "/v1/contacts").status == 405)

        #expect(site.trips == before)
    }

    private static func make(_ client: Client) async throws -> String {
        let answer = try await client.post("/v1/contacts", ["last_name": "Ng"])
        guard let id = try answer.json["id"]?.string else { throw Unexpected(answer) }
        return id
    }
}

extension ServerSettings {
    /// Passwords that cost nothing to check.
    static var test: ServerSettings {
        var settings = ServerSettings()
        settings.scryptCost = .trivial
        return settings
    }
}

extension TestSite {
    struct Trips: Equatable {
        var flushes = 0
        var waits = 0
    }

    /// What the pool of tenants' requests has done so far.
    var trips: Trips {
        installation.figures.filter { $0.name.hasPrefix("api") }.reduce(into: Trips()) {
            $0.flushes += $1.flushes
            $0.waits += $1.waits
        }
    }
}

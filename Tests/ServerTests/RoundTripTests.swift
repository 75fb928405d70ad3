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
            let (answer, cost) = try await Self.cost(site, call)

            #expect(answer.status < 300 || name == "not found", "\(name): \(answer.text)")
            // What is not there may have been merged into another: that is asked only then.
            let expected = name == "not found" ? 2 : 1
            #expect(cost == TestSite.Trips(flushes: expected, waits: expected), "\(name)")
        }
    }

    @Test("A limit adds none, far away or near, whether there may be too much or not", arguments: [100_000, 12])
    func limited(most: Int) async throws {
        let firm = try await LimitedFirm(["records": JSON(most + 1), "records.contacts": JSON(most), "users": 5])
        for isWatched in [true, false] {
            // From none to a limit is less: there may be too much until a recount has found that there is not.
            if !isWatched { _ = try await Recounting.drift(of: firm) }
            #expect(try await firm.firm.scope().entitlements.tightened.isEmpty == !isWatched)
            // Begun after the change: news of it on its way would cost whoever knew the tenant before another look.
            let site = try await TestSite(TestHouse.again(), ServerSettings.test)
            let client = try await Firm(site: site, slug: firm.firm.slug, email: firm.firm.email).admin()
            let id = try await Self.make(client)
            // A session that has not heard of the tenant's role is replaced: both connections, for writes and for reads, have by then.
            for _ in 0..<2 { _ = try await client.get("/v1/contacts/\(id)") }
            let keyed = client.with(.idempotencyKey, TestSite.unique())

            let calls: [(String, () async throws -> Client.Answer)] = [
                ("get", { try await client.get("/v1/contacts/\(id)") }),
                ("list", { try await client.get("/v1/contacts?limit=50") }),
                ("create", { try await client.post("/v1/contacts", ["last_name": "One"]) }),
                ("create with a key", { try await keyed.post("/v1/contacts", ["last_name": "Two"]) }),
                ("patch", { try await client.patch("/v1/contacts/\(id)", ["phone": "123"]) }),
                ("trash", { try await client.delete("/v1/contacts/\(id)") }),
                ("restore", { try await client.send(.post, "/v1/contacts/\(id)/restore") }),
                ("purge", { try await client.delete("/v1/contacts/\(id)?purge=true") }),
            ]
            for (name, call) in calls {
                let (answer, cost) = try await Self.cost(site, call)

                #expect(answer.status < 300, "\(name): \(answer.text)")
                #expect(cost == TestSite.Trips(flushes: 1, waits: 1), "\(name) with \(isWatched ? "perhaps" : "nothing") too much")
            }
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

    @Test("A call on a record asks nothing of the other pools: not the directory, the queue, slow work nor migration")
    func otherPools() async throws {
        let site = try await TestSite(TestHouse.open(), ServerSettings.test)
        let client = try await site.firm().admin()
        let id = try await Self.make(client)
        _ = try await client.get("/v1/session")
        let before = site.flushesElsewhere

        let calls: [(String, () async throws -> Client.Answer)] = [
            ("get", { try await client.get("/v1/contacts/\(id)") }),
            ("list", { try await client.get("/v1/contacts?limit=50&count=exact") }),
            ("create", { try await client.post("/v1/contacts", ["last_name": "One"]) }),
            ("create with a key", { try await client.with(.idempotencyKey, "once").post("/v1/contacts", ["last_name": "Two"]) }),
            ("patch", { try await client.patch("/v1/contacts/\(id)", ["phone": "123"]) }),
            ("changes", { try await client.get("/v1/contacts/\(id)/changes") }),
            ("trash", { try await client.delete("/v1/contacts/\(id)") }),
            ("restore", { try await client.send(.post, "/v1/contacts/\(id)/restore") }),
            ("purge", { try await client.delete("/v1/contacts/\(id)?purge=true") }),
        ]
        for (name, call) in calls {
            let answer = try await call()

            #expect(answer.status < 300, "\(name): \(answer.text)")
            #expect(site.flushesElsewhere == before, "\(name)")
        }
        #expect(Set(before.keys).isSuperset(of: ["control", "work", "queue", "migration"]))
    }

    /// What a call is answered, and what it has cost.
    private static func cost(
        _ site: TestSite, _ call: () async throws -> Client.Answer
    ) async throws -> (Client.Answer, TestSite.Trips) {
        let before = site.trips
        let answer = try await call()
        let after = site.trips
        return (answer, TestSite.Trips(flushes: after.flushes - before.flushes, waits: after.waits - before.waits))
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

    /// How often every other pool has sent something so far.
    fileprivate var flushesElsewhere: [String: Int] {
        installation.figures.filter { !$0.name.hasPrefix("api") }.reduce(into: [:]) { $0[$1.name, default: 0] += $1.flushes }
    }
}

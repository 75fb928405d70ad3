import Foundation
import Testing

@Suite("A tenant's state is the same in every process", .serialized, .timeLimit(.minutes(10))) struct StateTests {
    @Test("A change is in force in another process within two seconds, and a deletion that is due at once is done within a minute")
    func processes() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        let here = try await dev.tenant("states")
        let token = try #require(here.token)
        let server = try Program(["serve", "--json", "--", "listen=127.0.0.1:0", "database_url=\(dev.ready.databaseURL)"])
        let address = try await eventually("serve tells its address") {
            server.output.split(separator: "\n").first { $0.hasPrefix("{\"api\"") }.map(String.init)
        }
        let api = try #require(
            try (JSONSerialization.jsonObject(with: Data(address.utf8)) as? [String: Any])?["api"] as? String)
        let there = Client(api, token: token)
        func write() async throws -> Int { try await there.call("POST", "/v1/contacts", ["last_name": "x"]).status }
        func say(_ verb: String, _ body: [String: String] = [:]) async throws {
            let told = try await dev.operators.call(
                "POST", "/operator/v1/tenants/states/\(verb)", body.merging(["reason": "test"]) { $1 })
            try #require(told.status == 200, "\(told)")
        }
        func within(_ limit: Duration, _ what: String, _ isSo: () async throws -> Bool) async throws {
            _ = try await eventually(what, within: limit) { try await isSo() ? true : nil }
        }
        #expect(try await write() == 201)

        try await say("mark_past_due")
        try await within(.seconds(2), "the banner is shown") {
            let plan = try await there.get("/v1/session").json()["plan"] as? [String: Any]
            return (plan?["banner"] as? String)?.contains("A payment is due") == true
        }
        #expect(try await write() == 201)
        for _ in 0..<3 {
            try await say("suspend")
            try await within(.seconds(2), "writes are refused") { try await write() == 403 }
            #expect(try await there.get("/v1/contacts").status == 200)
            try await say("resume")
            try await within(.seconds(2), "writes succeed") { try await write() == 201 }
        }
        try await say("schedule_deletion", ["after": "P0D"])
        try await within(.seconds(2), "writes are refused, or nobody gets in") { try await [401, 403].contains(write()) }
        try await within(.seconds(60), "the tenant is gone") {
            let states = try await dev.operators.get("/operator/v1/tenants/states").text("state")
            let status = try await there.get("/v1/contacts").status
            return states == "deleted" && status == 401
        }

        server.send(SIGTERM)
        #expect(await server.end() == 0)
        try await dev.stop()
    }
}

import Foundation
import Testing

@Suite("A tenant's state and plan are the same in every process", .serialized, .timeLimit(.minutes(10))) struct StateTests {
    @Test("A change is in force in another process within two seconds, and a deletion that is due at once is done within a minute")
    func processes() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        let here = try await dev.tenant("states")
        let token = try #require(here.token)
        let (server, api) = try await serve(dev)
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

    @Test("Another plan, given over HTTP or at the terminal, is in force in every process within two seconds")
    func plans() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        let here = try await dev.tenant("plans")
        let (server, api) = try await serve(dev)
        let processes = [here, Client(api, token: here.token)]
        /// Until both answer the plan, and so many users as the most.
        func bothSay(_ plan: String, users: Int?) async throws {
            let what = "both say \(plan) for \(users.map(String.init) ?? "any number of") users"
            _ = try await eventually(what, within: .seconds(2)) { () async throws -> Bool? in
                for process in processes {
                    let held = try await process.get("/v1/entitlements").json()
                    let most = (held["limits"] as? [String: [String: Any]])?["users"]?["max"] as? Int
                    guard held["plan"] as? String == plan, most == users else { return nil }
                }
                return true
            }
        }
        func say(_ change: [String: Any]) async throws {
            let told = try await dev.operators.call(
                "POST", "/operator/v1/tenants/plans/change_plan", change.merging(["reason": "test"]) { $1 })
            try #require(told.status == 200, "\(told)")
        }
        func command(_ words: String...) async throws {
            let change = ["tenant", "change-plan", "plans", "--reason", "test", "--plan"]
            let told = try await Program.run(change + words + ["--", "database_url=\(dev.ready.databaseURL)"])
            try #require(told.status == 0, "\(told.output)")
        }
        try await bothSay("unlimited", users: nil)

        for _ in 0..<3 {
            try await say(["plan": "team"])
            try await bothSay("team", users: 25)
            try await command("free")
            try await bothSay("free", users: 3)
        }
        try await command("team", "--overrides", #"{"limits":{"users":40,"records":0}}"#)
        try await bothSay("team", users: 40)
        for process in processes { #expect(try await process.call("POST", "/v1/contacts", ["last_name": "x"]).status == 402) }
        try await say(["plan": "unlimited", "overrides": [String: Any]()])
        try await bothSay("unlimited", users: nil)
        for process in processes { #expect(try await process.call("POST", "/v1/contacts", ["last_name": "x"]).status == 201) }

        server.send(SIGTERM)
        #expect(await server.end() == 0)
        try await dev.stop()
    }

    /// One more process of the installation, and where it answers.
    private func serve(_ dev: Dev) async throws -> (server: Program, api: String) {
        let server = try Program(["serve", "--json", "--", "listen=127.0.0.1:0", "database_url=\(dev.ready.databaseURL)"])
        let address = try await eventually("serve tells its address") {
            server.output.split(separator: "\n").first { $0.hasPrefix("{\"api\"") }.map(String.init)
        }
        let told = try JSONSerialization.jsonObject(with: Data(address.utf8)) as? [String: Any]
        return (server, try #require(told?["api"] as? String))
    }
}

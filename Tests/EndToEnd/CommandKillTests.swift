import Foundation
import Testing

@Suite(
    "An operator's short command that was killed at ten random moments can be said again and ends right", .serialized,
    .timeLimit(.minutes(20)))
struct CommandKillTests {
    @Test("Those that make, close, open, change, furnish, carry away and let in; the neighbour stays as it was") func commands()
        async throws
    {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        let desk = Desk(dev: dev, folder: place.path)
        let acme = try await dev.tenant("acme")
        _ = try await dev.tenant("globex").call("POST", "/v1/contacts", ["last_name": "Neighbour"])
        for name in ["One", "Two"] { #expect(try await acme.call("POST", "/v1/contacts", ["last_name": name]).status == 201) }
        let (before, neighbour) = (try await desk.hashes("acme"), try await desk.hashes("globex"))

        try await made(desk, dev)
        try await states(desk)
        try await plans(desk, folder: place.path)
        try await everybody(desk)
        try await furnished(desk, before)
        try await files(desk, folder: place.path, before)
        try await accesses(desk, dev)
        try await queues(desk, dev)
        #expect(try await desk.hashes("acme") == before)
        try await cells(desk, dev)

        #expect(try await desk.hashes("acme") == before)
        #expect(try await desk.hashes("globex") == neighbour)
        try await desk.done("audit", "verify")
        try await dev.stop()
    }

    private func made(_ desk: Desk, _ dev: Dev) async throws {
        try await desk.rounds {
            [
                "tenant", "create", "firm-\($0)", "--name", "Firm", "--admin-email", "bo@firm.example", "--admin-name", "Bo", "--reason",
                "kill",
            ]
        } check: { (round, answer) async throws in
            #expect(answer["state"] as? String == "active")
            #expect(try await desk.hashes("firm-\(round)")["contacts"] != nil)
            #expect(try await dev.operators.get("/operator/v1/tenants/firm-\(round)").status == 200)
        }
    }

    /// Each pair of commands, and the state that each leads to.
    private static let pairs: [[(words: String, state: String)]] = [
        [("suspend", "suspended"), ("resume", "active")], [("mark-past-due", "past_due"), ("mark-paid", "active")],
        [("delete", "deletion_scheduled"), ("cancel-deletion", "active")],
    ]

    private func states(_ desk: Desk) async throws {
        for pair in Self.pairs {
            try await desk.rounds {
                ["tenant", pair[$0 % 2].words, "acme", "--reason", "kill"]
            } check: { (round, answer) async throws in
                #expect(answer["state"] as? String == pair[round % 2].state)
            }
        }
        try await desk.rounds {
            ["tenant", "migrate", "acme", "--reason", "kill \($0)"]
        } check: { (_, answer) async throws in
            #expect(answer["state"] as? String == "active" && answer["maintenance"] is NSNull)
        }
        try await desk.rounds { _ in
            ["tenant", "recount"]
        } check: { (_, answer) async throws in
            #expect((answer["drift"] as? [Any])?.isEmpty == true)
        }
    }

    private func plans(_ desk: Desk, folder: String) async throws {
        let plan = { (round: Int) in "\(folder)-plan-\(round).json" }
        for round in 0..<10 {
            let terms: [String: Any] = [
                "limits": ["users": 100 + round], "rates": [:], "features": [:], "price": ["amount": "5.00", "currency": "EUR"],
            ]
            try JSONSerialization.data(withJSONObject: terms).write(to: URL(filePath: plan(round)))
        }
        try await desk.rounds {
            ["plan", "put", "killed", "--file", plan($0), "--reason", "kill"]
        } check: { (round, answer) async throws in
            // One version for each file, however often it was said.
            #expect(answer["version"] as? Int == round + 1)
        }
        try await desk.rounds {
            ["tenant", "change-plan", "acme", "--plan", $0 % 2 == 0 ? "killed" : "unlimited", "--reason", "kill"]
        } check: { (round, answer) async throws in
            #expect((answer["plan"] as? [String: Any])?["name"] as? String == (round % 2 == 0 ? "killed" : "unlimited"))
        }
    }

    private func everybody(_ desk: Desk) async throws {
        try await desk.rounds {
            $0 % 2 == 0
                ? ["tenant", "suspend-all", "--reason", "the move"]
                : ["tenant", "resume-all", "--suspended-for", "the move", "--reason", "it has moved"]
        } check: { (round, answer) async throws in
            #expect((answer["failed"] as? [Any])?.isEmpty == true)
            let states = try await desk.tenants().map { $0["state"] as? String ?? "" }
            #expect(Set(states) == [round % 2 == 0 ? "suspended" : "active"] && states.count == 12)
        }
    }

    private func furnished(_ desk: Desk, _ before: [String: String]) async throws {
        try await desk.rounds {
            ["blueprint", $0 % 2 == 0 ? "apply" : "remove", "acme", "brewery", "--reason", "kill"]
        } check: { (round, _) async throws in
            let isAsBefore = try await desk.hashes("acme") == before
            #expect(isAsBefore == (round % 2 == 1))
        }
    }

    private func files(_ desk: Desk, folder: String, _ before: [String: String]) async throws {
        let file = { (kind: String, round: Int) in "\(folder)-\(kind)-\(round)" }
        for kind in ["export", "snapshot"] {
            try await desk.rounds {
                ["tenant", kind, "acme", "--to", file(kind, $0), "--reason", "kill"]
            } without: {
                // A file under its name is a whole one.
                FileManager.default.fileExists(atPath: file(kind, $0))
            } check: { (_, answer) async throws in
                #expect((answer["bytes"] as? Int ?? 0) > 0)
            }
        }
        try await desk.rounds {
            ["tenant", "import", file("export", $0), "--slug", "copy-\($0)", "--reason", "kill"]
        } check: { (round, _) async throws in
            let copy = try await desk.hashes("copy-\(round)")
            for type in before.keys where type != "users" { #expect(copy[type] == before[type], "\(type)") }
        }
        try await desk.rounds {
            ["tenant", "restore", "acme", "--from", file("snapshot", $0), "--reason", "kill"]
        } check: { (_, _) async throws in
            #expect(try await desk.hashes("acme") == before)
        }
    }

    private func accesses(_ desk: Desk, _ dev: Dev) async throws {
        var tokens: [String] = []
        var grants: [String] = []
        try await desk.rounds {
            ["tenant", "grant", "acme", "--minutes", "30", "--reason", "kill \($0)"]
        } check: { (_, answer) async throws in
            tokens.append(answer["token"] as? String ?? "")
            grants.append(answer["id"] as? String ?? "")
        }
        for token in tokens { #expect(try await Client(dev.ready.api, token: token).get("/v1/contacts").status == 200) }
        try await desk.rounds {
            ["tenant", "revoke-grant", "acme", grants[$0], "--reason", "kill"]
        } check: { (round, _) async throws in
            _ = try await eventually("the grant has ended") {
                try await Client(dev.ready.api, token: tokens[round]).get("/v1/contacts").status == 401 ? true : nil
            }
        }

        var operators: [(name: String, token: String)] = []
        try await desk.rounds {
            ["operator", "create", "--role", "viewer", "--reason", "kill \($0)"]
        } check: { (_, answer) async throws in
            operators.append((answer["name"] as? String ?? "", answer["token"] as? String ?? ""))
        }
        for one in operators { #expect(try await Client(dev.ready.operatorAPI, token: one.token).get("/operator/v1/cells").status == 200) }
        try await desk.rounds {
            ["operator", "revoke", operators[$0].name, "--reason", "kill"]
        } check: { (round, _) async throws in
            _ = try await eventually("the access has ended") {
                try await Client(dev.ready.operatorAPI, token: operators[round].token).get("/operator/v1/cells").status == 401 ? true : nil
            }
        }
    }

    private func queues(_ desk: Desk, _ dev: Dev) async throws {
        let firm = try await dev.tenant("queues")
        for number in 0..<10 {
            let reminder: [String: Any] = [
                "when": ["local": "2091-01-01T09:0\(number)", "time_zone": "UTC"], "recipients": ["owner"], "subject": "R\(number)",
            ]
            #expect(try await firm.call("POST", "/v1/reminders", reminder).status == 201)
        }
        let waiting = try await eventually("the reminders are planned") {
            let jobs = try await desk.jobs("queues").filter { $0.contains("2091-01-01") }
            return jobs.count == 10 ? jobs.sorted() : nil
        }
        try await desk.rounds {
            ["jobs", "cancel", String(waiting[$0].prefix { $0 != " " }), "--reason", "kill"]
        } check: { (round, _) async throws in
            let left = try await desk.jobs("queues")
            #expect(!left.contains(waiting[round]))
        }
        try await desk.rounds {
            ["jobs", $0 % 2 == 0 ? "pause" : "resume", "deliver_reminder", "--reason", "kill"]
        } check: { (round, answer) async throws in
            #expect(answer["paused"] as? Bool == (round % 2 == 0))
        }
        try await desk.rounds { _ in
            ["secrets", "rotate", "--reason", "kill"]
        } check: { (_, answer) async throws in
            #expect(answer["complete"] as? Bool == true)
        }
        try await desk.rounds { _ in
            ["migrate"]
        } check: { (_, answer) async throws in
            #expect(answer["up_to_date"] as? Bool == true)
        }
    }

    private func cells(_ desk: Desk, _ dev: Dev) async throws {
        let url = { (round: Int) in dev.ready.databaseURL.replacing("/tenantry?", with: "/cell\(round)?") }
        let orders = (0..<10).map { "CREATE DATABASE cell\($0)" }.map { "-c '\($0)'" }.joined(separator: " ")
        _ = try await Program.run(["-c", "psql -X -q '\(dev.ready.databaseURL)' \(orders)"], executable: "/bin/sh")
        try await desk.rounds {
            ["cell", "add", "cell\($0)", "--url", url($0), "--reason", "kill"]
        } check: { (round, answer) async throws in
            #expect(answer["state"] as? String == "open")
            // Tenants live there at once.
            let moved = try await desk.done("tenant", "move", "acme", "--cell", "cell\(round)", "--reason", "look")
            #expect(moved["cell"] as? String == "cell\(round)")
        }
    }
}

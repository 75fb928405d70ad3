import Foundation
import Testing

@Suite("kill -9 at any moment loses no acknowledged write", .serialized, .timeLimit(.minutes(10))) struct KillTests {
    @Test("of the server") func server() async throws {
        let place = try Place()
        let first = try await Dev(in: place.path)
        let client = try await first.tenant("killed-server")

        let acknowledged = try await writing(to: client) {
            first.program.send(SIGKILL)
            _ = await first.program.end()
        }
        let second = try await Dev(in: place.path)

        try await expectAll(acknowledged, in: second.signedIn("killed-server", "ada@killed-server.example", Dev.password))
        try await second.stop()
    }

    @Test("of PostgreSQL; the server goes on by itself") func postgres() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        let client = try await dev.tenant("killed-postgres")

        let acknowledged = try await writing(to: client) {
            kill(try dev.postgres, SIGKILL)
            _ = try await eventually("writes succeed again") {
                try await client.call("POST", "/v1/contacts", ["last_name": "after the kill"]).status == 201 ? true : nil
            }
        }

        try await expectAll(acknowledged, in: client)
        try await dev.stop()
    }

    @Test("of the worker, four times while reminders fall due: each is sent once, or counted as unknown") func worker() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        // An installation beside it, which only this test's worker works for.
        let created = try await Program.run(
            ["-c", "psql -X -q '\(dev.ready.databaseURL)' -c 'CREATE DATABASE worked'"], executable: "/bin/sh")
        try #require(created.status == 0, "\(created.output)")
        let mails = "\(place.path)/out"
        let settings = [
            "--json", "--", "database_url=\(dev.ready.databaseURL.replacing("/tenantry?", with: "/worked?"))", "security.scrypt_log_n=10",
            "mail.transport=file", "mail.directory=\(mails)", "mail.from=crm@example.com",
        ]
        let migrated = try await Program.run(["migrate"] + settings)
        try #require(migrated.status == 0, "\(migrated.output)")
        let opened = try await Program.run(["operator", "create", "--name", "olga", "--role", "admin"] + settings)
        let token = try #require(try Self.object(opened.output)["token"] as? String)
        let server = try Program(["serve"] + settings + ["listen=127.0.0.1:0"])
        let address = try await eventually("serve tells its address") {
            server.output.split(separator: "\n").first { $0.hasPrefix("{\"api\"") }.map(String.init)
        }
        let api = try #require(try Self.object(address)["api"] as? String)
        let client = try await remindingFirm(api, token)

        var promised: Set<String> = []
        for round in 0..<4 {
            promised.formUnion(try await meetings(25, of: round, in: client))
            let worker = try Program(["work"] + settings)
            _ = try await eventually("the worker works") { worker.output.contains("working") ? true : nil }
            // Any moment: of planning, of sending, of writing down what was sent.
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...1500)))
            worker.send(SIGKILL)
            let status = await worker.end()
            #expect(status == 128 + SIGKILL, "\(worker.output)")
        }
        let last = try Program(["work"] + settings)
        // What a killed one had begun starts anew when its lease of twenty seconds ends.
        let ledger = try await eventually("all are settled", within: .seconds(120)) {
            let answer = try await client.get("/v1/occurrences?limit=200")
            let entries = try answer.json()["data"] as? [[String: Any]] ?? []
            return entries.count == promised.count && entries.allSatisfy { $0["status"] as? String != "planned" } ? entries : nil
        }

        let files = try FileManager.default.contentsOfDirectory(atPath: mails).filter { $0.hasSuffix(".eml") && !$0.hasPrefix(".") }
        let arrived = files.map { String(decoding: FileManager.default.contents(atPath: "\(mails)/\($0)") ?? Data(), as: UTF8.self) }
        var unknown = 0
        for entry in ledger {
            let id = try #require((entry["about"] as? [String: Any])?["id"] as? String)
            let isFirst = promised.remove(id) != nil
            #expect(isFirst, "each is settled once")
            let message = entry["message_id"] as? String ?? "none"
            let copies = arrived.count { $0.contains(message) }
            switch entry["status"] as? String {
            case "sent": #expect(copies == 1, "\(entry)")
            case "unknown":
                unknown += 1
                #expect(copies <= 1, "\(entry)")
            default: Issue.record("neither sent nor unknown: \(entry)")
            }
        }
        #expect(promised == [])
        print("The worker was killed four times: \(ledger.count) reminders, \(unknown) of them unknown, \(arrived.count) mails.")
        for program in [last, server] {
            program.send(SIGTERM)
            let status = await program.end()
            #expect(status == 0, "\(program.output)")
        }
        try await dev.stop()
    }

    /// A tenant that is reminded of whom it meets, when the time has come.
    private func remindingFirm(_ api: String, _ token: String) async throws -> Client {
        let made = try await Client(api, token: token).call(
            "PUT", "/operator/v1/tenants/worked",
            [
                "name": "Worked", "plan": "unlimited",
                "admin": ["email": "ada@worked.example", "name": "Ada", "password": Dev.password],
            ])
        try #require(made.status == 201, "\(made)")
        let session = try await Client(api).call(
            "POST", "/v1/session", ["tenant": "worked", "email": "ada@worked.example", "password": Dev.password])
        let client = Client(api, token: try session.text("token"))
        let field = ["type": "contacts", "name": "meets_at", "label": "Meets", "kind": "datetime"]
        try #require(try await client.call("POST", "/v1/custom_fields", field).status == 201)
        let reminder: [String: Any] = [
            "about": ["type": "contacts"], "when": ["field": "custom.meets_at", "offset_minutes": 0], "recipients": ["owner"],
            "subject": "Meet {{record.last_name}}",
        ]
        try #require(try await client.call("POST", "/v1/reminders", reminder).status == 201)
        return client
    }

    /// Contacts who are met one after another within the next two seconds: their ids.
    private func meetings(_ count: Int, of round: Int, in client: Client) async throws -> [String] {
        let now = Date.now
        let operations = (0..<count).map { number -> [String: Any] in
            let time = now + 0.5 + Double(number) * 1.5 / Double(count)
            let text = time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            return ["op": "create", "body": ["last_name": "Person \(round)-\(number)", "custom": ["meets_at": text]]]
        }
        let answer = try await client.call("POST", "/v1/contacts/batch", ["atomic": true, "operations": operations])
        try #require(answer.status == 200, "\(answer)")
        let results = try answer.json()["results"] as? [[String: Any]] ?? []
        let ids = results.compactMap { ($0["record"] as? [String: Any])?["id"] as? String }
        try #require(ids.count == count, "\(answer)")
        return ids
    }

    private static func object(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    /// Eight writers write without pause; once they have begun, `disaster` strikes; the ids that were answered with 201 come back.
    private func writing(to client: Client, _ disaster: () async throws -> Void) async throws -> Set<String> {
        let ledger = Ledger()
        let writers = (0..<8).map { writer in
            Task {
                var number = 0
                while await !ledger.isClosed {
                    number += 1
                    // While the server is away there is no answer, and so nothing to keep.
                    let answer = try? await client.call("POST", "/v1/contacts", ["last_name": "Writer \(writer), \(number)"])
                    if let answer, answer.status == 201, let id = try answer.text("id") { await ledger.add(id) } else { await Task.yield() }
                }
            }
        }
        _ = try await eventually("two hundred writes are acknowledged") { await ledger.ids.count >= 200 ? true : nil }
        do {
            try await disaster()
            await ledger.close()
        } catch {
            await ledger.close()
            throw error
        }
        for writer in writers { try await writer.value }
        return await ledger.ids
    }

    private func expectAll(_ ids: Set<String>, in client: Client) async throws {
        var found: Set<String> = []
        var cursor: String?
        repeat {
            let page = try await client.get("/v1/contacts?limit=200&fields=last_name" + (cursor.map { "&after=\($0)" } ?? ""))
            let json = try page.json()
            found.formUnion((json["data"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String })
            cursor = (json["page"] as? [String: Any])?["next"] as? String
        } while cursor != nil
        #expect(ids.subtracting(found) == [])
        #expect(ids.count >= 200)
    }
}

/// What was acknowledged, by several writers.
private actor Ledger {
    private(set) var ids: Set<String> = []
    private(set) var isClosed = false

    func add(_ id: String) { ids.insert(id) }
    func close() { isClosed = true }
}

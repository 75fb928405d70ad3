import Foundation
import Testing

@Suite("An operator's command that was killed at any moment can be said again and ends right", .serialized, .timeLimit(.minutes(30)))
struct DeskKillTests {
    private static let rounds = 10

    @Test("Clone, move and restore, ten times each; the neighbours stay as they were, and nobody is reminded twice") func commands()
        async throws
    {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        let desk = Desk(dev: dev, folder: place.path)
        let firm = try await dev.tenant("acme")
        _ = try await dev.tenant("globex").call("POST", "/v1/contacts", ["last_name": "Neighbour"])
        try await fill(firm)
        let north = dev.ready.databaseURL.replacing("/tenantry?", with: "/north?")
        _ = try await Program.run(
            ["-c", "psql -X -q '\(dev.ready.databaseURL)' -c 'CREATE DATABASE north'"], executable: "/bin/sh")
        try await desk.done("cell", "add", "north", "--url", north)
        _ = try await eventually("the reminders are planned") { try await desk.jobs("acme").count >= 5 ? true : nil }
        let (before, neighbour) = (try await desk.hashes("acme"), try await desk.hashes("globex"))
        let waiting = try await desk.jobs("acme")
        #expect(!waiting.isEmpty && (before["contacts"]?.isEmpty == false))

        for round in 0..<Self.rounds {
            try await desk.killed("tenant", "clone", "acme", "--as", "acme-\(round)", "--reason", "kill")
            let copy = try await desk.hashes("acme-\(round)")
            // People have no password there, and reminders are paused.
            for type in before.keys where !["users", "reminders"].contains(type) { #expect(copy[type] == before[type], "\(type)") }
        }
        for round in 0..<Self.rounds {
            let cell = round % 2 == 0 ? "north" : "main"
            let answer = try await desk.killed("tenant", "move", "acme", "--cell", cell, "--reason", "kill")
            #expect(answer["cell"] as? String == cell && answer["state"] as? String == "active")
            #expect(try await desk.hashes("acme") == before)
            #expect(try await desk.jobs("acme") == waiting)
            let seen = try await eventually("the tenant is read where it is now") {
                let answer = try await firm.get("/v1/contacts?count=exact&limit=1")
                return answer.status == 200 ? answer : nil
            }
            #expect((try seen.json()["page"] as? [String: Any])?["count"] as? Int == 300)
        }
        let file = "\(place.path)/acme.snapshot"
        try await desk.done("tenant", "snapshot", "acme", "--to", file, "--reason", "kill")
        for round in 0..<Self.rounds {
            let client = try await dev.signedIn("acme", "ada@acme.example", Dev.password)
            #expect(try await client.call("POST", "/v1/contacts", ["last_name": "Later \(round)"]).status == 201)
            try await desk.killed("tenant", "restore", "acme", "--from", file, "--reason", "kill")
            #expect(try await desk.hashes("acme") == before)
        }

        #expect(try await desk.hashes("globex") == neighbour)
        try await desk.done("audit", "verify")
        try await dev.stop()
    }

    @Test("Reminders that fall due while their tenant moves are sent once each") func reminders() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        let desk = Desk(dev: dev, folder: place.path)
        let firm = try await dev.tenant("acme")
        let north = dev.ready.databaseURL.replacing("/tenantry?", with: "/north?")
        _ = try await Program.run(
            ["-c", "psql -X -q '\(dev.ready.databaseURL)' -c 'CREATE DATABASE north'"], executable: "/bin/sh")
        try await desk.done("cell", "add", "north", "--url", north)
        // A whole minute, far enough away for all of them to be planned.
        let due = Date(timeIntervalSince1970: ((Date.now.timeIntervalSince1970 + 12) / 60).rounded(.up) * 60)
        let format = Date.VerbatimFormatStyle(
            format:
                "\(year: .defaultDigits)-\(month: .twoDigits)-\(day: .twoDigits)T\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits)",
            timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
        for number in 0..<30 {
            let reminder: [String: Any] = [
                "when": ["local": due.formatted(format), "time_zone": "UTC"], "recipients": [["email": "r\(number)@example.com"]],
                "subject": "Reminder number \(number).",
            ]
            #expect(try await firm.call("POST", "/v1/reminders", reminder).status == 201)
        }
        _ = try await eventually("the reminders are planned") { try await desk.jobs("acme").count >= 30 ? true : nil }
        _ = try await eventually("they are about to fall due", within: .seconds(90)) { Date.now > due - 1.5 ? true : nil }

        try await desk.done("tenant", "move", "acme", "--cell", "north", "--reason", "more room")

        func sent() throws -> [Int] {
            let mails = try FileManager.default.contentsOfDirectory(atPath: dev.ready.mailFolder).map {
                String(decoding: FileManager.default.contents(atPath: "\(dev.ready.mailFolder)/\($0)") ?? Data(), as: UTF8.self)
            }
            return (0..<30).map { number in mails.count { $0.contains("Subject: Reminder number \(number).") } }
        }
        _ = try await eventually("all are sent") { try sent().allSatisfy { $0 > 0 } ? true : nil }
        _ = try await eventually("nothing is left to do") { try await desk.jobs("acme").isEmpty ? true : nil }
        #expect(try sent() == Array(repeating: 1, count: 30))
        try await dev.stop()
    }

    private func fill(_ firm: Client) async throws {
        for start in stride(from: 0, to: 300, by: 100) {
            let operations = (start..<start + 100).map { number -> [String: Any] in
                [
                    "op": "create",
                    "body": ["last_name": "Contact \(number)", "email": "c\(number)@example.com", "phone": "+49 30 \(number)"],
                ]
            }
            #expect(try await firm.call("POST", "/v1/contacts/batch", ["operations": operations]).status == 200)
        }
        let field: [String: Any] = ["type": "contacts", "name": "serial", "label": "Serial", "kind": "text"]
        #expect(try await firm.call("POST", "/v1/custom_fields", field).status == 201)
        for number in 0..<5 {
            let reminder: [String: Any] = [
                "when": ["local": "2091-01-0\(number + 1)T09:00", "time_zone": "UTC"], "recipients": ["owner"], "subject": "R\(number)",
            ]
            #expect(try await firm.call("POST", "/v1/reminders", reminder).status == 201)
        }
    }
}

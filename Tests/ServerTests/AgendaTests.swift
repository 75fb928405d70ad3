import Foundation
import HTTPTypes
import Records
import Recurrence
import Secrets
import Support
import Testing

@testable import Server

@Suite("The agenda") struct AgendaTests {
    /// Someone whose clocks show another day than UTC for most of the day.
    private struct Desk {
        let firm: Firm
        let client: Client
        let id: String

        init(zone: String?, settings: JSON = [:]) async throws {
            firm = try await TestSite.shared.firm { $0.append(.init("settings", settings)) }
            client = try await firm.admin()
            id = try await client.get("/v1/session").json["user"]?["id"]?.string ?? ""
            if let zone { try await expect(client.patch("/v1/users/\(id)", ["time_zone": .string(zone)]), 200) }
        }

        @discardableResult func task(_ title: String, _ local: String, _ zone: String, _ more: [JSON.Member] = []) async throws -> String {
            let due: JSON = ["local": .string(local), "time_zone": .string(zone)]
            let made = try await client.post("/v1/tasks", .object([.init("title", .string(title)), .init("due", due)] + more))
            try expect(made, 201)
            return try made.json["id"]?.string ?? ""
        }

        @discardableResult func activity(_ kind: String, _ subject: String, _ at: String, _ more: [JSON.Member] = []) async throws -> String
        {
            let made = try await client.post(
                "/v1/activities",
                .object([.init("kind", .string(kind)), .init("subject", .string(subject)), .init("at", .string(at))] + more))
            try expect(made, 201)
            return try made.json["id"]?.string ?? ""
        }

        private func expect(_ answer: Client.Answer, _ status: Int) throws {
            guard answer.status == status else { throw Unexpected(answer) }
        }
    }

    private static func titles(_ list: JSON?) -> [String] { (list?.elements ?? []).compactMap { $0["record"]?["title"]?.string } }

    @Test("A day is the user's own, whatever zone a task was due in; what is not his or is done is not in it") func day() async throws {
        let desk = try await Desk(zone: "Pacific/Auckland", settings: ["time_zone": "America/New_York"])
        let colleague = try await desk.firm.person("member").get("/v1/session").json["user"]?["id"] ?? .null
        let first = try await desk.task("First minute", "2031-03-10T00:00", "Pacific/Auckland")
        try await desk.task("Last minute", "2031-03-10T23:59", "Pacific/Auckland")
        try await desk.task("Elsewhere, the evening before", "2031-03-09T13:00", "Europe/Berlin")
        try await desk.task("The day before", "2031-03-09T23:59", "Pacific/Auckland")
        try await desk.task("The day after", "2031-03-11T00:00", "Pacific/Auckland")
        try await desk.task("Done", "2031-03-10T12:00", "Pacific/Auckland", [.init("status", "done")])
        try await desk.task("A colleague's", "2031-03-10T12:00", "Pacific/Auckland", [.init("assignee_id", colleague)])
        try await desk.task(
            "Mine by order", "2031-03-10T13:00", "Pacific/Auckland",
            [
                .init("assignee_id", .string(desk.id)), .init("owner_id", colleague),
            ])
        let meeting = try await desk.activity("meeting", "Talk", "2031-03-09T20:30:00Z")
        try await desk.activity("call", "Ring", "2031-03-09T21:30:00Z")
        try await desk.activity("note", "Thought", "2031-03-09T21:40:00Z")
        try await desk.activity("meeting", "Colleague's talk", "2031-03-09T21:50:00Z", [.init("owner_id", colleague)])
        let trashed = try await desk.activity("meeting", "Cancelled", "2031-03-09T21:55:00Z")
        #expect(try await desk.client.delete("/v1/activities/\(trashed)").status == 204)

        let answer = try await desk.client.get("/v1/agenda?date=2031-03-10")

        #expect(answer.status == 200, "\(answer.text)")
        let agenda = try answer.json
        #expect(agenda["from"] == "2031-03-10" && agenda["to"] == "2031-03-10" && agenda["time_zone"] == "Pacific/Auckland")
        #expect(
            Self.titles(agenda["data"])
                == ["First minute", "Elsewhere, the evening before", "Talk", "Ring", "Mine by order", "Last minute"])
        #expect(Self.titles(agenda["overdue"]) == ["The day before"])
        #expect(Self.titles(agenda["upcoming"]) == ["The day after"])
        #expect(
            agenda["data"]?.elements?[0] == [
                "kind": "task", "at": "2031-03-09T11:00:00.000Z", "local": "2031-03-10T00:00",
                "record": ["type": "tasks", "id": .string(first), "title": "First minute"], "status": "open",
            ])
        #expect(
            agenda["data"]?.elements?[2] == [
                "kind": "meeting", "at": "2031-03-09T20:30:00.000Z", "local": "2031-03-10T09:30",
                "record": ["type": "activities", "id": .string(meeting), "title": "Talk"],
            ])
    }

    @Test("A day on which clocks are turned is as long as it is; a week holds its seven days") func turnedClocks() async throws {
        let desk = try await Desk(zone: nil, settings: ["time_zone": "Europe/Berlin"])
        for (subject, at) in [
            ("before", "2031-03-29T22:59:59Z"), ("start", "2031-03-29T23:00:00Z"), ("end", "2031-03-30T21:59:59Z"),
            ("after", "2031-03-30T22:00:00Z"), ("week's end", "2031-04-05T21:59:59Z"), ("next week", "2031-04-05T22:00:00Z"),
        ] { try await desk.activity("meeting", subject, at) }

        let day = try await desk.client.get("/v1/agenda?date=2031-03-30").json
        let week = try await desk.client.get("/v1/agenda?date=2031-03-30&days=7").json

        #expect(day["time_zone"] == "Europe/Berlin")
        #expect(Self.titles(day["data"]) == ["start", "end"] && Self.titles(day["upcoming"]) == ["after", "week's end", "next week"])
        #expect(week["from"] == "2031-03-30" && week["to"] == "2031-04-05")
        #expect(Self.titles(week["data"]) == ["start", "end", "after", "week's end"] && Self.titles(week["upcoming"]) == ["next week"])
        #expect(week["overdue"] == [])
    }

    @Test("Without a date it is today where the user is") func today() async throws {
        let desk = try await Desk(zone: "Pacific/Kiritimati")
        let before = String((LocalTime.text(of: .now, in: "Pacific/Kiritimati") ?? "").prefix(10))

        let agenda = try await desk.client.get("/v1/agenda").json

        let after = String((LocalTime.text(of: .now, in: "Pacific/Kiritimati") ?? "").prefix(10))
        #expect([before, after].contains(agenda["from"]?.string) && agenda["from"] == agenda["to"])
        #expect(agenda["data"] == [] && agenda["overdue"] == [] && agenda["upcoming"] == [])
    }

    @Test(
        "What is no day, or no number of days, is malformed",
        arguments: [
            "date=2031-02-29", "date=31.03.2031", "date=", "date=0000-01-01", "date=9999-12-31", "days=0", "days=32", "days=x", "days=",
            "zone=UTC",
        ])
    func malformed(query: String) async throws {
        let admin = try await TestSite.shared.firm().admin()

        #expect(try await admin.get("/v1/agenda?\(query)").code == "malformed")
    }

    @Test("What a role may not read is not in its agenda, and a hidden title stays hidden") func rights() async throws {
        let desk = try await Desk(zone: "UTC")
        let blind: JSON = [
            "name": "Blind", "rights": ["activities": ["read": "all", "create": true]], "hidden_fields": ["activities": ["subject"]],
        ]
        let role = try await desk.client.post("/v1/roles", blind).json["id"] ?? .null
        let email = "blind@\(desk.firm.slug).example"
        let user = try await desk.client.post(
            "/v1/users", ["email": .string(email), "name": "Blind", "role_id": role, "password": .string(TestSite.password)])
        let id = try user.json["id"] ?? .null
        try await desk.task("Theirs", "2031-03-10T12:00", "UTC", [.init("assignee_id", id)])
        try await desk.activity("meeting", "Secret", "2031-03-10T12:00:00Z", [.init("owner_id", id)])

        let agenda = try await desk.firm.signIn(email).get("/v1/agenda?date=2031-03-10").json

        #expect(agenda["data"]?.elements?.map { $0["kind"] } == ["meeting"])
        #expect(agenda["data"]?.elements?.first?["record"]?["title"] == .null)
        #expect(try await desk.firm.site.stranger.get("/v1/agenda").status == 401)
    }

    @Test("What tells the user is in it at its time: by name, as owner, on birthdays, again and again; what tells others is not")
    func reminders() async throws {
        let desk = try await Desk(zone: "Pacific/Auckland")
        let colleague = try await desk.firm.user("member")
        let colleagueID = try await desk.client.get("/v1/users?filter[email]=\(colleague)").json["data"]?.elements?.first?["id"] ?? .null
        func make(_ type: String, _ body: JSON) async throws -> JSON {
            let made = try await desk.client.post("/v1/\(type)", body)
            guard made.status == 201 else { throw Unexpected(made) }
            return try made.json["id"] ?? .null
        }
        func remind(_ subject: String, _ local: String, _ recipients: JSON, _ more: [JSON.Member] = []) async throws -> JSON {
            let when: JSON = ["local": .string(local), "time_zone": "UTC"]
            return try await make(
                "reminders",
                .object([.init("when", when), .init("recipients", recipients), .init("subject", .string(subject))] + more))
        }
        let named = try await remind("Named", "2031-03-09T19:30", [["user_id": .string(desk.id.uppercased())]])
        _ = try await remind("A colleague's", "2031-03-09T20:00", [["user_id": colleagueID]])
        _ = try await remind("The day after", "2031-03-10T20:00", ["owner"])
        _ = try await remind("Every hour of work", "2030-01-01T22:00", ["owner"], [.init("rrule", "FREQ=DAILY")])
        _ = try await remind("Asleep", "2031-03-09T20:00", ["owner"], [.init("active", false)])
        let contact = try await make("contacts", ["first_name": "Ann", "last_name": "Miller", "birthday": "1980-03-10"])
        let others = try await make("contacts", ["last_name": "Other", "birthday": "1980-03-10", "owner_id": colleagueID])
        _ = try await make("contacts", ["last_name": "Later", "birthday": "1980-06-10"])
        let birthday = try await make(
            "reminders",
            [
                "about": ["type": "contacts"], "when": ["field": "birthday", "offset_minutes": 0], "rrule": "FREQ=YEARLY",
                "recipients": ["owner"], "subject": "{{record.first_name}} has her day",
            ])
        _ = try await remind("Ours", "2031-03-09T23:00", ["owner"], [.init("about", ["type": "contacts", "id": contact])])
        _ = try await remind("Theirs", "2031-03-09T23:00", ["owner"], [.init("about", ["type": "contacts", "id": others])])

        let agenda = try await desk.client.get("/v1/agenda?date=2031-03-10").json
        let week = try await desk.client.get("/v1/agenda?date=2031-03-10&days=7").json
        let blind = try await desk.firm.person("member").get("/v1/agenda?date=2031-03-10").json

        let items = agenda["data"]?.elements ?? []
        #expect(items.map { $0["summary"] } == ["Named", "Ann has her day", "Every hour of work", "Ours"], "\(agenda.text)")
        #expect(items.allSatisfy { $0["kind"] == "reminder" && $0["status"] == "planned" })
        #expect(items.map { $0["local"] } == ["2031-03-10T08:30", "2031-03-10T09:00", "2031-03-10T11:00", "2031-03-10T12:00"])
        #expect(items.first?["record"] == ["type": "reminders", "id": named, "title": "Named"])
        let second = try #require(items.dropFirst().first)
        #expect(second["record"] == ["type": "contacts", "id": contact, "title": "Ann Miller"] && second["reminder_id"] == birthday)
        let next = agenda["upcoming"]?.elements ?? []
        #expect(next.map { $0["summary"] } == ["The day after"] + Array(repeating: "Every hour of work", count: 9), "\(next)")
        #expect(next.map { $0["local"] }.prefix(3) == ["2031-03-11T09:00", "2031-03-11T11:00", "2031-03-12T11:00"])
        #expect(week["data"]?.elements?.filter { $0["summary"] == "Every hour of work" }.count == 7)
        #expect(blind["data"] == [])
    }

    @Test("Of what was due the ledger says what became of it; what was never meant is left out") func toldReminders() async throws {
        let desk = try await Desk(zone: "UTC")
        let yesterday = String((Date.now - 86_400).apiText.prefix(10))
        let made = try await desk.client.post(
            "/v1/reminders",
            ["when": ["local": .string(yesterday + "T00:01"), "time_zone": "UTC"], "recipients": ["owner"], "subject": "Yesterday"])
        let id = try made.json["id"]?.string ?? ""
        func agenda() async throws -> [JSON] {
            try await desk.client.get("/v1/agenda?date=\(yesterday)").json["data"]?.elements ?? []
        }

        let unknown = try await agenda()
        let occurrence = try await desk.client.get("/v1/reminders/\(id)/occurrences?from=\(yesterday)T00:00:00Z").json
        _ = try await desk.firm.scope().run([
            """
            INSERT INTO occurrences (id, reminder_id, recipient, due_at, local, time_zone, status)
            VALUES (\(Self.id(of: id, desk.id, "\(yesterday)T00:01:00"))::uuid, \(id)::uuid, 'user:' || \(desk.id),
                \("\(yesterday)T00:01:00Z")::timestamptz, \(yesterday + "T00:01"), 'UTC', 'sent')
            """
        ])
        let sent = try await agenda()
        _ = try await desk.firm.scope().run(["UPDATE occurrences SET status = 'skipped', reason = 'past'"])
        let past = try await agenda()
        _ = try await desk.firm.scope().run(["UPDATE occurrences SET status = 'skipped', reason = 'opted_out'"])

        #expect(unknown.isEmpty && past.isEmpty && occurrence["data"] == [])
        #expect(sent.map { $0["status"] } == ["sent"])
        #expect(try await agenda().map { $0["status"] } == ["skipped"])
    }

    /// As the ledger makes it: a hash of what it is.
    private static func id(of reminder: String, _ user: String, _ occasion: String) -> String {
        let parts = [reminder, "", "user:\(user)", occasion].joined(separator: "\u{1F}").lowercased()
        var bytes = Array(Digest.sha256(parts).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes.map { String(format: "%02x", $0) }.joined()
    }
}

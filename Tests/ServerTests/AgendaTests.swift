import Foundation
import HTTPTypes
import Records
import Recurrence
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
}

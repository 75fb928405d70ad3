import Foundation
import HTTPTypes
import Records
import Recurrence
import Support
import Testing

@testable import Server

@Suite("What was done and what is to be done") struct WorkTests {
    /// One record of each type that people work on.
    private static func subjects(_ admin: Client) async throws -> [(type: String, id: String)] {
        let pipeline = try await admin.get("/v1/pipelines").json["data"]?.elements?.first
        let bodies: [(String, JSON)] = [
            ("contacts", ["last_name": "Miller"]), ("companies", ["name": "Acme"]), ("leads", ["last_name": "Young"]),
            (
                "deals",
                [
                    "name": "Big", "pipeline_id": pipeline?["id"] ?? .null,
                    "stage_id": pipeline?["stages"]?.elements?.first?["id"] ?? .null,
                ]
            ),
        ]
        var subjects: [(type: String, id: String)] = []
        for (type, body) in bodies {
            let made = try await admin.post("/v1/\(type)", body)
            guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
            subjects.append((type, id))
        }
        return subjects
    }

    @Test("A task is about any record, and the tasks of one are found") func tasksAboutAnything() async throws {
        let admin = try await TestSite.shared.firm().admin()
        for (type, id) in try await Self.subjects(admin) {
            let about: JSON = ["type": .string(type), "id": .string(id)]
            let made = try await admin.post(
                "/v1/tasks",
                [
                    "title": .string("About \(type)"), "about": about, "due": ["local": "2031-11-30T09:00", "time_zone": "Asia/Tokyo"],
                    "priority": "high", "reminders": [60, 0],
                ])
            #expect(made.status == 201, "\(made.text)")
            let task = try made.json

            #expect(task["about"] == about && task["status"] == "open" && task["priority"] == "high" && task["reminders"] == [60, 0])
            #expect(task["due"] == ["local": "2031-11-30T09:00", "time_zone": "Asia/Tokyo"])
            let found = try await admin.get("/v1/tasks?filter[about.type]=\(type)&filter[about.id]=\(id)").json
            #expect(found["data"]?.elements?.map { $0["id"] } == [task["id"]])
            #expect(
                try await admin.get("/v1/tasks?filter[due]=2031-11-30T00:00:00Z&filter[about]=\(id)").json["data"]?.elements?.count == 1)
        }
        for (about, pointer) in [
            (["type": "contacts", "id": "01890000-0000-7000-8000-000000000000"], "/about"),
            (["type": "nothing", "id": "01890000-0000-7000-8000-000000000000"], "/about"), (["type": "contacts"], "/about/id"),
        ] as [(JSON, String)] {
            let refused = try await admin.post("/v1/tasks", ["title": "x", "about": about])
            #expect(refused.status == 422 && refused.pointers.allSatisfy { $0.hasPrefix(pointer) }, "\(refused.text)")
        }
    }

    @Test("An activity names the people, the company, the deal and the lead it was with, and is found by each") func activities()
        async throws
    {
        let admin = try await TestSite.shared.firm().admin()
        let ids = Dictionary(uniqueKeysWithValues: try await Self.subjects(admin).map { ($0.type, JSON.string($0.id)) })
        let body: JSON = [
            "kind": "call", "subject": "Offer", "body": .string(String(repeating: "ü", count: 20_000)), "at": "2031-11-30T10:00:00+02:00",
            "duration_minutes": 30, "direction": "outbound", "contact_ids": [ids["contacts"] ?? .null],
            "company_id": ids["companies"] ?? .null,
            "deal_id": ids["deals"] ?? .null, "lead_id": ids["leads"] ?? .null,
        ]
        let made = try await admin.post("/v1/activities", body)
        #expect(made.status == 201, "\(made.text)")
        let activity = try made.json
        #expect(activity["at"] == "2031-11-30T08:00:00.000Z")

        for (field, type, operation) in [
            ("contact_ids", "contacts", "contains"), ("company_id", "companies", "eq"), ("deal_id", "deals", "eq"),
            ("lead_id", "leads", "eq"),
        ] {
            let found = try await admin.get("/v1/activities?filter[\(field)][\(operation)]=\(ids[type]?.string ?? "")").json
            #expect(found["data"]?.elements?.map { $0["id"] } == [activity["id"]], "\(field)")
        }
        let wrong: [(JSON, String)] = [
            (["subject": "x", "at": "2031-11-30T10:00:00Z"], "/kind"),
            (["kind": "letter", "subject": "x", "at": "2031-11-30T10:00:00Z"], "/kind"),
            (["kind": "note", "subject": "x"], "/at"), (["kind": "note", "subject": "x", "at": "yesterday"], "/at"),
            (
                ["kind": "note", "subject": "x", "at": "2031-11-30T10:00:00Z", "body": .string(String(repeating: "x", count: 20_001))],
                "/body"
            ),
            (["kind": "note", "subject": "x", "at": "2031-11-30T10:00:00Z", "duration_minutes": -1], "/duration_minutes"),
            (["kind": "note", "subject": "x", "at": "2031-11-30T10:00:00Z", "contact_ids": [ids["deals"] ?? .null]], "/contact_ids"),
        ]
        for (body, pointer) in wrong {
            let refused = try await admin.post("/v1/activities", body)
            #expect(refused.status == 422 && refused.pointers == [pointer], "\(refused.text)")
        }
    }

    @Test("Overdue and upcoming tasks are lists by when they are due, each zone's clocks counted") func overdue() async throws {
        let admin = try await TestSite.shared.firm().admin()
        func task(_ title: String, _ offset: Double, _ zone: String, _ status: JSON = "open") async throws {
            let local = LocalTime.text(of: .now + offset * 3_600, in: zone) ?? ""
            let made = try await admin.post(
                "/v1/tasks",
                ["title": .string(title), "due": ["local": .string(local), "time_zone": .string(zone)], "status": status])
            guard made.status == 201 else { throw Unexpected(made) }
        }
        try await task("long ago", -50, "America/Los_Angeles")
        try await task("just now", -2, "Pacific/Kiritimati")
        try await task("was done", -3, "UTC", "done")
        try await task("soon", 2, "America/Los_Angeles")
        try await task("this week", 100, "Pacific/Kiritimati")
        try await task("next year", 9_000, "UTC")
        #expect(try await admin.post("/v1/tasks", ["title": "whenever"]).status == 201)

        func titles(_ conditions: [JSON]) async throws -> [String?] {
            let answer = try await admin.post(
                "/v1/tasks/search",
                ["where": ["and": .array([["field": "status", "op": "eq", "value": "open"]] + conditions)], "sort": "due"])
            #expect(answer.status == 200, "\(answer.text)")
            return try answer.json["data"]?.elements?.map { $0["title"]?.string } ?? []
        }
        let overdue = try await titles([["field": "due", "op": "lt", "value": ["hours": 0]]])
        let upcoming = try await titles([
            ["field": "due", "op": "gte", "value": ["hours": 0]], ["field": "due", "op": "lt", "value": ["days": 7]],
        ])

        #expect(overdue == ["long ago", "just now"])
        #expect(upcoming == ["soon", "this week"])
        #expect(try await titles([["field": "due", "op": "is_null", "value": true]]) == ["whenever"])
        let agenda = try await admin.get("/v1/agenda?days=31").json
        #expect(agenda["overdue"]?.elements?.first?["record"]?["title"] == "long ago")
        #expect(agenda["upcoming"]?.elements?.map { $0["record"]?["title"] } == ["next year"])
    }
}

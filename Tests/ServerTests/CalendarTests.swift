import Foundation
import HTTPTypes
import Records
import Recurrence
import Secrets
import Support
import Tenancy
import Testing

@testable import Server

@Suite("The calendar by its address") struct CalendarTests {
    /// The address that the service gives, without its origin.
    private static func path(_ answer: Client.Answer) throws -> String {
        guard answer.status == 201, let url = try answer.json["url"]?.string, let start = url.range(of: "/v1/") else {
            throw Unexpected(answer)
        }
        return String(url[start.lowerBound...])
    }

    private static func moment(_ offset: Double) -> Date {
        Date(timeIntervalSince1970: (Date.now.timeIntervalSince1970 / 60).rounded(.down) * 60 + offset * 3_600)
    }

    private static func text(_ instant: Date) -> String { CivilMoment(utc: instant).secondText + "Z" }

    @Test("Another program reads the meetings, calls and tasks of its user, and nobody else's") func feed() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let colleague = try await firm.person("member").get("/v1/session").json["user"]?["id"] ?? .null
        let (meets, rings) = (Self.moment(30), Self.moment(-40))
        let meeting: JSON = [
            "kind": "meeting", "subject": "Offer; final, \"round\" 漢字", "body": "Bring:\nlaptop", "at": .string(Self.text(meets)),
            "duration_minutes": 90, "tags": ["big", "a,b"],
        ]
        var ids: [String] = []
        for body in [
            meeting, ["kind": "call", "subject": "Ring", "at": .string(Self.text(rings))],
            ["kind": "note", "subject": "Thought", "at": .string(Self.text(rings))],
            ["kind": "call", "subject": "Long ago", "at": .string(Self.text(Self.moment(-24 * 100)))],
            ["kind": "meeting", "subject": "Colleague's", "at": .string(Self.text(meets)), "owner_id": colleague],
        ] as [JSON] {
            let made = try await admin.post("/v1/activities", body)
            #expect(made.status == 201, "\(made.text)")
            ids.append(try made.json["id"]?.string ?? "")
        }
        for body in [
            ["title": "Write", "due": ["local": "2031-07-01T09:00", "time_zone": "Asia/Tokyo"], "priority": "high"],
            ["title": "Whenever", "priority": "low"], ["title": "Colleague's", "assignee_id": colleague],
            [
                "title": "Done", "status": "done",
                "due": ["local": .string(LocalTime.text(of: Self.moment(-5), in: "UTC") ?? ""), "time_zone": "UTC"],
            ],
        ] as [JSON] {
            let made = try await admin.post("/v1/tasks", body)
            #expect(made.status == 201, "\(made.text)")
            ids.append(try made.json["id"]?.string ?? "")
        }
        let path = try Self.path(try await admin.send(.post, "/v1/calendar/token"))

        let answer = try await firm.site.stranger.get(path)

        #expect(answer.status == 200 && answer.headers[.contentType] == "text/calendar; charset=utf-8", "\(answer.text)")
        let calendar = try await Self.read(answer.bytes)
        #expect(calendar["name"] == "Test Firm")
        let events = calendar["events"]?.elements ?? []
        #expect(events.map { $0["summary"] } == ["Offer; final, \"round\" 漢字", "Ring"])
        #expect(events.first?["uid"] == .string("\(ids[0])@tenantry") && events.first?["description"] == "Bring:\nlaptop")
        #expect(events.first?["start"] == .string(CivilMoment(utc: meets).secondText + "+00:00"))
        #expect(events.first?["end"] == .string(CivilMoment(utc: meets + 5_400).secondText + "+00:00"))
        #expect(events.first?["categories"] == ["big", "a,b"] && events.last?["end"] == .null)
        let todos = calendar["todos"]?.elements ?? []
        #expect(todos.map { $0["summary"] } == ["Write", "Whenever", "Done"])
        #expect(todos.map { $0["status"] } == ["NEEDS-ACTION", "NEEDS-ACTION", "COMPLETED"])
        #expect(todos.map { $0["priority"] } == [1, 9, 5])
        #expect(todos.first?["due"] == "2031-07-01T00:00:00+00:00" && todos[1]["due"] == .null && todos.last?["completed"]?.string != nil)
    }

    /// What the package icalendar finds in a calendar.
    private static func read(_ bytes: [UInt8]) async throws -> JSON {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).ics")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover file harms nobody.
        let (status, output) = try await PythonTool.script(reader, [file.path()])
        guard status == 0 else { throw Unexpected(output) }
        return try JSON(parsing: output.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static let reader = """
        import json, sys
        from icalendar import Calendar

        calendar = Calendar.from_ical(open(sys.argv[1], "rb").read())
        assert calendar["VERSION"] == "2.0" and not calendar.errors

        def text(part, name):
            return str(part[name]) if name in part else None

        def time(part, name):
            return part.decoded(name).isoformat() if name in part else None

        def read(part):
            assert not part.errors and "DTSTAMP" in part
            return {
                "uid": text(part, "UID"), "summary": text(part, "SUMMARY"), "description": text(part, "DESCRIPTION"),
                "start": time(part, "DTSTART"), "end": time(part, "DTEND"), "due": time(part, "DUE"),
                "completed": time(part, "COMPLETED"), "status": text(part, "STATUS"),
                "priority": int(part["PRIORITY"]) if "PRIORITY" in part else None,
                "categories": [str(one) for one in part.categories] if "CATEGORIES" in part else [],
            }

        print(json.dumps({
            "name": str(calendar["X-WR-CALNAME"]), "events": [read(part) for part in calendar.walk("VEVENT")],
            "todos": [read(part) for part in calendar.walk("VTODO")]}))
        """

    @Test("A new token ends the old one, and a revoked one reads nothing; each within a second") func rotation() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let stranger = firm.site.stranger

        let first = try Self.path(try await admin.post("/v1/calendar/token", [:]))
        #expect(first.hasPrefix("/v1/calendar/tc_\(firm.slug)_") && first.hasSuffix(".ics"))
        #expect(try await stranger.get(first).status == 200)
        let second = try Self.path(try await admin.send(.post, "/v1/calendar/token"))
        #expect(second != first)
        try await eventually { try await stranger.get(first).status == 404 }
        #expect(try await stranger.get(second).status == 200)
        #expect(try await admin.delete("/v1/calendar/token").status == 204)
        try await eventually { try await stranger.get(second).status == 404 }
        #expect(try await admin.delete("/v1/calendar/token").status == 204)
        #expect(try await stranger.delete("/v1/calendar/token").status == 401)
        #expect(try await admin.post("/v1/calendar/token", ["name": "x"]).pointers == ["/name"])
    }

    @Test("The same key makes the same address, which stands nowhere in the database; another session cannot ask for it")
    func repeated() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let first = try await admin.with(.idempotencyKey, "calendar").send(.post, "/v1/calendar/token")

        let second = try await admin.with(.idempotencyKey, "calendar").send(.post, "/v1/calendar/token")

        #expect(first.status == 201 && second.status == 201 && first.text == second.text)
        #expect(second.headers[.idempotentReplayed] == "true")
        #expect(try first.json.members?.map(\.name) == ["url"])
        let path = try Self.path(first)
        let token = try #require(CalendarAddress.token(in: String(path.dropFirst("/v1/calendar/".count))))
        let kept = try await firm.scope().rows("SELECT body FROM idempotent_requests").map { $0.optionalText(0) ?? "" }
        #expect(!kept.isEmpty && !kept.contains { $0.contains(token.text.suffix(49)) })
        #expect(try await firm.site.stranger.get(path).status == 200)
    }

    @Test("The token reads the calendar and nothing else, and nothing else reads the calendar") func boundaries() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let path = try Self.path(try await admin.send(.post, "/v1/calendar/token"))
        let token = String(path.dropFirst("/v1/calendar/".count).dropLast(4))
        let stranger = firm.site.stranger

        #expect(try await stranger.bearing(token).get("/v1/contacts").status == 401)
        #expect(try await stranger.bearing(token).get("/v1/session").status == 401)
        #expect(try await stranger.get("/v1/calendar/\(admin.credential?.text ?? "").ics").status == 404)
        #expect(try await stranger.get("/v1/calendar/\(token)").status == 404)
        #expect(try await stranger.get("/v1/calendar/\(Credential.mint(.calendar, slug: firm.slug).text).ics").status == 404)
        #expect(try await stranger.get("/v1/calendar/\(Credential.mint(.calendar, slug: "no-such-firm").text).ics").status == 404)
        #expect(try await stranger.with(.tenant, "another").get(path).status == 404)
        #expect(try await stranger.get(path + "?x=1").code == "malformed")
        _ = try await firm.scope().run(["UPDATE users SET status = 'disabled'", Credentials.changed(firm.slug)])
        try await eventually { try await stranger.get(path).status == 404 }
    }

    @Test("An unchanged calendar is not sent twice") func unchanged() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        #expect(try await admin.post("/v1/tasks", ["title": "One"]).status == 201)
        let path = try Self.path(try await admin.send(.post, "/v1/calendar/token"))
        let first = try await firm.site.stranger.get(path)
        let tag = try #require(first.headers[.eTag])

        let same = try await firm.site.stranger.with(.ifNoneMatch, tag).get(path)
        #expect(same.status == 304 && same.bytes.isEmpty && same.headers[.eTag] == tag)
        #expect(try await admin.post("/v1/tasks", ["title": "Two"]).status == 201)
        let other = try await firm.site.stranger.with(.ifNoneMatch, tag).get(path)
        #expect(other.status == 200 && other.headers[.eTag] != tag)
    }
}

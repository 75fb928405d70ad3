import CRM
import Foundation
import Records
import Recurrence
import Support
import Testing

@Suite("The calendar that other programs read") struct ICalendarTests {
    private let instant = Date(timeIntervalSince1970: 1_796_032_800.75)  // 2026-11-30T10:00:00.750Z

    @Test("It is written as RFC 5545 says") func form() {
        let meeting = ICalendar.Event(
            .init(
                uid: "1@tenantry", stamp: instant, summary: "Offer; final, round", description: "Bring:\nlaptop",
                categories: ["a,b", "", "c"],
                lastModified: instant, sequence: 3),
            start: instant, end: instant + 1800, location: "Köln", status: .confirmed)
        let call = ICalendar.Todo(
            .init(uid: "2@tenantry", stamp: instant, summary: "Call"), due: instant, priority: .high, status: .done(instant))

        let text = String(decoding: ICalendar(name: "Ada, Acme", events: [meeting], todos: [call]).bytes, as: UTF8.self)

        #expect(
            text
                == [
                    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tenantry//Tenantry//EN", #"X-WR-CALNAME:Ada\, Acme"#, "BEGIN:VEVENT",
                    "UID:1@tenantry", "DTSTAMP:20261130T100000Z", #"SUMMARY:Offer\; final\, round"#, #"DESCRIPTION:Bring:\nlaptop"#,
                    #"CATEGORIES:a\,b,c"#, "LAST-MODIFIED:20261130T100000Z", "SEQUENCE:3", "DTSTART:20261130T100000Z",
                    "DTEND:20261130T103000Z",
                    "LOCATION:Köln", "STATUS:CONFIRMED", "END:VEVENT", "BEGIN:VTODO", "UID:2@tenantry", "DTSTAMP:20261130T100000Z",
                    "SUMMARY:Call",
                    "DUE:20261130T100000Z", "PRIORITY:1", "STATUS:COMPLETED", "COMPLETED:20261130T100000Z", "END:VTODO", "END:VCALENDAR",
                    "",
                ].joined(separator: "\r\n"))
    }

    @Test("What ends when it begins has no end") func noEnd() {
        for end in [nil, instant, instant - 60, instant + 0.1] {
            let event = ICalendar.Event(.init(uid: "1", stamp: instant, summary: "x"), start: instant, end: end)

            #expect(!String(decoding: ICalendar(name: "x", events: [event]).bytes, as: UTF8.self).contains("DTEND"))
        }
    }

    @Test("Another program reads back every text, time and state")
    func readBack() async throws {
        let calendar = Self.nasty(at: instant)
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).ics")
        try Data(calendar.bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover file harms nobody.

        let (status, output) = try await PythonTool.script(Self.reader, [file.path()])

        try #require(status == 0, "\(output.suffix(2_000))")
        let read = try JSON(parsing: output.trimmingCharacters(in: .whitespacesAndNewlines))
        let expected = Self.expectation(of: calendar)
        // The parser leaves properties that begin with X- as they stand; subscribers' programs take them for text.
        #expect(read["name"] == expected["name"])
        for kind in ["events", "todos"] {
            #expect(read[kind]?.elements?.count == Self.texts.count)
            for (read, expected) in zip(read[kind]?.elements ?? [], expected[kind]?.elements ?? []) {
                for member in expected.members ?? [] { #expect(read[member.name] == member.value, "\(kind) \(expected["uid"] ?? .null)") }
            }
        }
    }

    private static let texts = [
        "plain", "a;b,c:d\\e\"f\"", "line\nbreak\n\nand more\n", #"not a break: \n \N \, \;"#, " spaces around ", "\ttab",
        "漢字 and 😀 and e\u{301}",
        String(repeating: "ünïcödé;,\\\n", count: 40), String(repeating: "😀", count: 100), "BEGIN:VEVENT\nEND:VCALENDAR", "=0D=0A", "^n^'",
        "%0A",
        "\u{FEFF}bom", "\u{AD}soft\u{200B}zero\u{202E}turned",
    ]

    private static func nasty(at instant: Date) -> ICalendar {
        let statuses: [ICalendar.Event.Status?] = [nil, .tentative, .confirmed, .cancelled]
        let states: [ICalendar.Todo.Status] = [.open, .cancelled, .done(nil), .done(instant)]
        let priorities: [ICalendar.Todo.Priority] = [.high, .normal, .low]
        return ICalendar(
            name: texts[1],
            events: texts.enumerated().map { index, text in
                .init(
                    .init(
                        uid: "event-\(index)@tenantry", stamp: instant, summary: text, description: text,
                        categories: [text, "second,\(index)"],
                        lastModified: instant + Double(index), sequence: index),
                    start: instant + Double(index) * 86_400, end: instant + Double(index) * 86_400 + 5400, location: text,
                    status: statuses[index % 4])
            },
            todos: texts.enumerated().map { index, text in
                .init(
                    .init(uid: "todo-\(index)@tenantry", stamp: instant, summary: text, description: text),
                    due: index == 0 ? nil : instant + Double(index), priority: priorities[index % 3], status: states[index % 4])
            })
    }

    /// What the script prints for a calendar that came through unharmed.
    private static func expectation(of calendar: ICalendar) -> JSON {
        func time(_ instant: Date?) -> JSON { instant.map { .string(CivilMoment(utc: $0).secondText + "+00:00") } ?? .null }
        func common(_ common: ICalendar.Common) -> [JSON.Member] {
            [
                .init("uid", .string(common.uid)), .init("dtstamp", time(common.stamp)), .init("summary", .string(common.summary)),
                .init("description", JSON(common.description)), .init("categories", JSON(common.categories)),
                .init("last-modified", time(common.lastModified)), .init("sequence", common.sequence.map { JSON($0) } ?? .null),
            ]
        }
        func state(_ status: ICalendar.Todo.Status) -> (JSON, JSON) {
            switch status {
            case .open: ("NEEDS-ACTION", .null)
            case .cancelled: ("CANCELLED", .null)
            case .done(let instant): ("COMPLETED", time(instant))
            }
        }
        let events: [JSON] = calendar.events.map { event in
            .object(
                common(event.common) + [
                    .init("dtstart", time(event.start)), .init("dtend", time(event.end)), .init("location", JSON(event.location)),
                    .init("status", JSON(event.status?.rawValue.uppercased())),
                ])
        }
        let todos: [JSON] = calendar.todos.map { todo in
            let (status, completed) = state(todo.status)
            return .object(
                common(todo.common) + [
                    .init("due", time(todo.due)), .init("priority", JSON(todo.priority.rawValue)), .init("status", status),
                    .init("completed", completed),
                ])
        }
        return .object([.init("name", .string(calendar.name)), .init("events", .array(events)), .init("todos", .array(todos))])
    }

    private static let reader = """
        import json, sys
        from icalendar import Calendar
        from icalendar.parser import unescape_backslash

        calendar = Calendar.from_ical(open(sys.argv[1], "rb").read())
        assert calendar["VERSION"] == "2.0" and not calendar.errors

        def value(part, name):
            if name not in part:
                return [] if name == "categories" else None
            if name == "categories":
                return [str(c) for c in part["categories"].cats]
            found = part[name]
            if hasattr(found, "dt"):
                return found.dt.isoformat()
            return int(found) if name in ("sequence", "priority") else str(found)

        def parts(kind, names):
            found = list(calendar.walk(kind))
            assert not any(part.errors for part in found)
            return [{name: value(part, name) for name in names} for part in found]

        common = ["uid", "dtstamp", "summary", "description", "categories", "last-modified", "sequence"]
        print(json.dumps({
            "name": str(unescape_backslash(str(calendar["X-WR-CALNAME"]))),
            "events": parts("VEVENT", common + ["dtstart", "dtend", "location", "status"]),
            "todos": parts("VTODO", common + ["due", "priority", "status", "completed"]),
        }, ensure_ascii=False))
        """
}

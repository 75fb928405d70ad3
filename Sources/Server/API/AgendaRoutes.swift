import CRM
import Foundation
import HTTPTypes
import Records

/// What the caller has before him: `/v1/agenda`.
struct AgendaRoutes: Sendable {
    var endpoints: [Endpoint] { [.person(.get, "/v1/agenda", Self.show, show)] }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        let days = try call.query.integer("days", in: 1...Agenda.longest, otherwise: 1)
        let agenda = Agenda(in: person.scope, for: person.caller, of: person.catalog)
        return .json(
            try await agenda.answer(
                from: call.query["date"], days: days, zone: person.policy.timeZone, now: TenantClock.now(of: person.scope)))
    }
}

extension AgendaRoutes {
    private static let show = Operation(
        "agenda.get", "My open tasks, meetings, calls and reminders of some days, in my own time zone", tag: "Calendar",
        parameters: [
            Parameter("date", in: .query, ["type": "string", "format": "date"], "The first day; today without it."),
            Parameter(
                "days", in: .query, ["type": "integer", "minimum": 1, "maximum": JSON(Agenda.longest), "default": 1], "How many days."),
        ],
        responses: [
            200: ResponseDescription(
                """
                In the order of time: `data` of these days (at most \(Agenda.most)), `overdue` tasks due before them and still open (at most \
                \(Agenda.mostOverdue)), the next \(Agenda.mostUpcoming) `upcoming` after them. Tasks are those assigned to the caller, or owned \
                and assigned to nobody; meetings and calls those the caller owns; reminders, in `data` and in `upcoming` of the \
                \(Agenda.longest) days after it, those that tell the caller, also when they are not mailed, by their readable subject (a task's \
                own are left out: the task is there itself). Of a reminder about all records of a type at most \
                \(Agenda.mostReminded) records are looked at.
                """, schema: ["$ref": "#/components/schemas/Agenda"])
        ])

    static let schemas: [String: JSON] = [
        "Agenda": .objectSchema(
            [
                "from": ["type": "string", "format": "date"], "to": ["type": "string", "format": "date"],
                "time_zone": ["type": "string", "description": "The user's, else the settings'."], "data": items, "overdue": items,
                "upcoming": items,
            ], required: ["from", "to", "time_zone", "data", "overdue", "upcoming"]),
        "AgendaItem": .objectSchema(
            [
                "kind": ["type": "string", "enum": ["task", "meeting", "call", "reminder"]], "at": .timeSchema,
                "local": ["type": "string", "description": "What clocks show in `time_zone`, as 2026-11-30T09:00."],
                "record": .objectSchema(
                    ["type": ["type": "string"], "id": .idSchema, "title": ["type": ["string", "null"]]],
                    required: ["type", "id", "title"]),
                "status": [
                    "type": "string",
                    "description": "Of a task; or of a reminder: planned, sent, skipped, failed, unknown, as in its occurrences.",
                ],
                "reminder_id": [
                    "type": "string", "format": "uuid", "description": "Of a reminder; `record` is what it is about, or itself.",
                ],
                "summary": ["type": "string", "description": "What a reminder's mail is called."],
            ], required: ["kind", "at", "local", "record"]),
    ]

    private static let items: JSON = ["type": "array", "items": ["$ref": "#/components/schemas/AgendaItem"]]
}

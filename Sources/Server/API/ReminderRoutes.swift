import CRM
import Foundation
import HTTPTypes
import Records

/// What reminders and templates do besides what every record does: `/v1/reminders`, `/v1/occurrences`, `/v1/templates`.
struct ReminderRoutes: Sendable {
    private let settings: ServerSettings

    init(_ house: House) {
        settings = house.settings
    }

    var endpoints: [Endpoint] {
        [
            .person(.post, "/v1/reminders/preview", Self.preview, preview),
            .person(.get, "/v1/reminders/{id}/occurrences", Self.ofReminder, ofReminder),
            .person(.get, "/v1/occurrences", Self.all, all),
            .person(.post, "/v1/templates/{id}/preview", Self.template, template),
            .person(.post, "/v1/templates/{id}/test_send", Self.test, test),
        ]
    }

    private func preview(_ call: Call, _ person: Person) async throws -> Reply {
        guard person.rights[Reminders.type.name].read != .none else { throw Problem(.forbidden, "Your role may not read reminders.") }
        return try await call.repeatablyReading(person) {
            RecordAnswer(status: 200, body: try await ReminderPreview.answer(try await call.json(), in: person.scope).bytes)
        }
    }

    private func ofReminder(_ call: Call, _ person: Person) async throws -> Reply {
        let id = try call.id()
        let (from, to) = (try call.time("from"), try call.time("to"))
        let list = OccurrenceList(in: person.scope, for: person.caller, of: person.catalog)
        let now = TenantClock.now(of: person.scope)
        let entries = try await list.entries(of: id, from: from ?? Self.beginning, to: to ?? max(from ?? now, now) + Self.year, now: now)
        let name = "\(person.tenant.slug) occurrences \(id) \(call.query["from"] ?? "") \(call.query["to"] ?? "")"
        return try WholeList(name: name, rows: entries, key: \.key).page(call) { $0.document }
    }

    private static let year: TimeInterval = 366 * 86_400
    private static let beginning = Date(timeIntervalSince1970: 0)

    private func all(_ call: Call, _ person: Person) async throws -> Reply {
        guard person.rights[Reminders.type.name].read != .none else { throw Problem(.forbidden, "Your role may not read reminders.") }
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        let status = call.query["status"]
        if let status, !OccurrenceList.statuses.contains(status) {
            throw Problem(
                .malformed, "The query parameter \"status\" is one of \(OccurrenceList.statuses.joined(separator: ", ")).")
        }
        let mark = PageMark(list: "\(person.tenant.slug) occurrences \(status ?? "")")
        let last = try call.query["after"].map { cursor throws(Problem) in try mark.last(in: cursor) }
        let entries = try await OccurrenceList(in: person.scope, for: person.caller, of: person.catalog)
            .page(status: status, after: last, limit: limit + 1)
        let shown = entries.prefix(limit)
        return .page(
            shown.map(\.document), next: entries.count > limit ? shown.last.map { mark.text(after: $0.key) } : nil, of: call)
    }

    private func template(_ call: Call, _ person: Person) async throws -> Reply {
        let id = try call.id()
        return try await call.repeatablyReading(person) {
            let preview = TemplatePreview(in: person.scope, for: person.caller, of: person.catalog)
            return RecordAnswer(
                status: 200,
                body: try await preview.answer(
                    id, try await call.jsonIfAny(), origin: origin(person), now: TenantClock.now(of: person.scope)
                ).bytes
            )
        }
    }

    private func test(_ call: Call, _ person: Person) async throws -> Reply {
        let id = try call.id()
        return try await call.repeatably(person) { repeatable in
            try await TemplateTest(in: person.scope, for: person.caller, of: person.catalog).order(
                id, try await call.jsonIfAny(), origin: origin(person), now: TenantClock.now(of: person.scope), repeatable: repeatable)
        }
    }

    private func origin(_ person: Person) -> String {
        let own = settings.baseDomain.map { "\(person.tenant.slug).\($0)" } ?? "\(settings.host):\(settings.port)"
        return (settings.isSecure ? "https://" : "http://") + own
    }
}

extension Call {
    /// A time of the query; nil when it is not given.
    fileprivate func time(_ name: String) throws(Problem) -> Date? {
        guard let text = query[name] else { return nil }
        guard let time = Date(rfc3339: text) else {
            throw Problem(
                .malformed, "The query parameter \"\(name)\" is a time with its zone as RFC 3339 writes it: 2026-11-30T09:00:00Z.")
        }
        return time
    }
}

extension ReminderRoutes {
    private static let preview = Operation(
        "reminders.preview", "When a reminder would be due, without making it; at most \(ReminderPreview.most) times", tag: "reminders",
        parameters: [.idempotencyKey], body: BodyDescription(["$ref": "#/components/schemas/ReminderPreview"]),
        responses: [
            200: ResponseDescription(
                "In the order of time.",
                schema: .listSchema(
                    of: .objectSchema(["due_at": .timeSchema, "local": ["type": "string"]], required: ["due_at", "local"]), paged: false))
        ], problems: [.invalid, .idempotencyMismatch, .idempotencyRunning])
    private static let ofReminder = Operation(
        "reminders.occurrences", "What fell due of a reminder and what became of it, and what is going to fall due", tag: "reminders",
        parameters: [
            .id(), time("from", "Not earlier; from the beginning without it."), time("to", "Not later; a year ahead without it."), .limit,
            .after,
        ],
        responses: [
            200: ResponseDescription(
                "In the order of time, at most \(OccurrenceList.most). What is not due yet is worked out for this window.",
                schema: .listSchema(of: ["$ref": "#/components/schemas/Occurrence"]))
        ], problems: [.notFound, .cursor], cost: .computing)
    private static let all = Operation(
        "occurrences.list", "What fell due of all reminders and tasks that I may read, and what became of it; newest first",
        tag: "reminders",
        parameters: [
            Parameter("status", in: .query, ["type": "string", "enum": JSON(OccurrenceList.statuses)], "Only these."), .limit, .after,
        ],
        responses: [200: ResponseDescription("One page.", schema: .listSchema(of: ["$ref": "#/components/schemas/Occurrence"]))],
        problems: [.cursor])
    private static let template = Operation(
        "templates.preview", "A template's mail as it would be now, about a record and to me; nothing is sent", tag: "templates",
        parameters: [.id(), .idempotencyKey],
        body: BodyDescription(.objectSchema(["about": about]), required: false),
        responses: [
            200: ResponseDescription(
                "The mail.",
                schema: .objectSchema(
                    ["subject": ["type": "string"], "html": ["type": "string"], "text": ["type": "string"]],
                    required: ["subject", "html", "text"]))
        ], problems: [.notFound, .conflict, .invalid, .idempotencyMismatch, .idempotencyRunning])

    private static let test = Operation(
        "templates.test_send", "Send a template's mail to see how it arrives: to me, or to whom I name if I may change the template",
        tag: "templates", parameters: [.id(), .idempotencyKey],
        body: BodyDescription(
            .objectSchema([
                "to": ["type": ["string", "null"], "description": "An address; my own without it."], "about": about,
            ]), required: false),
        responses: [
            202: ResponseDescription(
                "It is on its way: what the ledger of mails calls it, whom it goes to and its subject.",
                schema: .objectSchema(
                    ["id": .idSchema, "to": ["type": "string"], "subject": ["type": "string"]], required: ["id", "to", "subject"]))
        ], problems: [.notFound, .forbidden, .conflict, .invalid, .rateLimited, .idempotencyMismatch, .idempotencyRunning])
    private static let about: JSON = [
        "type": ["object", "null"], "required": ["type", "id"], "additionalProperties": false,
        "properties": ["type": ["type": "string"], "id": .idSchema],
    ]

    private static func time(_ name: String, _ help: String) -> Parameter {
        Parameter(name, in: .query, ["type": "string", "format": "date-time"], help)
    }

    static let schemas: [String: JSON] = [
        "ReminderPreview": .objectSchema(
            [
                "when": .objectSchema(
                    [
                        "local": ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"],
                        "time_zone": ["type": "string", "description": "IANA."],
                        "business_days": ["type": "boolean", "description": "As in a reminder."],
                        "business_hours": ["type": "boolean", "description": "As in a reminder."],
                    ], required: ["local", "time_zone"]),
                "rrule": ["type": ["string", "null"]],
                "exdate": [
                    "type": ["array", "null"], "maxItems": 1_000,
                    "items": ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"],
                ],
                "from": ["type": ["string", "null"], "format": "date-time", "description": "Now without it."],
                "to": ["type": ["string", "null"], "format": "date-time", "description": "A year after `from` without it."],
            ], required: ["when"]),
        "Occurrence": .objectSchema(
            [
                "id": ["type": "string", "format": "uuid", "description": "The same before and after it is due."],
                "reminder_id": ["type": ["string", "null"], "format": "uuid", "description": "Null: one of a task's own."],
                "about": ["type": ["object", "null"], "required": ["type", "id"]],
                "recipient": [
                    "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
                    "properties": ["user_id": .idSchema, "contact_id": .idSchema, "lead_id": .idSchema, "email": ["type": "string"]],
                ],
                "due_at": .timeSchema, "local": ["type": "string"], "time_zone": ["type": "string"],
                "status": ["type": "string", "enum": JSON(OccurrenceList.statuses)],
                "reason": [
                    "type": ["string", "null"],
                    "description":
                        "Why it was skipped, or is put off: opted_out, suppressed, trashed, inactive, suspended, plan, quiet_hours, past, no_address.",
                ],
                "attempts": ["type": "integer", "minimum": 0], "message_id": ["type": ["string", "null"]],
                "lateness_ms": ["type": ["integer", "null"], "description": "From when it was due until a mail server took it."],
            ],
            required: [
                "id", "reminder_id", "about", "recipient", "due_at", "local", "time_zone", "status", "reason", "attempts", "message_id",
                "lateness_ms",
            ]),
    ]
}

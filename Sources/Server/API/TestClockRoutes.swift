import CRM
import Foundation
import HTTPTypes
import Records
import Tenancy

/// The clock of a test tenant: `/v1/test/clock`. Whoever runs the account sets it and moves it on; other tenants have none.
struct TestClockRoutes: Sendable {
    private let installation: Installation
    private let principals: PrincipalCache

    init(_ house: House) {
        installation = house.installation
        principals = house.principals
    }

    var endpoints: [Endpoint] {
        [
            .person(.post, "/v1/test/clock", Self.set, set),
            .person(.post, "/v1/test/clock/advance", Self.advance, advance),
        ]
    }

    private func set(_ call: Call, _ person: Person) async throws -> Reply {
        try await moving(call, person) { clock, body in
            var form = Form(body, known: ["now"])
            let now = form.clock("now")
            if !form.has("now") { form.refuse("now", .required, "This is needed.") }
            try form.finish()
            return try await clock.set(to: now ?? .now)
        }
    }

    private func advance(_ call: Call, _ person: Person) async throws -> Reply {
        try await moving(call, person) { clock, body in
            var form = Form(body, known: ["seconds", "to"])
            let seconds = form.integer("seconds", in: 0...Self.longest)
            let time = form.clock("to")
            if form.has("seconds") == form.has("to") {
                form.refuse("seconds", .required, "The clock moves on by `seconds`, or it goes `to` a time.")
            }
            try form.finish()
            if let time { return try await clock.advance(named: "/to") { _ in time } }
            return try await clock.advance(named: "/seconds") { $0 + Double(seconds ?? 0) }
        }
    }

    /// A hundred years.
    private static let longest = 3_155_760_000

    /// Every process sees the new time afterwards, also when the clock stopped on its way.
    private func moving(
        _ call: Call, _ person: Person, _ move: (ClockMove, JSON) async throws -> ClockMove.Answer
    ) async throws -> Reply {
        guard person.tenant.isTest else {
            throw Problem(.forbidden, "Only a test account has a clock that can be set; it is made one when it is provisioned.")
        }
        guard person.rights.admin.settings else { throw Problem(.forbidden, "Only those who run the account's settings may do this.") }
        return try await call.repeatablyReading(person) {
            let body = try await call.json()
            let outcome: Result<ClockMove.Answer, any Error>
            do { outcome = .success(try await move(ClockMove(in: person.scope, installation), body)) } catch { outcome = .failure(error) }
            principals.forgetAll(of: person.tenant.slug)
            _ = try await person.scope.run([Credentials.changed(person.tenant.slug)])
            let answer = try outcome.get()
            let document: JSON = ["now": .string(answer.now.apiText), "fired": JSON(answer.fired)]
            return RecordAnswer(status: 200, body: document.bytes)
        }
    }
}

extension Form {
    /// A time from the year 1 to 9999.
    fileprivate mutating func clock(_ name: String) -> Date? {
        guard let time = time(name) else { return nil }
        if Date(rfc3339: time.apiText) == nil { refuse(name, .range, "This is a time from the year 1 to 9999.") }
        return time
    }
}

extension TestClockRoutes {
    private static let set = Operation(
        "test_clock.set",
        """
        Set the clock of a test account; it stands still until it is moved on. The first time it may show any time, and what fell due before \
        that is past; from then on this is as `advance`. Whatever is written keeps real time
        """, tag: "test", parameters: [.idempotencyKey], body: BodyDescription(["$ref": "#/components/schemas/TestClockOrder"]),
        responses: answers, problems: problems)
    private static let advance = Operation(
        "test_clock.advance",
        """
        Move the clock of a test account on, by seconds or to a time: reminders, retries, trials and retention that fall due on the way happen \
        in order, and the answer comes when all of it has ended
        """, tag: "test", parameters: [.idempotencyKey], body: BodyDescription(["$ref": "#/components/schemas/TestClockAdvance"]),
        responses: answers, problems: problems)

    private static let problems: [Problem.Code] = [.forbidden, .conflict, .invalid, .idempotencyMismatch, .idempotencyRunning]
    private static let answers = [200: ResponseDescription("Where the clock stands.", schema: ["$ref": "#/components/schemas/TestClock"])]

    static let schemas: [String: JSON] = [
        "TestClockOrder": .objectSchema(["now": .timeSchema], required: ["now"]),
        "TestClockAdvance": [
            "oneOf": [
                .objectSchema(["seconds": ["type": "integer", "minimum": 0, "maximum": JSON(longest)]], required: ["seconds"]),
                .objectSchema(["to": .timeSchema], required: ["to"]),
            ]
        ],
        "TestClock": .objectSchema(
            ["now": .timeSchema, "fired": ["type": "integer", "minimum": 0, "description": "How many reminders fell due on the way."]],
            required: ["now", "fired"]),
    ]
}

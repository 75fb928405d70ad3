import CRM
import Foundation
import HTTPTypes
import NIOCore
import Postgres
import Records
import Secrets
import Tenancy

/// A user's calendar for other programs: `/v1/calendar`. Its address holds a token of its own, by which alone it is read; a new token
/// replaces the old one.
struct CalendarRoutes: Sendable {
    private let door: Door
    private let turnstile: Turnstile
    private let settings: ServerSettings

    init(_ house: House) {
        door = house.door
        turnstile = house.turnstile
        settings = house.settings
    }

    var endpoints: [Endpoint] {
        [
            .person(.post, "/v1/calendar/token", Self.make, make),
            .person(.delete, "/v1/calendar/token", Self.revoke, revoke),
            .anyone(.get, "/v1/calendar/{token}", Self.read, read),
        ]
    }

    private func make(_ call: Call, _ person: Person) async throws -> Reply {
        if let member = try await call.jsonIfAny().members?.first {
            throw Problem.invalid([.init("/\(member.name.pointerToken)", .unknown, "This takes no members.")])
        }
        let repeatable = try await call.repeatable(person)
        let work = { try await replace(call, person, repeatable) }
        var answer =
            if let repeatable { try await repeatable.perform(in: person.scope, document: call.document, work) } else { try await work() }
        if answer.status == 201 { answer.body = try CalendarAddress.opened(answer.body ?? [], by: person) }
        return Reply(answer)
    }

    /// The feed shows what the user's role shows, so a key whose role is another cannot make one: it would see more by it, or less.
    private func replace(_ call: Call, _ person: Person, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        let token = Credential.mint(.calendar, slug: person.tenant.slug)
        let body = CalendarAddress(token, origin: origin(call, person)).closed(for: person)
        let key: UUID? = person.isSession ? nil : person.credentialID
        let claim = repeatable?.claim ?? []
        let kept = repeatable?.remember(
            """
            SELECT 201::smallint, NULL::integer, NULL::text, \(body.text)::text
            FROM users WHERE id = \(person.userID) AND calendar_token_hash = \(SQLValue.bytes(token.hash))
            """)
        let made = Self.exchange(
            token.hash, of: person, where: "\(key)::uuid IS NULL OR role_id = (SELECT role_id FROM api_keys WHERE id = \(key)::uuid)")
        let answers = try await person.scope.run(claim + [made] + (kept.map { [$0] } ?? []))
        guard !answers[claim.count].isEmpty else {
            throw Problem(.forbidden, "An API key whose role is not its maker's makes no calendar address; sign in to make one.")
        }
        return RecordAnswer(status: 201, body: body.bytes)
    }

    private func revoke(_ call: Call, _ person: Person) async throws -> Reply {
        try await call.repeatably(person) { repeatable in
            let kept = repeatable?.remember("SELECT 204::smallint, NULL::integer, NULL::text, NULL::text")
            _ = try await person.scope.run(
                (repeatable?.claim ?? []) + [Self.exchange(nil, of: person, where: "true")] + (kept.map { [$0] } ?? []))
            return RecordAnswer(status: 204)
        }
    }

    /// Gives the user another token, or none, and tells every process that the old one has ended; answers a row when it was done.
    private static func exchange(_ hash: [UInt8]?, of person: Person, where condition: SQL) -> SQL {
        """
        WITH old AS (SELECT id, calendar_token_hash FROM users WHERE id = \(person.userID) AND (\(condition)) FOR UPDATE),
        made AS (
            UPDATE users SET calendar_token_hash = \(hash.map { SQLValue.bytes($0) } ?? .null)::bytea FROM old WHERE users.id = old.id
            RETURNING users.id)
        SELECT CASE WHEN old.calendar_token_hash IS NOT NULL
            THEN \(Credentials.endedCall(of: person.tenant.slug, hash: "old.calendar_token_hash"))::text END
        FROM old JOIN made USING (id)
        """
    }

    /// Under which the caller found us; a program that says no host is told the tenant's own.
    private func origin(_ call: Call, _ person: Person) -> String {
        let own = settings.baseDomain.map { "\(person.tenant.slug).\($0)" } ?? "\(settings.host):\(settings.port)"
        return (settings.isSecure ? "https://" : "http://") + (call.host ?? own)
    }

    private func read(_ call: Call) async throws -> Reply {
        let person = try await door.subscriber(call, CalendarAddress.token(in: call.parameters["token"]))
        if let refusal = await turnstile.pass(person, cost: .single).refusal { throw refusal }
        let bytes = try await CalendarFeed(in: person.scope, for: person.caller, of: person.catalog).bytes(now: .now)
        var reply = Reply(contentType: "text/calendar; charset=utf-8", ByteBuffer(bytes: bytes))
        reply.headers[.cacheControl] = "private, no-cache"
        return try reply.tagged(Base64.url.encode(Array(Digest.sha256(bytes).prefix(18))), for: call)
    }
}

extension CalendarRoutes {
    private static let make = Operation(
        "calendar.token", "Make the address of my calendar for other programs (iCalendar); an older one ends", tag: "Calendar",
        parameters: [.idempotencyKey],
        body: BodyDescription(.objectSchema([:]), required: false),
        responses: [
            201: ResponseDescription(
                "Whoever knows the address reads the calendar: keep it as a password.",
                schema: ["$ref": "#/components/schemas/CalendarAddress"])
        ], problems: [.idempotencyRunning, .idempotencyMismatch])
    private static let revoke = Operation(
        "calendar.revoke", "End the address of my calendar, if there is one; within a second", tag: "Calendar",
        parameters: [.idempotencyKey], responses: [204: ResponseDescription("No address reads it.")],
        problems: [.idempotencyRunning, .idempotencyMismatch])
    private static let read = Operation(
        "calendar.feed", "A user's calendar: meetings and calls of the last 90 days and the next 365 (VEVENT), tasks (VTODO)",
        tag: "Calendar",
        parameters: [
            Parameter(
                "token", in: .path, ["type": "string", "pattern": "^tc_[a-z0-9-]+_[0-9A-Za-z_-]{49}\\.ics$"], "The token and `.ics`."),
            Parameter("If-None-Match", in: .header, ["type": "string"], "The ETag at hand; 304 while nothing has changed."),
        ],
        responses: [
            200: ResponseDescription(
                "RFC 5545, times in UTC; at most \(CalendarFeed.most) of each.", schema: ["type": "string"],
                contentType: "text/calendar; charset=utf-8", headers: [("ETag", "Of this very content.")]),
            304: ResponseDescription("Unchanged."),
        ], problems: [.forbidden, .maintenance, .rateLimited], hidesAddress: true, cost: .single)

    static let schemas: [String: JSON] = [
        "CalendarAddress": .objectSchema(["url": ["type": "string", "format": "uri"]], required: ["url"])
    ]
}

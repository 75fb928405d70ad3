import CRM
import Foundation
import HTTPTypes
import Postgres
import Records
import Tenancy

/// Whom a tenant does not write to, how its mail stands, and what comes back: `/v1/suppressions`, `/v1/mail`.
struct MailRoutes: Sendable {
    private let installation: Installation

    init(_ house: House) {
        installation = house.installation
    }

    var endpoints: [Endpoint] {
        [
            .person(.get, "/v1/suppressions", Self.list, list),
            .person(.delete, "/v1/suppressions/{address}", Self.remove, remove),
            .person(.get, "/v1/mail", Self.show, show),
            .person(.post, "/v1/mail/resume", Self.resume, resume),
            .anyone(.post, "/v1/mail/inbound", Self.take, take),
        ]
    }

    private func list(_ call: Call, _ person: Person) async throws -> Reply {
        try Self.mayLook(person)
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        let mark = PageMark(list: "suppressions \(person.tenant.id)")
        let last = try call.query["after"].map { cursor throws(Problem) in try mark.last(in: cursor) }
        let rows = try await Suppressions.page(person.scope, after: last, limit: limit + 1)
        let shown = Array(rows.prefix(limit))
        let next = rows.count > limit ? shown.last?["address"]?.string.map { mark.text(after: $0) } : nil
        return .page(shown, next: next, of: call)
    }

    private func remove(_ call: Call, _ person: Person) async throws -> Reply {
        try Self.mayLook(person)
        let address = call.parameters["address"]
        guard address.unicodeScalars.count <= 500 else { throw Problem.notFound }
        return try await call.repeatably(person) { repeatable in
            let kept = repeatable?.remember(RepeatableRequest.Answer(status: 204, body: nil))
            let claim = repeatable?.claim ?? []
            let answers = try await person.scope.run(claim + [Suppressions.removal(of: address)] + (kept.map { [$0] } ?? []))
            guard answers[claim.count].affected == 1 else { throw Problem.notFound }
            return RecordAnswer(status: 204)
        }
    }

    private static func mayLook(_ person: Person) throws(Problem) {
        guard person.rights.admin.settings else { throw Problem(.forbidden, "Only those who run the account's settings may do this.") }
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        .json(try await document(person))
    }

    private func document(_ person: Person) async throws -> JSON {
        let standing = try await MailBreaker.standing(person.scope)
        return [
            "state": .string(standing.pausedAt == nil ? "open" : "paused"), "paused_at": JSON(standing.pausedAt?.apiText),
            "sent": JSON(standing.sent), "bounced": JSON(standing.bounced),
        ]
    }

    private func resume(_ call: Call, _ person: Person) async throws -> Reply {
        try Self.mayLook(person)
        return try await call.repeatably(person) { repeatable in
            _ = try await person.scope.run((repeatable?.claim ?? []) + MailBreaker.resuming)
            let body = try await document(person)
            if let repeatable { _ = try await person.scope.run([repeatable.remember(.init(status: 200, body: body.text))]) }
            return RecordAnswer(status: 200, body: body.bytes)
        }
    }

    private func take(_ call: Call) async throws -> Reply {
        try call.require(["message/rfc822", "text/plain"])
        try await ReturnedMail.take(try await call.bytes(), installation)
        return .json([:], status: .accepted)
    }
}

extension MailRoutes {
    private static let list = Operation(
        "suppressions.list", "Addresses that get no more mail, by address", tag: "Mail", parameters: [.limit, .after],
        responses: [200: ResponseDescription("A page.", schema: .listSchema(of: ["$ref": "#/components/schemas/Suppression"]))],
        problems: [.forbidden, .cursor])
    private static let remove = Operation(
        "suppressions.delete", "Let mail go to an address again", tag: "Mail",
        parameters: [Parameter("address", in: .path, .textSchema, "The address."), .idempotencyKey],
        responses: [204: ResponseDescription("It is no longer suppressed.")],
        problems: [.forbidden, .notFound, .idempotencyRunning, .idempotencyMismatch])
    private static let show = Operation(
        "mail.get", "Whether mail goes out, and how much of the last \(MailBreaker.window) came back", tag: "Mail",
        responses: [200: ResponseDescription("How it stands.", schema: ["$ref": "#/components/schemas/MailStanding"])])
    private static let resume = Operation(
        "mail.resume", "Send mail again after too much of it came back", tag: "Mail", parameters: [.idempotencyKey],
        responses: [200: ResponseDescription("How it stands.", schema: ["$ref": "#/components/schemas/MailStanding"])],
        problems: [.forbidden, .idempotencyRunning, .idempotencyMismatch])
    private static let take = Operation(
        "mail.inbound", "Take a mail that came to a return address: reports of failure (RFC 3464) and complaints (RFC 5965)", tag: "Mail",
        body: BodyDescription(["type": "string"], contentTypes: ["message/rfc822", "text/plain"]),
        responses: [
            202: ResponseDescription("Taken; what is no report to a return address of ours changes nothing.", schema: .objectSchema([:]))
        ], problems: [.maintenance])

    static let schemas: [String: JSON] = [
        "Suppression": .objectSchema(
            [
                "address": ["type": "string"],
                "reason": ["type": "string", "enum": .array(Suppressions.Reason.allCases.map { .string($0.rawValue) })],
                "detail": ["type": ["string", "null"]], "created_at": .timeSchema,
            ], required: ["address", "reason", "detail", "created_at"]),
        "MailStanding": .objectSchema(
            [
                "state": ["type": "string", "enum": ["open", "paused"]], "paused_at": ["type": ["string", "null"], "format": "date-time"],
                "sent": ["type": "integer"], "bounced": ["type": "integer"],
            ], required: ["state", "paused_at", "sent", "bounced"]),
    ]
}

import CRM
import Foundation
import HTTPTypes
import Mail
import NIOCore
import Records
import Secrets

/// The picture above the words of mails: `/v1/settings/logo`. Everyone who is signed in sees it; those who run the account's settings change
/// it.
struct LogoRoutes: Sendable {
    var endpoints: [Endpoint] {
        [
            .person(.get, "/v1/settings/logo", Self.show, show),
            .person(.put, "/v1/settings/logo", Self.keep, keep),
            .person(.delete, "/v1/settings/logo", Self.remove, remove),
        ]
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        guard let logo = try await MailLogo.find(in: person.scope) else { throw Problem.notFound }
        var reply = Reply(contentType: "image/\(logo.kind.rawValue)", ByteBuffer(bytes: logo.bytes))
        reply.headers[.contentSecurityPolicy] = "sandbox; default-src 'none'"
        return try reply.tagged(String(Digest.sha256(logo.bytes).hex.prefix(32)), for: call)
    }

    private func keep(_ call: Call, _ person: Person) async throws -> Reply {
        try call.require(Self.forms)
        let logo = try await MailLogo(in: person.scope, for: person.caller, from: call.address).keep(try await call.bytes())
        return .json(["content_type": .string("image/\(logo.kind.rawValue)"), "bytes": JSON(logo.bytes.count)])
    }

    private func remove(_ call: Call, _ person: Person) async throws -> Reply {
        try await call.repeatably(person) { try await MailLogo(in: person.scope, for: person.caller, from: call.address).remove($0) }
    }
}

extension LogoRoutes {
    private static let forms = InlineImage.Kind.allCases.map { "image/\($0.rawValue)" }

    private static let show = Operation(
        "settings.get_logo", "The picture above the words of mails", tag: "Settings", parameters: [.ifNoneMatch],
        responses: [
            200: ResponseDescription(
                "The picture.", schema: ["type": "string", "format": "binary"], contentType: forms[0],
                headers: [("ETag", "What tells it from another.")], orForms: Array(forms.dropFirst())),
            304: ResponseDescription("Unchanged."),
        ], problems: [.notFound])
    private static let keep = Operation(
        "settings.put_logo", "Keep a picture that travels within mails, above their words; at most 256 KiB, shown 40 pixels high",
        tag: "Settings", body: BodyDescription(["type": "string", "format": "binary"], contentTypes: forms),
        responses: [
            200: ResponseDescription(
                "It is in every mail from now on.",
                schema: .objectSchema(
                    ["content_type": ["type": "string", "enum": JSON(forms)], "bytes": ["type": "integer", "minimum": 1]],
                    required: ["content_type", "bytes"]))
        ], problems: [.planLimit])
    private static let remove = Operation(
        "settings.delete_logo", "Send mails with the firm's name in place of a picture", tag: "Settings", parameters: [.idempotencyKey],
        responses: [204: ResponseDescription("There is none any more.")],
        problems: [.notFound, .idempotencyRunning, .idempotencyMismatch])
}

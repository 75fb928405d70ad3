import Foundation
import Jobs
import Postgres
import Records
import Tenancy

/// A template's mail sent to whoever wants to see how it arrives: to oneself, or, for those who may change the template, to somebody else.
package struct TemplateTest: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog

    package init(in scope: TenantScope, for caller: Caller, of catalog: Catalog) {
        self.scope = scope
        self.caller = caller
        self.catalog = catalog
    }

    /// Of one account in ten minutes: a test is no way to write to people.
    package static let most = 20

    private enum Constraint {
        static let rate = "template_test_rate"
        static let suppressed = "template_test_suppressed"
        static let optedOut = "template_test_opted_out"
    }

    /// Promises the mail and enters it into the ledger; a worker sends it. Refuses with `.notFound` a template, with `.invalid` a record or an
    /// address, with `.forbidden` somebody else's address, with `.conflict` an address that gets no mail, and with `.rateLimited`.
    package func order(_ id: UUID, _ body: JSON, origin: String, now: Date, repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        for member in body.members ?? [] where !["to", "about"].contains(member.name) {
            throw Problem.invalid([.init("/\(member.name.pointerToken)", .unknown, "A test takes to and about.")])
        }
        let about = body["about"] ?? .null
        let words = try await TemplatePreview(in: scope, for: caller, of: catalog).words(of: id, about: about, origin: origin, now: now)
        let recipient = try await recipient(body["to"] ?? .null, of: id)
        let mail = UUID.v7()
        let subject = words.template.render(words.values, in: words.frame).subject
        let job = SendTemplateTest(
            mail: mail, template: id, aboutType: about["type"]?.string, aboutID: about["id"]?.string, user: caller.userID,
            actorKind: caller.actor.kind.rawValue, actorID: caller.actor.id, asked: .now)
        let answer: JSON = ["id": .string(mail.text), "to": .string(recipient), "subject": .string(subject)]
        let kept = repeatable?.remember(RepeatableRequest.Answer(status: 202, body: answer.text))
        let statements: [SQL] =
            (repeatable?.claim ?? []) + [Turn.of("template_test")] + refusals(recipient) + [
                """
                INSERT INTO mails (id, kind, recipient, subject, about_id, state, attempts)
                VALUES (\(mail), \(SendTemplateTest.letterKind), \(recipient), \(MailLedger.brief(subject, 100)),
                    \(about["id"]?.string.flatMap { UUID(text: $0) })::uuid, 'waiting', 0)
                """,
                AuditTrail.entry(
                    .templateTested, by: caller.actor, about: .init(Templates.type.name, id), requestID: caller.requestID,
                    detail: ["mail": .string(mail.text)]),
                .enqueue(job),
            ] + (kept.map { [$0] } ?? [])
        do {
            _ = try await scope.run(statements)
        } catch {
            throw Self.problem(error.refusal?.constraint) ?? error
        }
        return RecordAnswer(status: 202, body: answer.bytes)
    }

    /// The address as it was given; the caller's own without one.
    private func recipient(_ given: JSON, of template: UUID) async throws -> String {
        let templates = catalog[Templates.type.name] ?? Templates.type
        let row = try await scope.rows(
            "SELECT (SELECT email FROM users WHERE id = \(caller.userID)), EXISTS (SELECT FROM templates AS r WHERE r.id = \(template) AND "
                + caller.within(caller.rights[templates.name].update) + ")"
        ).first
        let own = row?.optionalText(0) ?? ""
        if given.isNull { return own }
        guard let text = given.string?.trimmed else { throw Problem.invalid([.init("/to", .type, "This is a text, not \(given.kind).")]) }
        guard text.utf8.count <= 254, EmailAddress.isWellFormed(text) else {
            throw Problem.invalid([.init("/to", .format, "This is an e-mail address such as ann@example.com.")])
        }
        guard try text.lowercased() == own.lowercased() || row?.bool(1) == true else {
            throw Problem(.forbidden, "Your role may not change this template, so a test of it goes to your own address only.")
        }
        return text
    }

    private func refusals(_ recipient: String) -> [SQL] {
        let key = recipient.lowercased()
        return [
            // A mail's id begins with its time (RFC 9562), so these are the end of an index.
            """
            SELECT cell.refuse('TN002', \(Constraint.rate)) WHERE \(Self.most)::bigint <= (
                SELECT count(*) FROM mails WHERE kind = \(SendTemplateTest.letterKind) AND created_at > now() - interval '10 minutes'
                    AND id >= (lpad(to_hex((extract(epoch FROM now() - interval '11 minutes') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid)
            """,
            "SELECT cell.refuse('TN002', \(Constraint.suppressed)) WHERE EXISTS (SELECT FROM suppressions WHERE address = \(key))",
            """
            SELECT cell.refuse('TN002', \(Constraint.optedOut))
            WHERE EXISTS (SELECT FROM contacts WHERE lower(email) = \(key) AND email_opt_out AND deleted_at IS NULL)
                OR EXISTS (SELECT FROM users WHERE lower(email) = \(key) AND email_opt_out AND deleted_at IS NULL AND id <> \(caller.userID))
            """,
        ]
    }

    private static func problem(_ constraint: String?) -> Problem? {
        switch constraint {
        case Constraint.rate:
            Problem(.rateLimited, "An account sends at most \(most) tests in ten minutes. Look at the preview meanwhile.", retryAfter: 60)
        case Constraint.suppressed:
            Problem(.conflict, "No more mail goes to this address: /v1/suppressions says why. Name another.")
        case Constraint.optedOut: Problem(.conflict, "Whose address this is wants no mail. Name another.")
        default: nil
        }
    }
}

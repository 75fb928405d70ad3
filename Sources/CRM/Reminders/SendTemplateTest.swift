import Foundation
import Jobs
import Mail
import Postgres
import Records
import Tenancy

/// Sends a template's mail to whoever asked to see it, with the rights that person has now. Whom it goes to stands in the ledger of mails.
struct SendTemplateTest: Job {
    static let kind = JobKind("send_template_test") { kind in
        kind.queue = "mail"
        kind.timeout = .seconds(180)
        kind.tenantLimit = 2
        kind.retry = RetryPolicy(base: .seconds(2), cap: .seconds(60))
    }

    /// What ledger and figures call such a mail.
    static let letterKind = "template_test"

    let mail: UUID
    let template: UUID
    let aboutType: String?
    let aboutID: String?
    let user: UUID
    let actorKind: String
    let actorID: UUID
    let asked: Date

    /// After so long nobody waits for it any more.
    private static let patience: TimeInterval = 3600

    static func handler(_ base: Catalog, _ post: Post) -> JobHandler {
        JobHandler(SendTemplateTest.self) { job, context in
            do {
                guard let letter = try await job.letter(by: post, base, in: context.scope) else { return .done }
                if case .later(let reason, let delay) = try await post.send(letter, in: context.scope) {
                    guard Date.now < job.asked + Self.patience else { return .giveUp(because: reason) }
                    return .again(after: delay, because: reason)
                }
            } catch let problem as Problem where problem.code.status < 500 {
                try await job.refuse(problem.detail, in: context.scope)
            }
            return .done
        }
    }

    /// Nil when it is not to be sent any more.
    private func letter(by post: Post, _ base: Catalog, in scope: TenantScope) async throws -> Letter? {
        let rows = try await scope.rows("SELECT recipient FROM mails WHERE id = \(mail) AND state IN ('waiting', 'sending', 'refused')")
        guard let recipient = try rows.first?.text(0), let kind = Actor.Kind(rawValue: actorKind) else { return nil }
        guard let sender = try await ExportMaker.find(user, Actor(kind, actorID), base, in: scope) else {
            try await refuse("Who asked for it may not sign in any more.", in: scope)
            return nil
        }
        let about: JSON = aboutType.map { ["type": .string($0), "id": JSON(aboutID)] } ?? .null
        let words = try await TemplatePreview(in: scope, for: sender.caller, of: sender.catalog)
            .words(of: template, about: about, origin: post.origin.of(scope.tenant.slug), now: .now)
        return Letter(
            id: mail, kind: Self.letterKind, to: recipient, language: words.frame.language, words: .template(words.template, words.values),
            nature: .business, reader: .address(recipient.lowercased()), about: aboutID.flatMap { UUID(text: $0) })
    }

    private func refuse(_ reason: String, in scope: TenantScope) async throws {
        _ = try await scope.run([
            "UPDATE mails SET state = 'refused', reason = \(MailLedger.brief(reason, 80)) WHERE id = \(mail) AND state = 'waiting'"
        ])
    }
}

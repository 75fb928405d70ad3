import Foundation
import Jobs
import Mail
import Postgres
import Records
import Secrets
import Tenancy

/// One mail to a user that the product writes by itself, promised in the transaction that makes it needed. The link in it is made when the
/// mail is written, so that its secret stands in no job.
package struct SendMail: Job {
    package static let kind = JobKind("send_mail") { kind in
        kind.followsClock = true
        kind.queue = "mail"
        kind.priority = .urgent
        kind.timeout = .seconds(180)
        kind.retry = RetryPolicy(base: .seconds(5), cap: .seconds(600))
    }

    let mail: UUID
    let user: UUID
    let occasion: Occasion
    let asked: Date

    package init(_ occasion: Occasion, to user: UUID, now: Date = .now) {
        mail = .v7()
        self.user = user
        self.occasion = occasion
        asked = now
    }

    /// An export that an administrator should know of.
    package struct Alarm: Codable, Sendable, Hashable {
        let export: UUID
        /// The user, or the maker of the API key.
        let maker: UUID
        let type: String
        let records: Int
    }

    package enum Occasion: Codable, Sendable, Hashable {
        /// By whom.
        case invitation(by: UUID?)
        case passwordReset
        case emailConfirmation
        case signIn(from: String, device: String?)
        /// Too many of the account's mails came back.
        case mailPaused
        /// Someone exported more records than the settings call usual.
        case exportAlarm(Alarm)

        /// While one with this key waits for the user, there need not be another.
        var key: String {
            switch self {
            case .invitation: "invitation"
            case .passwordReset: "password_reset"
            case .emailConfirmation: "email_confirmation"
            case .signIn(let address, let device): "sign_in \(address) \(device ?? "")"
            case .mailPaused: "mail_paused"
            case .exportAlarm(let alarm): "export_alarm \(alarm.export)"
            }
        }

        /// After so long nobody waits for it any more.
        var patience: TimeInterval {
            switch self {
            case .passwordReset: 2 * 3600
            case .invitation, .emailConfirmation, .signIn, .mailPaused, .exportAlarm: 3 * 86_400
            }
        }
    }

    /// A statement of the transaction that makes it needed.
    package static func promised(_ occasion: Occasion, to user: UUID) -> SQL {
        .enqueue(SendMail(occasion, to: user), key: "\(user) \(occasion.key)")
    }

    package static func handler(_ post: Post) -> JobHandler {
        JobHandler(SendMail.self) { job, context in
            guard Date.now < job.asked + job.occasion.patience else {
                return .giveUp(because: "It could not be sent for too long.")
            }
            guard let letter = try await job.letter(by: post, in: context.scope) else { return .done }
            return switch try await post.send(letter, in: context.scope) {
            case .sent, .refused, .unknown: .done
            case .later(let reason, let delay): .again(after: delay, because: reason)
            }
        }
    }

    /// Nil when there is nothing to write any more: the user is gone, or has accepted, or confirmed.
    private func letter(by post: Post, in scope: TenantScope) async throws -> Letter? {
        guard let reader = try await MailReader.find(user, in: scope) else { return nil }
        let frame = (firm: reader.firm, origin: post.origin.of(scope.tenant.slug))
        switch occasion {
        case .invitation where reader.status == "invited", .emailConfirmation where reader.status == "invited":
            guard let link = try await link(.invitation, "status = 'invited'", frame.origin, reader, scope) else {
                return nil
            }
            let inviter: String? = if case .invitation(let by?) = occasion { try await MailReader.find(by, in: scope)?.name } else { nil }
            return letter(
                .invitation, to: reader, link.merging(["inviter": .text(inviter ?? "")]) { _, new in new }, nature: .business)
        case .invitation: return nil
        case .passwordReset:
            guard let link = try await link(.passwordReset, "status = 'active'", frame.origin, reader, scope) else { return nil }
            return letter(.passwordReset, to: reader, link, nature: .access)
        case .emailConfirmation:
            guard let link = try await link(.emailConfirmation, "email_confirmed_at IS NULL", frame.origin, reader, scope) else {
                return nil
            }
            return letter(.emailConfirmation, to: reader, link, nature: .access)
        case .signIn(let address, let device):
            guard reader.status == "active" else { return nil }
            return letter(
                .signInAlert, to: reader,
                [
                    "time": .text(reader.text(of: asked)), "device": .text(device ?? ""), "address": .text(address),
                    "link": .text(frame.origin + "/"),
                ], nature: .access)
        case .mailPaused:
            guard reader.status == "active" else { return nil }
            return letter(.mailPaused, to: reader, ["link": .text(frame.origin + "/settings")], nature: .access)
        case .exportAlarm(let alarm):
            guard reader.status == "active" else { return nil }
            let maker = try await MailReader.find(alarm.maker, in: scope)
            return letter(
                .exportAlarm, to: reader,
                [
                    "maker": .text(maker.map { "\($0.name) <\($0.email)>" } ?? ""), "time": .text(reader.text(of: asked)),
                    "records": .text(String(alarm.records)), "type": .text(alarm.type), "link": .text(frame.origin + "/settings"),
                ], nature: .access)
        }
    }

    private func letter(_ kind: SystemMail, to reader: MailReader, _ values: [String: TemplateValue], nature: Letter.Nature) -> Letter {
        var letter = Letter(
            id: mail, to: reader.email, name: reader.name, language: reader.language, kind,
            values.merging(["person": .text(reader.name)]) { given, _ in given }, nature: nature)
        // Twice the same words harm nobody, and a lost way in does.
        letter.isRepeatable = true
        return letter
    }

    /// A fresh link, kept; nil when the user is no longer one for whom it would work.
    private func link(
        _ purpose: PersonalLink.Purpose, _ condition: SQL, _ origin: String, _ reader: MailReader, _ scope: TenantScope
    ) async throws -> [String: TemplateValue]? {
        let link = PersonalLink.mint(slug: scope.tenant.slug, user: user)
        let until = Date.now + purpose.life
        guard try await scope.run([link.kept(for: purpose, until: until, if: condition)])[0].affected == 1 else { return nil }
        return ["link": .text("\(origin)/\(purpose.page)/\(link.text)"), "expires": .text(reader.text(of: until))]
    }
}

import Foundation
import Logging
import Mail
import Secrets
import Tenancy

/// Sends those who ask for an account the link that opens it. They have no tenant yet, so this is no job: whoever works looks every second for
/// what is due, and a mail that a worker took and did not send is anyone's again after three minutes.
package struct SignUpMail: Sendable {
    private let post: Post
    private let signups: Signups
    private let log: Logger

    package init(_ installation: Installation, _ post: Post, log: Logger) {
        self.post = post
        self.log = log
        signups = installation.signups
    }

    /// Until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            do {
                while try await sendNext() {}
            } catch {
                if !Task.isCancelled { log.warning("Mails to new firms could not be sent yet.", metadata: ["error": "\(error)"]) }
            }
            // Cancellation ends the sleep and, with the next look at the condition, the loop.
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Whether there was one.
    package func sendNext() async throws -> Bool {
        let secret = Base64.url.encode(RandomBytes.make(32))
        guard let pending = try await signups.nextForMail(secret: secret) else { return false }
        switch try await post.send(letter(to: pending, secret)) {
        case .sent, .unknown, .refused: try await signups.mail(of: pending.id, after: nil)
        case .later(let reason, let delay):
            log.notice("A mail to a new firm waits.", metadata: ["reason": "\(reason)"])
            try await signups.mail(of: pending.id, after: delay)
        }
        return true
    }

    private func letter(to pending: Signups.Pending, _ secret: String) -> Letter {
        let order = pending.order
        return Letter(
            id: .v7(), to: order.email, language: MailLanguage(closestTo: order.language), .signUp,
            [
                "account": .text(order.name), "link": .text("\(post.origin.common)/signup/\(secret)"),
                "expires": .text(MailReader.text(of: pending.expires, in: "UTC")),
            ], nature: .access)
    }
}

/// Opens the account that a link was sent for.
package enum SignUp {
    /// Nil when the link has expired or never was. Followed again, it finds what it opened before. Throws as `Provisioning.provision`.
    package static func confirm(_ secret: String, _ installation: Installation, trialDays: Int, requestID: String) async throws
        -> (tenant: Tenant, email: String)?
    {
        guard let pending = try await installation.signups.find(secret: secret) else { return nil }
        let order = pending.order
        let request = ProvisionRequest(
            slug: order.slug, name: order.name,
            admin: .init(email: order.email, name: order.email, passwordHash: order.passwordHash), blueprint: "general",
            settings: #"{"locale": "\#(MailLanguage(closestTo: order.language).rawValue)"}"#, trialDays: trialDays,
            fingerprint: Digest.sha256("sign-up \(pending.id)"))
        let made = try await installation.provisioning.provision(
            request, by: Instruction(actor: "sign-up", reason: "The firm asked for it.", requestID: requestID))
        // The link came to the address, so it is the person's.
        _ = try await installation.directory.scope(for: made.tenant).run([
            "UPDATE users SET email_confirmed_at = now() WHERE id = \(made.tenant.adminID) AND email_confirmed_at IS NULL"
        ])
        try await installation.signups.confirmed(pending.id)
        return (made.tenant, order.email)
    }
}

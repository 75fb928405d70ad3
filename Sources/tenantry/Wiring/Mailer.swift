import CRM
import Foundation
import Mail
import Settings
import Tenancy

/// How this installation's own mail leaves, by its settings.
struct Mailer: Sendable {
    let from: Mailbox
    let way: PostSettings.Way
    /// Where it leaves, for people.
    let place: String

    /// Refuses with what is missing or wrong in the settings.
    init(_ settings: Settings) throws {
        guard let sender = settings.mailFrom else {
            throw Refusal("Nobody is named as sender. Set `mail.from`, as in `Tenantry <crm@example.com>`.", .wrongSettings)
        }
        do {
            from = try Mailbox(parsing: sender)
        } catch {
            throw Refusal("`mail.from`: \(error.description)", .wrongSettings)
        }
        switch settings.mailTransport {
        case .file:
            guard let directory = settings.mailDirectory else {
                throw Refusal("`mail.transport` is `file`, and `mail.directory` does not say where.", .wrongSettings)
            }
            way = .folder(directory)
            place = directory
        case .smtp:
            guard let host = settings.smtpHost else {
                throw Refusal("No mail server is named. Set `mail.smtp.host`, or `mail.transport` to `file`.", .wrongSettings)
            }
            var server = SMTPServer(host: host, port: settings.smtpPort, security: .init(settings.smtpSecurity))
            server.username = settings.smtpUsername
            server.password = settings.smtpPassword
            way = .server(server)
            place = "\(server)"
        }
    }

    /// Offers one mail.
    func deliver(_ message: Message) async -> Delivery {
        switch way {
        case .folder(let path): return await FileDrop(URL(filePath: path, directoryHint: .isDirectory)).deliver(message)
        case .server(let server):
            // The operator names this server, so it may stand in a private network.
            let client = SMTPClient()
            let delivery = await client.send(message, through: server)
            await client.close()
            return delivery
        case .none(let reason): return .retry(Setback(stage: .lookup, text: reason))
        }
    }
}

extension PostSettings {
    /// What is missing in the settings stops nobody's work: mails wait, and say why.
    init(_ settings: Settings, allowsPrivateHosts: Bool = false) throws {
        do {
            let mailer = try Mailer(settings)
            self.init(mailer.way, from: mailer.from)
        } catch let refusal as Refusal {
            self.init(.none(refusal.message), from: try Mailbox("nobody@localhost"))
        }
        returnDomain = settings.mailReturnDomain
        domainRate = settings.mailDomainRate
        tenantRate = settings.mailTenantRate
        self.allowsPrivateHosts = allowsPrivateHosts
    }
}

extension WebOrigin {
    convenience init(_ settings: Settings) {
        self.init(
            publicURL: settings.publicURL, baseDomain: settings.baseDomain, isSecure: settings.httpSecure, host: settings.listen.host,
            port: settings.listen.port)
    }
}

extension SMTPServer.Security {
    fileprivate init(_ setting: SMTPSecurity) {
        switch setting {
        case .starttls: self = .starttls
        case .tls: self = .tls
        case .none: self = .none
        }
    }
}

import Foundation
import Mail
import Settings

/// How this installation's own mail leaves, by its settings.
struct Mailer: Sendable {
    let from: Mailbox
    let transport: any MailTransport
    /// Where it leaves, for people.
    let place: String
    private let client: SMTPClient?

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
            client = nil
            transport = FileDrop(URL(filePath: directory, directoryHint: .isDirectory))
            place = directory
        case .smtp:
            guard let host = settings.smtpHost else {
                throw Refusal("No mail server is named. Set `mail.smtp.host`, or `mail.transport` to `file`.", .wrongSettings)
            }
            var server = SMTPServer(host: host, port: settings.smtpPort, security: .init(settings.smtpSecurity))
            server.username = settings.smtpUsername
            server.password = settings.smtpPassword
            // The operator names this server, so it may stand in a private network.
            let client = SMTPClient()
            self.client = client
            transport = SMTPRoute(client, server)
            place = "\(server)"
        }
    }

    /// Waits for the mails that are on their way.
    func close() async { await client?.close() }
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

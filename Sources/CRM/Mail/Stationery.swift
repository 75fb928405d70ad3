import Foundation
import Mail
import Postgres
import Records
import Tenancy

/// What a tenant's letters look like, from whom they come and through which server they leave: what its settings say of it.
struct Stationery: Sendable {
    let from: Mailbox
    let replyTo: Mailbox?
    let brand: Brand
    let language: MailLanguage
    let timeZone: String
    /// Nil for the installation's, which is also that of who has set one that the plan does not allow any more.
    let server: SMTPServer?

    /// As an expression: the part of the settings that is read here.
    static let column: SQL = """
        jsonb_build_object('name', document->'name', 'locale', document->'locale', 'time_zone', document->'time_zone',
            'brand', document->'brand', 'mail', document->'mail')
        """

    /// Throws `MailRefusal` or `MailDefect` where the settings cannot stand in a mail, or name a server that nobody may be sent to.
    init(_ settings: SettingsDocument, of tenant: Tenant, _ entitlements: Entitlements, _ key: TenantKey, _ house: PostSettings) throws {
        brand = Brand(settings, of: tenant, entitlements)
        let address = settings["mail.from_address"].string ?? house.from.address
        from = try Mailbox(address, name: settings["mail.from_name"].string ?? brand.name)
        replyTo = try settings["mail.reply_to"].string.map { try Mailbox($0) }
        language = MailLanguage(closestTo: settings["locale"].string ?? "en")
        timeZone = settings["time_zone"].string ?? "UTC"
        server = entitlements.allows(.ownMailServer) ? try Self.server(settings, key, house) : nil
    }

    /// The installation's own, for those who have no tenant yet.
    init(_ house: PostSettings, _ language: MailLanguage) {
        from = house.from
        replyTo = nil
        brand = Brand(name: house.from.name ?? "Tenantry")
        self.language = language
        timeZone = "UTC"
        server = nil
    }

    private static func server(_ settings: SettingsDocument, _ key: TenantKey, _ house: PostSettings) throws -> SMTPServer? {
        guard let host = settings["mail.smtp.host"].string else { return nil }
        // It was looked at when it was set; the installation may have been another then.
        guard house.allowsPrivateHosts || !MailHost.isPrivate(host) else {
            throw MailDefect("The account's mail server \(host) is not on the internet.")
        }
        var server = SMTPServer(
            host: host, port: settings["mail.smtp.port"].integer ?? 587,
            security: settings["mail.smtp.security"].string.flatMap { .init(rawValue: $0) } ?? .starttls)
        server.username = settings["mail.smtp.username"].string
        server.dialogues = 4
        if let sealed = SealedSecret.text(in: settings.stored["mail"]?["smtp"]?["password"]) {
            guard let password = key.open(sealed, for: "mail.smtp.password") else {
                throw MailDefect("The password of the account's mail server cannot be read any more; it has to be entered again.")
            }
            server.password = password
        }
        return server
    }
}

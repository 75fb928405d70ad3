import Foundation
import Postgres
import Records
import Secrets
import Support
import Tenancy
import Testing

@testable import CRM
@testable import Mail

@Suite("A tenant's settings decide how its mail looks, from whom it comes and how it leaves") struct StationeryTests {
    /// The password of the firm's user at its mail server.
    private static let secret = "gehe1m ü"

    /// Settings that name this server as the firm's own.
    private static func settings(_ server: TestSMTPServer, _ security: String, password: String = StationeryTests.secret) -> String {
        """
        {"mail": {"smtp": {
            "host": "localhost", "port": \(server.port), "security": "\(security)", "username": "shop", "password": "\(password)"}}}
        """
    }

    private static func post(_ way: PostSettings.Way) async throws -> Post {
        var settings = PostSettings(way, from: try Mailbox("crm@example.com", name: "Tenantry"))
        settings.allowsPrivateHosts = true
        return Post(try await TestHouse.installation, settings, origin: WebOrigin(publicURL: "https://crm.example.com/"))
    }

    /// Words in the firm's frame, with a button.
    private static func letter() throws -> Letter {
        let words = try Template(TemplateSource(subject: "Offer", body: "Hello\n\n[Open](https://example.com/offer)"))
        return Letter(id: .v7(), kind: "offer", to: "anne@example.org", words: .template(words, [:]), nature: .business)
    }

    /// What the ledger says of it: its state, and why it is in that.
    private static func entry(of letter: Letter, in scope: TenantScope) async throws -> (state: String, reason: String?) {
        let row = try await scope.rows("SELECT state, reason FROM mails WHERE id = \(letter.id)")[0]
        return (try row.text(0), row.optionalText(1))
    }

    @Test(
        "The sender's name is the one for mails, else the brand's, else the firm's; mails show the brand's name and colour",
        arguments: [
            (#"{"name": "Nordwind Handel"}"#, "Nordwind Handel", "Nordwind Handel", "#1f5fbf"),
            (#"{"name": "Nordwind Handel", "brand": {"name": "Nord & Süd"}}"#, "Nord & Süd", "Nord &amp; Süd", "#1f5fbf"),
            (
                ##"{"name": "Nordwind Handel", "brand": {"name": "Nord & Süd", "colour": "#7A1F5C"}, "mail": {"from_name": "Jörg, Einkauf"}}"##,
                "Jörg, Einkauf", "Nord &amp; Süd", "#7a1f5c"
            ),
            (#"{"name": "Nordwind Handel", "mail": {"from_name": "Keller, Anna"}}"#, "Keller, Anna", "Nordwind Handel", "#1f5fbf"),
        ])
    func look(settings: String, sender: String, name: String, colour: String) async throws {
        let scope = try await TestHouse.tenant(settings: settings).scope
        try await TestSMTPServer.run { server in
            let post = try await Self.post(.server(server.settings(.none, host: "127.0.0.1")))

            #expect(try await post.send(Self.letter(), in: scope) == .sent)

            let mail = try #require(try await ReadMail.read(server.mails.map { Array($0.content) }).first)
            #expect(mail.from == [sender, "crm@example.com"] && mail.defects.isEmpty)
            let page = try #require(mail.parts["text/html"]?.content)
            #expect(page.contains("color:\(colour)\">\(name)</strong>") && page.contains("<title>\(name)</title>"), "\(page)")
            #expect(page.contains("background:\(colour);"), "\(page)")
            let text = try #require(mail.parts["text/plain"]?.content)
            #expect(text.contains(name.replacing("&amp;", with: "&")))
            await post.close()
        }
    }

    @Test("With STARTTLS or TLS, user and password in the settings mail goes protected, as that user", arguments: ["starttls", "tls"])
    func protected(security: String) async throws {
        let kind = try #require(SMTPServer.Security(rawValue: security))
        try await TestSMTPServer.run(["user": "shop", "password": Self.secret], security: kind) { server in
            let scope = try await TestHouse.tenant(settings: Self.settings(server, security)).scope
            let document = try SettingsDocument(parsing: try await scope.rows("SELECT document FROM settings")[0].text(0))
            var house = PostSettings(.none("The firm has a server of its own."), from: try Mailbox("crm@example.com"))
            house.allowsPrivateHosts = true
            let key = try await TestHouse.installation.key(of: scope.tenant)
            let stationery = try Stationery(document, of: scope.tenant, scope.entitlements, key, house)
            var own = try #require(stationery.server)
            // Nobody but this test vouches for its certificate.
            own.authorities = server.authorities
            let client = SMTPClient()

            #expect(try await client.send(.sample(), through: own).setback == nil)

            let mail = try #require(try server.mails.first)
            #expect(mail.tls && mail.user == "shop")
            await client.close()
        }
    }

    @Test(
        "To a server that is not protected as the settings say nothing is told, no password either: the letter waits, and says why",
        arguments: [
            ("starttls", SMTPServer.Security.none, "STARTTLS"), ("starttls", .starttls, "certificate"), ("tls", .none, "SSL"),
            ("tls", .tls, "certificate"),
        ])
    func unprotected(security: String, kind: SMTPServer.Security, reason: String) async throws {
        try await TestSMTPServer.run(["user": "shop", "password": Self.secret], security: kind) { server in
            let scope = try await TestHouse.tenant(settings: Self.settings(server, security)).scope
            let post = try await Self.post(.none("The firm has a server of its own."))
            let letter = try Self.letter()

            let outcome = try await post.send(letter, in: scope)

            guard case .later(let words, _) = outcome else { return #expect(Bool(false), "\(outcome)") }
            #expect(words.contains(reason), "\(words)")
            let entry = try await Self.entry(of: letter, in: scope)
            #expect(entry.state == "waiting" && entry.reason?.isEmpty == false && words.hasPrefix(entry.reason ?? ""), "\(entry)")
            #expect(try server.mails.isEmpty && server.signIns.isEmpty)
            await post.close()
        }
    }

    @Test("A wrong password in the settings keeps the letter, which says so; with the right one it leaves, as the settings' user")
    func wrongPassword() async throws {
        try await TestSMTPServer.run(["user": "shop", "password": Self.secret]) { server in
            let scope = try await TestHouse.tenant(settings: Self.settings(server, "none", password: "wrong")).scope
            let post = try await Self.post(.none("The firm has a server of its own."))
            let letter = try Self.letter()

            let refused = try await post.send(letter, in: scope)

            guard case .later(let words, _) = refused else { return #expect(Bool(false), "\(refused)") }
            let entry = try await Self.entry(of: letter, in: scope)
            #expect(words.hasPrefix("535 ") && entry.state == "waiting" && entry.reason == words, "\(entry)")
            #expect(try server.mails.isEmpty)

            // As a PATCH of the settings keeps it.
            let key = try await TestHouse.installation.key(of: scope.tenant)
            let sealed = SealedSecret.document(key.seal(Self.secret, for: "mail.smtp.password"))
            _ = try await scope.run([
                "UPDATE settings SET document = jsonb_set(document, '{mail,smtp,password}', \(sealed.text)::jsonb)"
            ])

            #expect(try await post.send(letter, in: scope) == .sent)
            #expect(try server.mails.map(\.user) == ["shop"])
            let signIns = try server.signIns
            #expect(signIns.first?.accepted == false && signIns.last?.accepted == true && signIns.allSatisfy { $0.user == "shop" })
            #expect(try await Self.entry(of: letter, in: scope).state == "sent")
            await post.close()
        }
    }
}

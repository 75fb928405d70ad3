import Foundation
import Postgres
import Records
import Secrets
import Support
import Tenancy
import Testing

@testable import CRM
@testable import Mail

@Suite("Mail leaves by one way") struct PostTests {
    private static let words = MailContent(subject: "Your offer", text: "Hello", html: "<p>Hello</p>", language: .english)

    private static func letter(_ to: String, _ nature: Letter.Nature = .business, reader: Letter.Reader? = nil) -> Letter {
        Letter(id: .v7(), kind: "offer", to: to, name: "Änne", words: .content(words), nature: nature, reader: reader)
    }

    private static func post(_ way: PostSettings.Way, _ change: (inout PostSettings) -> Void = { _ in }) async throws -> Post {
        var settings = PostSettings(way, from: try Mailbox("crm@example.com", name: "Tenantry"))
        settings.domainRate = 1000
        settings.tenantRate = 1000
        change(&settings)
        return Post(try await TestHouse.installation, settings, origin: WebOrigin(publicURL: "https://crm.example.com/"))
    }

    /// What the plan's mails and the ledger say.
    private static func used(_ scope: TenantScope) async throws -> Int {
        try await UsageReport(of: scope, TestHouse.catalog).used["emails_per_month"] ?? 0
    }

    private static func state(_ letter: Letter, _ scope: TenantScope) async throws -> String {
        try await scope.rows("SELECT state || ' ' || attempts FROM mails WHERE id = \(letter.id)").first?.text(0) ?? "none"
    }

    @Test("A letter has the tenant's sender, a return address and a way to be left alone, and is sent once however often it is offered")
    func once() async throws {
        let settings = #"{"name": "Bäcker & Co", "mail": {"from_name": "Bäcker", "reply_to": "office@baecker.example"}}"#
        let scope = try await TestHouse.tenant(settings: settings).scope
        try await TestSMTPServer.run { server in
            let post = try await Self.post(.server(server.settings(.none, host: "127.0.0.1"))) { $0.returnDomain = "bounces.example.com" }
            let letter = Self.letter("anne@example.org", reader: .address("anne@example.org"))

            #expect(try await post.send(letter, in: scope) == .sent)
            #expect(try await post.send(letter, in: scope) == .sent)

            let mails = try server.mails
            #expect(mails.count == 1)
            let mail = try #require(mails.first)
            let headers = ReceivedPart(Array(mail.content)[...]).headers
            #expect(headers["message-id"] == post.messageID(of: letter.id) && headers["reply-to"] == "office@baecker.example")
            #expect(headers["from"]?.hasSuffix("<crm@example.com>") == true && headers["auto-submitted"] == "auto-generated")
            #expect(headers["list-unsubscribe"]?.hasPrefix("<https://crm.example.com/u/") == true)
            let keys = try await TestHouse.installation.mailKeys()
            let sign = try ReturnAddress(domain: "x.example", key: keys[0]).parse(mail.from)
            #expect(sign?.owner == scope.tenant.id && sign?.mail == letter.id)
            #expect(try await Self.used(scope) == 1)
            #expect(try await Self.state(letter, scope) == "sent 1")
            await post.close()
        }
    }

    @Test(
        "What a server does not take now is given back to the plan and waits; what it never will is failed, and a dead address suppressed")
    func refusals() async throws {
        let scope = try await TestHouse.tenant().scope
        try await TestSMTPServer.run { server in
            let post = try await Self.post(.server(server.settings(.none, host: "127.0.0.1")))
            let (busy, dead, cut) = (
                Self.letter("busy@example.org"), Self.letter("no-such-user@example.org"), Self.letter("drop-after-data@example.org")
            )

            guard case .later(let words, let delay) = try await post.send(busy, in: scope) else {
                Issue.record("It was not put off.")
                return
            }
            guard case .refused(.failed, _) = try await post.send(dead, in: scope) else {
                Issue.record("It was not refused.")
                return
            }

            #expect(words.contains("Greylisted") && delay >= .seconds(60))
            #expect(try await Self.state(busy, scope) == "waiting 1")
            #expect(try await Self.state(dead, scope) == "failed 1")
            #expect(try await Self.used(scope) == 0)
            _ = try await post.send(busy, in: scope)
            #expect(try await Self.state(busy, scope) == "waiting 2")
            guard case .refused(.suppressed, _) = try await post.send(Self.letter("No-Such-User@example.org"), in: scope) else {
                Issue.record("It was not suppressed.")
                return
            }
            guard case .refused(.noAddress, _) = try await post.send(Self.letter("nobody"), in: scope) else {
                Issue.record("That is an address?")
                return
            }
            guard case .unknown = try await post.send(cut, in: scope), case .unknown = try await post.send(cut, in: scope) else {
                Issue.record("It is known.")
                return
            }
            // It may have left: that counts.
            #expect(try await Self.used(scope) == 1)
            #expect(try await Self.state(cut, scope) == "unknown 1")
            await post.close()
        }
    }

    @Test("A letter over which a worker died is unknown to the next one, and offered again only if it says that this harms nobody")
    func dead() async throws {
        let scope = try await TestHouse.tenant().scope
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let post = try await Self.post(.folder(folder.path()))
        var letters = [Self.letter("a@example.org"), Self.letter("b@example.org")]
        letters[1].isRepeatable = true
        for letter in letters {
            _ = try await scope.run([
                "INSERT INTO mails (id, kind, recipient, subject, state) VALUES (\(letter.id), 'offer', 'x@example.org', 'Offer', 'sending')"
            ])
        }

        guard case .unknown = try await post.send(letters[0], in: scope) else {
            Issue.record("It is known.")
            return
        }
        #expect(try await post.send(letters[1], in: scope) == .sent)
        #expect(try await Self.state(letters[0], scope) == "unknown 1")
        #expect(try await Self.state(letters[1], scope) == "sent 2")
        #expect(try await Self.used(scope) == 0)
    }

    @Test("A letter over which a worker died before a server took it goes out; whoever comes back to it later has nothing to hand over")
    func diedBefore() async throws {
        let scope = try await TestHouse.tenant().scope
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let post = try await Self.post(.folder(folder.path()))
        let letter = Self.letter("a@example.org")
        let ledger = MailLedger(scope: scope)
        let first = try #require(try await ledger.open(letter, to: letter.to, subject: "Offer").attempt)
        // The worker sleeps here longer than its lease; another one takes the letter over.
        let second = try #require(try await ledger.open(letter, to: letter.to, subject: "Offer").attempt)
        #expect(try await !ledger.handOver(letter, attempt: first))
        try await ledger.waits(letter, "It was not handed over.", attempt: first)
        #expect(try await Self.state(letter, scope) == "sending \(second)")

        #expect(try await post.send(letter, in: scope) == .sent)

        #expect(try await Self.state(letter, scope) == "sent 3")
        #expect(try await Self.used(scope) == 1)
        await post.close()
    }

    @Test("Of sixty-four that are sent at once a plan's twenty leave, and the count ends at twenty; ways in are not counted") func limit()
        async throws
    {
        let installation = try await TestHouse.installation
        let tenant = try await TestHouse.tenant().tenant
        let change = PlanChange(plan: "unlimited", overrides: try Overrides(parsing: #"{"limits": {"emails_per_month": 20}}"#))
        let limited = try await installation.changePlan(of: tenant.slug, to: change, by: Instruction(actor: "test"))
        let scope = try installation.directory.scope(for: limited)
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let post = try await Self.post(.folder(folder.path()))

        let outcomes = try await withThrowingTaskGroup(of: LetterOutcome.self) { group in
            for number in 0..<64 {
                group.addTask { try await post.send(Self.letter("\(number)@example.org"), in: scope) }
            }
            return try await group.reduce(into: [LetterOutcome]()) { $0.append($1) }
        }

        #expect(outcomes.filter { $0 == .sent }.count == 20)
        #expect(outcomes.allSatisfy { if case .refused(.plan, _) = $0 { true } else { $0 == .sent } })
        #expect(try await Self.used(scope) == 20)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()).count == 20)
        #expect(try await post.send(Self.letter("way-in@example.org", .access), in: scope) == .sent)
        #expect(try await Self.used(scope) == 20)
        #expect(try await Recount(installation).run(limited) == [])
        _ = try await scope.run(["UPDATE usage SET month = month - interval '1 month' WHERE resource = 'emails_per_month'"])
        #expect(try await Self.used(scope) == 0)
        #expect(try await post.send(Self.letter("next-month@example.org"), in: scope) == .sent)
        #expect(try await Self.used(scope) == 1)
    }

    @Test("A tenant's own server is used with its user; in our own network only where that is allowed") func ownServer() async throws {
        try await TestSMTPServer.run { server in
            let settings =
                #"{"mail": {"from_address": "shop@firm.example", "smtp": {"host": "127.0.0.1", "port": \#(server.port), "security": "none"}}}"#
            let scope = try await TestHouse.tenant(settings: settings).scope
            let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            let open = try await Self.post(.folder(folder.path())) {
                $0.allowsPrivateHosts = true
                $0.returnDomain = "bounces.example.com"
            }
            let closed = try await Self.post(.folder(folder.path()))
            let letter = Self.letter("anne@example.org")

            guard case .later(let reason, _) = try await closed.send(letter, in: scope) else {
                Issue.record("It was sent.")
                return
            }
            #expect(reason.contains("not on the internet"))
            #expect(try server.mails.isEmpty)
            #expect(try await open.send(letter, in: scope) == .sent)
            #expect(try server.mails.map(\.from) == ["shop@firm.example"])
            #expect(!FileManager.default.fileExists(atPath: folder.path()))
            await open.close()
        }
    }

    @Test("A server and a brand that the plan does not allow any more are kept and not used") func withheld() async throws {
        try await TestSMTPServer.run { server in
            let settings = """
                {"name": "Plain", "brand": {"name": "Süß", "logo": "https://cdn.example.com/l.png?a&b"},
                 "mail": {"smtp": {"host": "127.0.0.1", "port": \(server.port), "security": "none"}}}
                """
            let tenant = try await TestHouse.tenant(settings: settings)
            let installation = try await TestHouse.installation
            let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
            let post = try await Self.post(.folder(folder.path())) { $0.allowsPrivateHosts = true }
            let words = Letter.Words.template(try Template(TemplateSource(subject: "Hello", body: "Hello")), [:])
            func letter() -> Letter { Letter(id: .v7(), kind: "offer", to: "anne@example.org", words: words, nature: .business) }

            #expect(try await post.send(letter(), in: tenant.scope) == .sent)
            let change = PlanChange(
                plan: "unlimited", overrides: Overrides(features: ["own_brand": false, "own_mail_server": false]))
            let limited = try await installation.changePlan(of: tenant.tenant.slug, to: change, by: Instruction(actor: "test"))
            #expect(try await post.send(letter(), in: try installation.directory.scope(for: limited)) == .sent)

            let own = try await ReadMail.read(server.mails.map { Array($0.content) })
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path())
            let plain = try await ReadMail.read(names.map { Array(try Data(contentsOf: folder.appending(path: $0))) })
            #expect(own.count == 1 && plain.count == 1)
            #expect(own.first?.header("From")?.contains("crm@example.com") == true)
            #expect(
                own.first?.parts["text/html"]?.content.contains("<img src=\"https://cdn.example.com/l.png?a&amp;b\" alt=\"Süß\"") == true)
            let page = plain.first?.parts["text/html"]?.content
            #expect(page?.contains("Plain") == true && page?.contains("Süß") == false && page?.contains("<img") == false)
            await post.close()
        }
    }

    @Test("Mail goes to a domain, and for a tenant, no faster than it may; without a server it waits and says why") func pace() async throws
    {
        let scope = try await TestHouse.tenant().scope
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let slow = try await Self.post(.folder(folder.path())) { $0.domainRate = 1 }
        let none = try await Self.post(.none("`mail.from` is missing."))

        #expect(try await slow.send(Self.letter("a@example.org"), in: scope) == .sent)
        let second = Self.letter("b@example.org")
        guard case .later(_, let wait) = try await slow.send(second, in: scope) else {
            Issue.record("It was not put off.")
            return
        }
        #expect(wait <= .seconds(1))
        #expect(try await Self.state(second, scope) == "none")
        #expect(try await slow.send(Self.letter("a@example.net"), in: scope) == .sent)
        guard case .later("`mail.from` is missing.", _) = try await none.send(second, in: scope) else {
            Issue.record("It was sent.")
            return
        }
    }

    @Test("A tenant's logo travels within its mails, and only where their words speak of it; a new one is in the next mail") func logo()
        async throws
    {
        func picture(_ number: UInt8) -> [UInt8] { [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, number] }
        let scope = try await TestHouse.tenant().scope
        func keep(_ bytes: [UInt8]?) async throws {
            _ = try await scope.run(["SELECT cell.keep_mail_logo(\(bytes.map { SQLValue.bytes($0) } ?? .null)::bytea)"])
        }
        try await TestSMTPServer.run { server in
            let post = try await Self.post(.server(server.settings(.none, host: "127.0.0.1")))
            func send(_ words: Letter.Words) async throws -> ReadMail {
                let letter = Letter(id: .v7(), kind: "offer", to: "anne@example.org", words: words, nature: .business)
                #expect(try await post.send(letter, in: scope) == .sent)
                return try #require(try await ReadMail.read(server.mails.suffix(1).map { Array($0.content) }).first)
            }
            let words = Letter.Words.template(try Template(TemplateSource(subject: "Hello", body: "Hello")), [:])

            let before = try await send(words)
            try await keep(picture(1))
            let first = try await send(words)
            let ready = try await send(.content(Self.words))
            try await keep(picture(2))
            let second = try await send(words)
            try await keep(nil)
            let after = try await send(words)

            let plain = ["multipart/alternative", "text/plain", "text/html"]
            let rich = ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
            #expect(before.structure == plain && ready.structure == plain && after.structure == plain)
            #expect(first.structure == rich && second.structure == rich && first.defects.isEmpty)
            let image = try #require(first.parts["image/png"])
            let id = try #require(image.id).trimmingCharacters(in: ["<", ">"])
            #expect(image.disposition == "inline" && Data(base64Encoded: image.content) == Data(picture(1)))
            #expect(second.parts["image/png"].map { Data(base64Encoded: $0.content) } == Data(picture(2)))
            #expect(first.parts["text/html"]?.content.contains("src=\"cid:\(id)\"") == true)
            #expect(before.parts["text/html"]?.content.contains("cid:") == false)
            await post.close()
        }
    }
}

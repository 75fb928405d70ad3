import CRM
import Foundation
import Mail
import Postgres
import Records
import Secrets
import Tenancy
import Testing

@testable import Server

@Suite("Mail that is not wanted, and mail that comes back") struct UnsubscribeTests {
    private static let words = MailContent(subject: "Offer", text: "Hello", html: "<p>Hello</p>", language: .english)

    private static func letter(to address: String, _ reader: Letter.Reader?, about: UUID? = nil, _ nature: Letter.Nature = .business)
        -> Letter
    {
        Letter(id: .v7(), kind: "offer", to: address, words: .content(words), nature: nature, reader: reader, about: about)
    }

    private static func contact(_ admin: Client, _ email: String) async throws -> UUID {
        let made = try await admin.post("/v1/contacts", ["last_name": "Miller", "email": .string(email)])
        guard let id = try made.json["id"]?.string.flatMap(UUID.init(uuidString:)) else { throw Unexpected(made) }
        return id
    }

    /// The path in a mail's own header.
    private static func path(_ mail: PostSite.Mail?) throws -> String {
        let header = try #require(mail?["list-unsubscribe"])
        #expect(mail?["list-unsubscribe-post"] == "List-Unsubscribe=One-Click")
        let start = try #require(header.range(of: "/u/"))
        return String(header[start.lowerBound...].dropLast())
    }

    @Test("One click leaves a contact alone, a GET never does; the change log tells it") func contact() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        let email = "miller@\(firm.slug).example"
        let id = try await Self.contact(admin, email)
        #expect(try await post.post.send(Self.letter(to: email, .contact(id), about: id), in: firm.scope()) == .sent)
        let path = try Self.path(try post.mails(to: email).first)
        let stranger = post.site.stranger

        let page = try await stranger.get(path)
        let before = try await admin.get("/v1/contacts/\(id)").json
        let other = try await stranger.send(.post, path, "hello", type: "text/plain")
        let clicked = try await stranger.send(.post, path, "List-Unsubscribe=One-Click", type: "application/x-www-form-urlencoded")
        let again = try await stranger.send(
            .post, path, "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
            type: "multipart/form-data; boundary=x")

        #expect(page.status == 200 && page.text.contains("<form method=\"post\">"))
        #expect(before["email_opt_out"] == false && before["version"] == 1 && other.status == 400)
        #expect(clicked.status == 200 && again.status == 200)
        let after = try await admin.get("/v1/contacts/\(id)").json
        #expect(after["email_opt_out"] == true && after["version"] == 2)
        let change = try await admin.get("/v1/contacts/\(id)/changes").json["data"]?.elements?.first
        #expect(
            change?["fields"]?["email_opt_out"]?["after"] == true && change?["actor"]?["type"] == "system", "\(String(describing: change))")
        for path in [String(path.dropLast()) + (path.hasSuffix("A") ? "B" : "A"), "/u/x"] {
            #expect(try await stranger.get(path).status == 404)
            #expect(try await stranger.send(.post, path, "List-Unsubscribe=One-Click").status == 404)
        }
    }

    @Test("One click leaves a user alone, and an address that belongs to nobody") func others() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        let scope = try await firm.scope()
        let address = "someone@\(firm.slug).example"
        #expect(try await post.post.send(Self.letter(to: firm.email, .user(scope.tenant.adminID)), in: scope) == .sent)
        #expect(try await post.post.send(Self.letter(to: address, .address(address)), in: scope) == .sent)

        for mail in [try post.mails(to: firm.email).last, try post.mails(to: address).last] {
            let answer = try await post.site.stranger.send(
                .post, try Self.path(mail), "List-Unsubscribe=One-Click", type: "application/x-www-form-urlencoded")
            #expect(answer.status == 200)
        }

        #expect(try await admin.get("/v1/users/\(scope.tenant.adminID)").json["email_opt_out"] == true)
        let outcome = try await post.post.send(Self.letter(to: address.uppercased(), .address(address)), in: scope)
        #expect(outcome == .refused(.suppressed, "No more mail goes to this address (unsubscribed)."))
        #expect(try await post.post.send(Self.letter(to: address, nil, .access), in: scope) == .sent)
    }

    @Test("Administrators see whom nothing is sent to, in pages, and may allow it again") func list() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        let scope = try await firm.scope()
        for name in ["a+b", "b", "c"] {
            try await Unsubscribing.perform(.address("\(name)@example.com"), in: scope, requestID: "test")
        }

        let first = try await admin.get("/v1/suppressions?limit=2")
        let cursor = try #require(try first.json["page"]?["next"]?.string)
        let second = try await admin.get("/v1/suppressions?limit=2&after=\(cursor)")
        let removed = try await admin.delete("/v1/suppressions/a%2Bb@example.com")

        #expect(try first.json["data"]?.elements?.map { $0["address"] } == ["a+b@example.com", "b@example.com"])
        #expect(try second.json["data"]?.elements?.map { $0["address"] } == ["c@example.com"] && second.json["page"]?["next"] == .null)
        #expect(try first.json["data"]?.elements?.first?["reason"] == "unsubscribed")
        #expect(removed.status == 204)
        #expect(try await admin.delete("/v1/suppressions/a%2Bb@example.com").status == 404)
        #expect(try await post.post.send(Self.letter(to: "a+b@example.com", nil), in: scope) == .sent)
        #expect(try await firm.person("manager").get("/v1/suppressions").status == 403)
        #expect(try await firm.person("manager").delete("/v1/suppressions/b@example.com").status == 403)
        #expect(try await post.site.firm().admin().get("/v1/suppressions").json["data"] == [])
    }

    /// A report as servers write it, to the return address of a mail.
    private static func report(_ post: PostSite, _ tenant: Tenant, _ mail: UUID, status: String, forged: Bool = false) async throws
        -> [UInt8]
    {
        let key = forged ? RandomBytes.make(32) : try #require(try await post.site.installation.mailKeys().first)
        let address = try ReturnAddress(domain: "bounces.example.com", key: key).address(owner: tenant.id, mail: mail).address
        let text = """
            From: MAILER-DAEMON@mx.example.net
            To: \(address)
            Subject: Undelivered Mail
            Content-Type: multipart/report; report-type=delivery-status; boundary="b"

            --b
            Content-Type: text/plain

            It did not arrive.
            --b
            Content-Type: message/delivery-status

            Reporting-MTA: dns; mx.example.net

            Final-Recipient: rfc822; forwarded@elsewhere.example
            Action: failed
            Status: \(status)
            Diagnostic-Code: smtp; 550 \(status) no such user
            --b--
            """
        return Array(text.replacing("\n", with: "\r\n").utf8)
    }

    private static func complaint(_ post: PostSite, _ tenant: Tenant, _ mail: UUID) async throws -> [UInt8] {
        let key = try #require(try await post.site.installation.mailKeys().first)
        let address = try ReturnAddress(domain: "bounces.example.com", key: key).address(owner: tenant.id, mail: mail).address
        let text = """
            From: fbl@mx.example.net
            To: abuse@crm.example.com
            Content-Type: multipart/report; report-type=feedback-report; boundary="b"

            --b
            Content-Type: message/feedback-report

            Feedback-Type: abuse
            User-Agent: Some/1.0
            Version: 1
            Original-Mail-From: <\(address)>
            --b--
            """
        return Array(text.replacing("\n", with: "\r\n").utf8)
    }

    @Test(
        "A report of a dead address or a complaint that came to a signed return address suppresses the mail's recipient; nothing else does")
    func reports() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        let scope = try await firm.scope()
        let stranger = post.site.stranger
        func send(_ name: String) async throws -> UUID {
            let letter = Self.letter(to: "\(name)@\(firm.slug).example", nil)
            #expect(try await post.post.send(letter, in: scope) == .sent)
            return letter.id
        }
        func report(_ bytes: [UInt8]) async throws {
            #expect(try await stranger.send(.post, "/v1/mail/inbound", bytes: bytes, type: "message/rfc822").status == 202)
        }
        func suppressed() async throws -> [String: String] {
            let rows = try await admin.get("/v1/suppressions").json["data"]?.elements ?? []
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["address"]?.string ?? "", $0["reason"]?.string ?? "") })
        }

        try await report(Self.report(post, scope.tenant, send("forged"), status: "5.1.1", forged: true))
        try await report(Self.report(post, scope.tenant, send("full"), status: "5.2.2"))
        try await report(Self.report(post, scope.tenant, .v7(), status: "5.1.1"))
        try await report(Array("Subject: Hello\r\n\r\nHow are you?".utf8))
        #expect(try await suppressed() == [:])
        try await report(Self.report(post, scope.tenant, send("gone"), status: "5.1.1"))
        try await report(Self.complaint(post, scope.tenant, send("angry")))

        #expect(try await suppressed() == ["gone@\(firm.slug).example": "bounce", "angry@\(firm.slug).example": "complaint"])
        #expect(try await post.post.send(Self.letter(to: "gone@\(firm.slug).example", nil, .access), in: scope) != .sent)
        #expect(try await post.post.send(Self.letter(to: "angry@\(firm.slug).example", nil, .access), in: scope) == .sent)
        #expect(try await stranger.post("/v1/mail/inbound", [:]).status == 415)
        #expect(try await post.site.firm().admin().get("/v1/suppressions").json["data"] == [])
    }

    @Test("When a twenty-fifth of the last five hundred came back, mail waits and the administrator is told, until someone resumes")
    func breaker() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        let scope = try await firm.scope()
        _ = try await scope.run([
            """
            INSERT INTO mails (id, kind, recipient, subject, state, sent_at, bounced_at)
            SELECT gen_random_uuid(), 'offer', n || '@example.com', 'Offer', 'sent', now() - interval '1 hour', CASE WHEN n <= 19 THEN now() END
            FROM generate_series(1, 499) AS n
            """
        ])
        let letter = Self.letter(to: "last@\(firm.slug).example", nil)
        #expect(try await post.post.send(letter, in: scope) == .sent)
        #expect(try await admin.get("/v1/mail").json == ["state": "open", "paused_at": nil, "sent": 500, "bounced": 19])

        let answer = try await post.site.stranger.send(
            .post, "/v1/mail/inbound", bytes: try await Self.report(post, scope.tenant, letter.id, status: "5.1.1"), type: "message/rfc822")

        #expect(answer.status == 202)
        #expect(try await admin.get("/v1/mail").json["state"] == "paused")
        let figures = try await Client(post.site.aside).get("/metrics").text
        #expect(figures.contains("tenantry_mail_paused{cell=\"main\"} 1"))
        let waiting = Self.letter(to: "next@\(firm.slug).example", nil)
        guard case .later = try await post.post.send(waiting, in: scope) else {
            Issue.record("It does not wait.")
            return
        }
        let told = try await post.mails(to: firm.email, count: 1)
        #expect(told.last?.subject.contains("paused") == true && told.last?.token("settings") == nil)
        #expect(try await firm.person("manager").send(.post, "/v1/mail/resume").status == 403)
        #expect(try await admin.send(.post, "/v1/mail/resume").json == ["state": "open", "paused_at": nil, "sent": 0, "bounced": 0])
        #expect(try await post.post.send(waiting, in: scope) == .sent)
    }

    @Test("A mail stands in the timeline of the record it is about, its address only for those who may see it") func timeline() async throws
    {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        let email = "miller@\(firm.slug).example"
        let id = try await Self.contact(admin, email)
        #expect(try await post.post.send(Self.letter(to: email, .contact(id), about: id), in: firm.scope()) == .sent)

        let entries = try await admin.get("/v1/contacts/\(id)/timeline").json["data"]?.elements ?? []

        #expect(entries.map { $0["kind"] } == ["mail", "change"])
        let entry = try #require(entries.first)
        #expect(entry["summary"] == "Offer" && entry["actor"] == .null && entry["record"]?["id"] == .string(id.uuidString.lowercased()))
        #expect(entry["data"]?["to"] == .string(email) && entry["data"]?["state"] == "sent" && entry["data"]?["returned"] == false)
        #expect(entry["data"]?["sent_at"]?.string?.hasSuffix("Z") == true)
        let cursor = try await admin.get("/v1/contacts/\(id)/timeline?limit=1").json["page"]?["next"]?.string ?? ""
        let rest = try await admin.get("/v1/contacts/\(id)/timeline?limit=1&after=\(cursor)").json["data"]?.elements
        #expect(rest?.map { $0["kind"] } == ["change"])
        let role: JSON = [
            "name": "Blind", "rights": ["*": ["read": "all", "update": "none", "delete": "none", "create": false, "export": false]],
            "hidden_fields": ["contacts": ["email"]],
        ]
        #expect(try await admin.post("/v1/roles", role).status == 201)
        let blind = try await firm.user("member")
        _ = try await firm.scope().run(["UPDATE users SET role_id = (SELECT id FROM roles WHERE name = 'Blind') WHERE email = \(blind)"])
        let seen = try await firm.signIn(blind).get("/v1/contacts/\(id)/timeline").json["data"]?.elements?.first
        #expect(seen?["kind"] == "mail" && seen?["data"]?["to"] == .null)
    }
}

import CRM
import Foundation
import Postgres
import Records
import Tenancy
import Testing

@testable import Server

@Suite("Ways into an account by mail") struct InvitationTests {
    private static let password = "a brand new pass phrase"

    private func invite(_ firm: Firm, _ more: [JSON.Member] = []) async throws -> (email: String, id: String) {
        let email = "\(TestSite.unique())@\(firm.slug).example"
        let body: [JSON.Member] = [
            .init("email", .string(email)), .init("name", "Ines Invited"), .init("role_id", .string(try await firm.roleID("member"))),
        ]
        let made = try await firm.admin().post("/v1/users", .object(body + more))
        guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
        return (email, id)
    }

    @Test("Who is made without a password gets a mail, chooses one by its link, and is in; the link works once") func accepting()
        async throws
    {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let (email, id) = try await invite(firm, [.init("locale", "de-AT")])

        let mail = try #require(try await post.mails(to: email, count: 1).first)
        let token = try #require(mail.token("invitation"))
        let stranger = post.site.stranger
        let weak = try await stranger.post("/v1/invitations/accept", ["token": .string(token), "password": "password1234"])
        let accepted = try await stranger.post("/v1/invitations/accept", ["token": .string(token), "password": .string(Self.password)])
        let again = try await stranger.post("/v1/invitations/accept", ["token": .string(token), "password": "another long password"])

        #expect(mail.text.contains("Ada Admin") && mail.text.contains("eingeladen") && mail["auto-submitted"] == "auto-generated")
        #expect(mail["list-unsubscribe"] == nil && mail.text.contains("https://\(firm.slug).crm.example.com/invitation/\(token)"))
        #expect(weak.status == 422 && weak.pointers == ["/password"])
        #expect(accepted.status == 200, "\(accepted.text)")
        #expect(try accepted.json == ["tenant": .string(firm.slug), "email": .string(email)])
        #expect(again.status == 422 && again.pointers == ["/token"])
        let user = try await firm.signIn(email, Self.password).get("/v1/users/\(id)").json
        #expect(user["status"] == "active" && user["email_confirmed_at"]?.string != nil)
        let changes = try await firm.admin().get("/v1/users/\(id)/changes").json["data"]?.elements?.first
        #expect(changes?["fields"]?["status"]?["before"] == "invited" && changes?["fields"]?["status"]?["after"] == "active")
        #expect(changes?["actor"]?["id"] == .string(id))
        let stored = try await firm.scope().rows("SELECT links::text || users::text FROM users")[0].text(0)
        #expect(!stored.contains(token))
    }

    @Test("Another invitation ends the link of the one before; an expired link, and one that nobody wrote, open nothing") func dead()
        async throws
    {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let (email, id) = try await invite(firm)
        let first = try #require(try await post.mails(to: email, count: 1).first?.token("invitation"))

        let admin = try await firm.admin()
        let once = try await admin.with(.idempotencyKey, "again").send(.post, "/v1/users/\(id)/invite")
        let second = try #require(try await post.mails(to: email, count: 2).last?.token("invitation"))
        let repeated = try await admin.with(.idempotencyKey, "again").send(.post, "/v1/users/\(id)/invite")
        _ = try await firm.scope().run([
            "UPDATE users SET links = jsonb_set(links, '{invitation,until}', to_jsonb(now() - interval '1 second')) WHERE id = \(id)::uuid"
        ])
        var bodies: Set<JSON> = []
        for token in [
            first, second, String(second.dropLast()) + "A", "\(firm.slug)_" + String(repeating: "A", count: 64), "none-such", "ä_",
        ] {
            let answer = try await post.site.stranger.with(.requestID, "same").post(
                "/v1/invitations/accept", ["token": .string(token), "password": .string(Self.password)])
            #expect(answer.status == 422, "\(token)")
            bodies.insert(try answer.json)
        }

        #expect(once.status == 202 && repeated.status == 202 && repeated.headers[.idempotentReplayed] == "true")
        #expect(bodies.count == 1)
        #expect(try await firm.person("member").send(.post, "/v1/users/\(id)/invite").status == 403)
        #expect(try await admin.send(.post, "/v1/users/\(try await firm.scope().tenant.adminID)/invite").status == 409)
    }

    @Test("The first person of an account that an operator opened without a password is invited too") func firstPerson() async throws {
        let post = try await PostSite.shared
        let slug = "test-" + TestSite.unique()
        let email = "boss@\(slug).example"
        let body: JSON = ["name": "Bare Firm", "plan": "unlimited", "admin": ["email": .string(email), "name": "Bo Boss"]]

        let made = try await post.site.operator().put("/operator/v1/tenants/\(slug)", body)
        let token = try #require(try await post.mails(to: email, count: 1).first?.token("invitation"))
        let accepted = try await post.site.stranger.post(
            "/v1/invitations/accept", ["token": .string(token), "password": .string(Self.password)])

        #expect(made.status == 201 && accepted.status == 200)
        #expect(try await Firm(site: post.site, slug: slug, email: email).signIn(email, Self.password).get("/v1/session").status == 200)
    }

    @Test("Whoever asks for a new password hears the same, whoever there is; the link changes it once and ends the sessions")
    func reset() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let email = try await firm.user("member")
        let before = try await firm.signIn(email)
        let stranger = post.site.stranger
        var answers: Set<String> = []
        for (slug, address) in [
            (firm.slug, email), (firm.slug, "nobody@example.com"), ("no-such-firm", email), (firm.slug, email.uppercased()),
        ] {
            let answer = try await stranger.post("/v1/session/password_reset", ["tenant": .string(slug), "email": .string(address)])
            answers.insert("\(answer.status) \(answer.text)")
        }

        let token = try #require(try await post.mails(to: email, count: 1).first?.token("password"))
        let done = try await stranger.post(
            "/v1/session/password_reset/confirm", ["token": .string(token), "password": .string(Self.password)])
        let again = try await stranger.post(
            "/v1/session/password_reset/confirm", ["token": .string(token), "password": "yet another pass phrase"])

        #expect(answers == ["202 {}"])
        #expect(done.status == 200 && again.status == 422)
        try await eventually { try await before.get("/v1/session").status == 401 }
        #expect(try await firm.signIn(email, Self.password).get("/v1/session").status == 200)
        await #expect(throws: Unexpected.self) { try await firm.signIn(email) }
        #expect(try post.mails(to: email).filter { $0.token("password") != nil }.count == 1)
    }

    @Test("Asking too often is refused, for an account that exists and for one that does not") func flood() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        for email in [firm.email, "nobody@example.com"] {
            let client = post.site.stranger.from("198.51.100.\(Int.random(in: 1...200))")
            var statuses: [Int] = []
            for _ in 1...11 {
                statuses.append(
                    try await client.post("/v1/session/password_reset", ["tenant": .string(firm.slug), "email": .string(email)]).status)
            }
            #expect(statuses == Array(repeating: 202, count: 10) + [429])
        }
        #expect(try post.mails(to: firm.email).filter { $0.token("password") != nil }.count <= 1)
    }

    @Test("A changed address is asked whether it is theirs, and links that went to the old one open nothing") func changedAddress()
        async throws
    {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        let (email, id) = try await invite(firm)
        let token = try #require(try await post.mails(to: email, count: 1).first?.token("invitation"))
        #expect(
            try await post.site.stranger.post("/v1/invitations/accept", ["token": .string(token), "password": .string(Self.password)])
                .status
                == 200)
        _ = try await post.site.stranger.post("/v1/session/password_reset", ["tenant": .string(firm.slug), "email": .string(email)])
        let stale = try #require(try await post.mails(to: email, count: 2).last?.token("password"))
        let new = "new.\(email)"

        let unchanged = try await admin.patch("/v1/users/\(id)", ["email": .string(email), "name": "Ines I."])
        let changed = try await admin.patch("/v1/users/\(id)", ["email": .string(new)])
        let confirmation = try #require(try await post.mails(to: new, count: 1).first?.token("email"))
        let dead = try await post.site.stranger.post(
            "/v1/session/password_reset/confirm", ["token": .string(stale), "password": "yet another pass phrase"])
        let confirmed = try await post.site.stranger.post("/v1/session/email/confirm", ["token": .string(confirmation)])
        let again = try await post.site.stranger.post("/v1/session/email/confirm", ["token": .string(confirmation)])

        #expect(try unchanged.json["email_confirmed_at"]?.string != nil && changed.json["email_confirmed_at"] == .null, "\(changed.text)")
        #expect(dead.status == 422)
        #expect(try confirmed.json == ["tenant": .string(firm.slug), "email": .string(new)])
        #expect(again.status == 422)
        #expect(try await admin.get("/v1/users/\(id)").json["email_confirmed_at"]?.string != nil)
        #expect(try post.mails(to: email).count == 2)
    }

    @Test("Signing in from a new network or program is told by mail, but not the first time and not again") func alerts() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let client = post.site.stranger.with(.userAgent, "Lynx/2.9")
        func signIn(_ client: Client) async throws { #expect(try await client.post("/v1/session", firm.signInBody).status == 201) }

        try await signIn(client)
        try await signIn(client)
        try await signIn(client.from("203.0.113.7"))
        try await signIn(client.from("203.0.113.7"))
        let first = try await post.mails(to: firm.email, count: 1)
        try await signIn(client.with(.userAgent, "Netscape/4.0 <b>"))
        let both = try await post.mails(to: firm.email, count: 2)

        #expect(first.count == 1 && first[0].text.contains("203.0.113.7") && first[0].text.contains("Lynx/2.9"))
        #expect(both.count == 2 && both[1].text.contains("Netscape/4.0"))
        let kept = try await firm.scope().rows("SELECT seen_from::text FROM users")[0].text(0)
        #expect(!kept.contains("203") && !kept.contains("Lynx"))
    }

    @Test("The pages behind the links look like the firm; to whoever has no link they tell nothing of it") func brandedPages() async throws
    {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        let (email, _) = try await invite(firm)
        let token = try #require(try await post.mails(to: email, count: 1).first?.token("invitation"))
        let stranger = post.site.stranger
        func answer(_ body: String) async throws -> Client.Answer {
            try await stranger.send(.post, "/invitation/\(token)", body, type: "application/x-www-form-urlencoded")
        }

        #expect(try await admin.patch("/v1/settings", ["name": "Bäckerei <Süß>"]).status == 200)
        let named = try await stranger.get("/invitation/\(token)")
        #expect(try await admin.patch("/v1/settings", ["brand": ["name": "Süß", "colour": "#00ffcc"]]).status == 200)
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
        let branded = try await stranger.get("/invitation/\(token)")
        #expect(try await admin.send(.put, "/v1/settings/logo", bytes: png, type: "image/png").status == 200)
        let pictured = try await stranger.get("/invitation/\(token)")
        let guessed = try await stranger.get("/invitation/\(token.dropLast())x")
        let refused = try await answer("password=short")
        let accepted = try await answer("password=a+brand+new%20pass+phrase")
        let later = try await stranger.get("/invitation/\(token)")

        #expect(named.text.contains("Bäckerei &lt;Süß&gt;") && !named.text.contains("Tenantry"))
        #expect(branded.text.contains("<span>Süß</span>") && branded.text.contains("/brand/00ffcc.css"))
        #expect(pictured.text.contains("<img src=\"data:image/png;base64,iVBORw0KGgoAAAAN\" alt=\"Süß\""))
        #expect(pictured.headers[.contentSecurityPolicy]?.contains("img-src 'self' data:") == true)
        #expect(refused.text.contains("alt=\"Süß\"") && accepted.text.contains("alt=\"Süß\""))
        #expect(guessed.text.contains("Tenantry") && !guessed.text.contains("Süß"))
        #expect(later.text.contains("Tenantry") && !later.text.contains("Süß"))
    }

    @Test("Mails are written in the firm's language, pages and mails under its name") func firmsLanguage() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        #expect(try await admin.patch("/v1/settings", ["name": "Bäckerei Süß", "locale": "de-AT"]).status == 200)

        let (email, _) = try await invite(firm)
        let mail = try #require(try await post.mails(to: email, count: 1).first)

        #expect(mail.text.contains("Einladung annehmen") && mail.text.contains("Bäckerei Süß"), "\(mail.text)")
    }

    @Test("The pages behind the links change nothing when they are read, only by their button") func pages() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let (email, id) = try await invite(firm)
        let token = try #require(try await post.mails(to: email, count: 1).first?.token("invitation"))
        let stranger = post.site.stranger
        func answer(_ body: String) async throws -> Client.Answer {
            try await stranger.send(.post, "/invitation/\(token)", body, type: "application/x-www-form-urlencoded")
        }

        let page = try await stranger.get("/invitation/\(token)")
        let status = try await firm.admin().get("/v1/users/\(id)").json["status"]
        let short = try await answer("password=short")
        let right = try await answer("password=a+brand+new%20pass+phrase")

        #expect(page.status == 200 && page.text.contains("<form method=\"post\">") && page.text.contains("type=\"password\""))
        #expect(page.headers[.contentSecurityPolicy]?.contains("form-action 'self'") == true && page.headers[.cacheControl] == "no-store")
        #expect(status == "invited")
        #expect(short.text.contains("role=\"alert\"") && right.text.contains("Welcome"), "\(right.text)")
        #expect(try await firm.signIn(email, Self.password).get("/v1/session").status == 200)
    }
}

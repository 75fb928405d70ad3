import CRM
import Foundation
import Postgres
import Records
import Support
import Tenancy
import Testing

@testable import Server

@Suite("Firms that open an account by themselves") struct SignUpTests {
    private static func body(_ slug: String, _ email: String) -> JSON {
        [
            "slug": .string(slug), "name": "Self & Made", "email": .string(email), "password": .string(TestSite.password),
            "language": "es-MX",
        ]
    }

    private static func client(_ post: PostSite) -> Client {
        post.site.stranger.from("2001:db8:\(Int.random(in: 1...9999)):\(Int.random(in: 1...9999))::1")
    }

    @Test("The link in the mail opens a trial with its first administrator, in whose language it was asked for") func opening() async throws
    {
        let post = try await PostSite.shared
        let client = Self.client(post)
        let slug = "self-" + TestSite.unique()
        let email = "me@\(slug).example"

        #expect(try await client.get("/v1/signup/slug?slug=\(slug)").json == ["slug": .string(slug), "available": true, "reason": nil])
        let began = ContinuousClock.now
        let asked = try await client.post("/v1/signup", Self.body(slug, email))
        let mail = try #require(try await post.mails(to: email, count: 1).first)
        let token = try #require(mail.token("signup"))
        let early = try await client.post(
            "/v1/session", ["tenant": .string(slug), "email": .string(email), "password": .string(TestSite.password)])
        let start = ContinuousClock.now
        let opened = try await client.post("/v1/signup/confirm", ["token": .string(token)])
        let admin = try await Firm(site: post.site, slug: slug, email: email).admin()
        let made = try await admin.post("/v1/contacts", ["last_name": "First"])
        let end = ContinuousClock.now
        let again = try await client.post("/v1/signup/confirm", ["token": .string(token)])

        #expect(asked.status == 202 && asked.text == "{}" && mail.text.contains("Self & Made") && mail.text.contains("Abrir la cuenta"))
        #expect(early.status == 401)
        #expect(opened.status == 200, "\(opened.text)")
        #expect(try opened.json == ["tenant": .string(slug), "email": .string(email)] && again.json == opened.json)
        #expect(made.status == 201, "\(made.text)")
        let session = try await admin.get("/v1/session").json
        #expect(session["tenant"]?["state"] == "trial" && session["role"] == "admin" && session["tenant"]?["name"] == "Self & Made")
        #expect(try await admin.get("/v1/settings").json["locale"] == "es")
        #expect(try await admin.get("/v1/pipelines").json["data"]?.elements?.count == 1)
        let tenant = try #require(try await post.site.installation.directory.find(slug: slug))
        #expect(tenant.trialEndsAt.map { abs($0.timeIntervalSinceNow - 14 * 86_400) < 600 } == true && !tenant.isTest)
        #expect(try await client.get("/v1/signup/slug?slug=\(slug)").json["available"] == false)
        print("From the sign-up to the first contact: \(end - began), with the mail's way; from its link: \(end - start)")
    }

    @Test("What cannot be an account is refused with pointers; of two that want one name the first to confirm has it") func refusals()
        async throws
    {
        let post = try await PostSite.shared
        let client = Self.client(post)
        let firm = try await post.site.firm()
        let slug = "self-" + TestSite.unique()

        let wrong = try await client.post(
            "/v1/signup", ["slug": "admin", "name": 1, "email": "me", "password": "password1234", "plan": "unlimited"])
        let bait = try await client.post(
            "/v1/signup",
            ["slug": "bait-firm", "name": "Win at http://x.example", "email": "me@example.com", "password": .string(TestSite.password)])
        let taken = try await client.post("/v1/signup", Self.body(firm.slug, "me@example.com"))
        for name in ["one", "two"] {
            #expect(try await client.post("/v1/signup", Self.body(slug, "\(name)@\(slug).example")).status == 202)
        }
        let first = try #require(try await post.mails(to: "one@\(slug).example", count: 1).first?.token("signup"))
        let second = try #require(try await post.mails(to: "two@\(slug).example", count: 1).first?.token("signup"))
        let winner = try await client.post("/v1/signup/confirm", ["token": .string(second)])
        let loser = try await client.post("/v1/signup/confirm", ["token": .string(first)])

        #expect(wrong.status == 422 && Set(wrong.pointers) == ["/slug", "/name", "/email", "/password", "/plan"], "\(wrong.text)")
        #expect(bait.status == 422 && bait.pointers == ["/name"])
        #expect(taken.status == 422 && taken.pointers == ["/slug"])
        #expect(winner.status == 200 && loser.status == 409)
        #expect(try await client.post("/v1/signup/confirm", ["token": "none"]).status == 422)
        #expect(try await client.get("/v1/signup/slug?slug=www").json["available"] == false)
        #expect(try await client.get("/v1/signup/slug").status == 400)
    }

    @Test("A link expires after a day, and stands nowhere") func expiry() async throws {
        let post = try await PostSite.shared
        let slug = "self-" + TestSite.unique()
        let email = "me@\(slug).example"
        let client = Self.client(post)
        #expect(try await client.post("/v1/signup", Self.body(slug, email)).status == 202)
        let token = try #require(try await post.mails(to: email, count: 1).first?.token("signup"))
        let pool = ExclusivePool(
            ConnectionSettings(url: post.site.installation.settings.ownerURL), PoolSettings(name: "late", connections: 1))

        try await pool.outsideTransaction(["UPDATE control.signups SET expires_at = now() - interval '1 second' WHERE slug = \(slug)"])
        await pool.close()

        #expect(try await client.post("/v1/signup/confirm", ["token": .string(token)]).status == 422)
        #expect(try await post.site.installation.directory.find(slug: slug) == nil)
    }

    @Test("Floods are held off: from one address, for one e-mail, and altogether") func floods() async throws {
        let post = try await PostSite.shared
        let client = Self.client(post)
        let email = "flood-\(TestSite.unique())@example.com"
        var statuses: [Int] = []
        for number in 1...11 {
            statuses.append(
                try await client.post("/v1/signup", Self.body("self-\(TestSite.unique())", number <= 5 ? email : "\(number)\(email)"))
                    .status)
        }
        #expect(statuses == Array(repeating: 202, count: 10) + [429])
        // The last of those that were taken has its mail: then there would be the fourth of the first address too.
        _ = try await post.mails(to: "10\(email)", count: 1)
        #expect(try post.mails(to: email).count == 3)
        for _ in 1...30 { _ = try await client.get("/v1/signup/slug?slug=some-name") }
        let stopped = try await client.get("/v1/signup/slug?slug=some-name")
        #expect(stopped.status == 429 && stopped.headers[.retryAfter] != nil)
        var limits = Signups.Limits()
        limits.inAll = 1
        #expect(try await post.site.installation.signups.isFlooded(from: "192.0.2.99", limits))
        limits = Signups.Limits()
        limits.inAll = 10_000
        limits.pending = 1
        #expect(try await post.site.installation.signups.isFlooded(from: "192.0.2.99", limits))
    }

    @Test("Where it is not offered, its addresses are not there") func off() async throws {
        let stranger = try await TestSite.shared.stranger

        #expect(try await stranger.post("/v1/signup", Self.body("self-made", "me@example.com")).status == 404)
        #expect(try await stranger.post("/v1/signup/confirm", ["token": "x"]).status == 404)
        #expect(try await stranger.get("/v1/signup/slug?slug=x").status == 404)
        #expect(try await stranger.get("/signup/x").status == 404)
        #expect(!(try await stranger.get("/v1/openapi.json").text.contains("/v1/signup")))
    }
}

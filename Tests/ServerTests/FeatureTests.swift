import Foundation
import Records
import Testing

@testable import Server

@Suite("What a plan comes with") struct FeatureTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]

    private static func allow(_ features: JSON, _ firm: Firm) async throws {
        let answer = try await firm.site.operator().post(
            "/operator/v1/tenants/\(firm.slug)/change_plan", ["plan": "unlimited", "overrides": ["features": features], "reason": "test"])
        guard answer.status == 200 else { throw Unexpected(answer) }
    }

    private static func invited(_ email: String, _ firm: Firm) async throws -> JSON {
        ["email": .string(email), "name": "Ines", "role_id": .string(try await firm.roleID("member"))]
    }

    @Test("What the plan withholds cannot be decided, only given up; all else in the same settings can") func refusals() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        #expect(try await admin.patch("/v1/settings", ["brand": ["name": "Süß"], "mail": ["smtp": ["port": 2525]]]).status == 200)
        try await Self.allow(["own_brand": false, "own_mail_server": false], firm)

        for patch in [["brand": ["colour": "#00ffcc"]], ["brand": ["name": "Salt"]], ["brand": ["logo": "https://a.example/l.png"]]]
            as [JSON]
        {
            let refused = try await admin.patch("/v1/settings", patch)
            #expect(LimitRefusal(refused) == LimitRefusal(0, 0, "own_brand"), "\(refused.text)")
        }
        let server = try await admin.patch("/v1/settings", ["mail": ["smtp": ["host": "mail.example.com"]]])
        let picture = try await admin.send(.put, "/v1/settings/logo", bytes: Self.png, type: "image/png")
        #expect(LimitRefusal(server) == LimitRefusal(0, 0, "own_mail_server"), "\(server.text)")
        #expect(LimitRefusal(picture) == LimitRefusal(0, 0, "own_brand"), "\(picture.text)")
        #expect(try await admin.get("/v1/entitlements").json["features"] == ["own_brand": false, "own_mail_server": false])

        let other = try await admin.patch("/v1/settings", ["name": "Plain", "mail": ["from_name": "Ann", "smtp": ["port": nil]]])
        let less = try await admin.patch("/v1/settings", ["brand": ["name": nil]])
        #expect(other.status == 200 && less.status == 200, "\(other.text) \(less.text)")
        #expect(try less.json["brand"]?["name"] == .null && less.json["mail"]?["smtp"]?["port"] == 587)
        let back = try await admin.post("/v1/settings/revert", ["version": 2])
        #expect(LimitRefusal(back) == LimitRefusal(0, 0, "own_brand"), "\(back.text)")

        // What a plan does not name it does not withhold.
        try await Self.allow([:], firm)
        #expect(try await admin.post("/v1/settings/revert", ["version": 2]).json["brand"]?["name"] == "Süß")
    }

    @Test("With the plan a brand goes from pages and mails, and with a larger one it is back as it was") func brand() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        #expect(try await admin.patch("/v1/settings", ["name": "Plain", "brand": ["name": "Süß", "colour": "#00ffcc"]]).status == 200)
        #expect(try await admin.send(.put, "/v1/settings/logo", bytes: Self.png, type: "image/png").status == 200)
        func invite() async throws -> (page: Client.Answer, mail: PostSite.Mail) {
            let email = "\(TestSite.unique())@example.org"
            let made = try await admin.post("/v1/users", try await Self.invited(email, firm))
            guard made.status == 201 else { throw Unexpected(made) }
            let mail = try #require(try await post.mails(to: email, count: 1).first)
            return (try await post.site.stranger.get("/invitation/\(try #require(mail.token("invitation")))"), mail)
        }

        let branded = try await invite()
        try await Self.allow(["own_brand": false], firm)
        let plain = try await invite()
        try await Self.allow([:], firm)
        let again = try await invite()

        for (page, mail) in [branded, again] {
            #expect(page.text.contains("alt=\"Süß\"") && page.text.contains("/brand/00ffcc.css") && mail.text.contains("Süß"))
            #expect(mail["content-type"]?.contains("multipart") == true)
        }
        #expect(plain.page.text.contains("<span>Plain</span>") && !plain.page.text.contains("00ffcc") && !plain.page.text.contains("Süß"))
        #expect(plain.mail.text.contains("Plain") && !plain.mail.text.contains("Süß"))
    }

    @Test("A logo on the web stands on the firm's pages, whose policy lets it in and nothing else; a kept picture comes before it")
    func logoOnTheWeb() async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        func setLogo(_ address: String) async throws {
            let answer = try await admin.patch("/v1/settings", ["brand": ["name": "Süß", "logo": .string(address)]])
            guard answer.status == 200 else { throw Unexpected(answer) }
        }
        let email = "\(TestSite.unique())@example.org"
        #expect(try await admin.post("/v1/users", try await Self.invited(email, firm)).status == 201)
        let token = try #require(try await post.mails(to: email, count: 1).first?.token("invitation"))
        func link() async throws -> Client.Answer { try await post.site.stranger.get("/invitation/\(token)") }

        try await setLogo("https://cdn.example.com:8443/a?b=\"1\"&c.png")
        let shown = try await link()
        // No host that could stand in a policy without adding to it.
        try await setLogo("https://a;script-src/x.png")
        let odd = try await link()
        #expect(try await admin.send(.put, "/v1/settings/logo", bytes: Self.png, type: "image/png").status == 200)
        let kept = try await link()

        #expect(shown.text.contains("<img src=\"https://cdn.example.com:8443/a?b=&quot;1&quot;&amp;c.png\" alt=\"Süß\""), "\(shown.text)")
        #expect(shown.headers[.contentSecurityPolicy]?.contains("img-src 'self' https://cdn.example.com:8443 data: blob:;") == true)
        #expect(odd.text.contains("<span>Süß</span>") && odd.headers[.contentSecurityPolicy] == PageFrame.policy)
        #expect(kept.text.contains("data:image/png") && kept.headers[.contentSecurityPolicy] == PageFrame.policy)
    }
}

import Foundation
import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("The logo of mails") struct LogoTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]

    @Test("Who runs the settings keeps one, everyone in the account sees it, nobody outside; it goes again") func life() async throws {
        let site = try await TestSite.shared
        let (firm, other) = (try await site.firm(), try await site.firm())
        let admin = try await firm.admin()
        let member = try await firm.person("member")

        #expect(try await admin.get("/v1/settings/logo").status == 404)
        let kept = try await admin.send(.put, "/v1/settings/logo", bytes: Self.png, type: "image/png")
        let refused = try await member.send(.put, "/v1/settings/logo", bytes: Self.png, type: "image/png")
        let shown = try await member.get("/v1/settings/logo")

        #expect(kept.status == 200 && refused.status == 403, "\(kept.text)")
        #expect(try kept.json == ["content_type": "image/png", "bytes": 12])
        #expect(shown.headers[.contentType] == "image/png" && shown.bytes == Self.png)
        let tag = try #require(shown.headers[.eTag])
        #expect(try await member.with(.ifNoneMatch, tag).get("/v1/settings/logo").status == 304)
        #expect(try await other.admin().get("/v1/settings/logo").status == 404)
        #expect(try await site.stranger.get("/v1/settings/logo").status == 401)
        let audit = try await admin.get("/v1/audit?limit=5").json["data"]?.elements?.first { $0["action"] == "settings_changed" }
        #expect(audit?["detail"]?["fields"] == ["logo"])
        #expect(try await admin.delete("/v1/settings/logo").status == 204)
        #expect(try await admin.delete("/v1/settings/logo").status == 404)
    }

    @Test("What is no small picture that mail programs show is refused") func refusals() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let svg = Array("<svg xmlns=\"http://www.w3.org/2000/svg\"/>".utf8)

        #expect(try await admin.send(.put, "/v1/settings/logo", bytes: svg, type: "image/png").status == 415)
        #expect(try await admin.send(.put, "/v1/settings/logo", bytes: svg, type: "image/svg+xml").status == 415)
        #expect(try await admin.send(.put, "/v1/settings/logo", bytes: [], type: "image/png").status == 415)
        let large = Self.png + [UInt8](repeating: 0, count: 256 << 10)
        #expect(try await admin.send(.put, "/v1/settings/logo", bytes: large, type: "image/png").status == 413)
        #expect(try await admin.get("/v1/settings/logo").status == 404)
    }
}

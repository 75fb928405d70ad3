import Foundation
import Records
import Tenancy
import Testing

@testable import Server

@Suite("What tenants take") struct StatsTests {
    @Test("Relations, rows and bytes of each, alone and in the list, and when it was last active") func figures() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let viewer = site.operator(.viewer)
        let admin = try await firm.admin()
        let began = Date.now
        for name in ["One", "Two", "Three"] { #expect(try await admin.post("/v1/contacts", ["last_name": .string(name)]).status == 201) }
        try await site.installation.calls.flush()

        let before = try await viewer.get("/operator/v1/tenants/\(firm.slug)/stats").json["rows"]?.integer ?? 0
        // PostgreSQL tells its counters a moment later.
        try await eventually {
            try await viewer.get("/operator/v1/tenants/\(firm.slug)/stats").json["rows"]?.integer ?? 0 >= max(before, 10)
        }
        let one = try await viewer.get("/operator/v1/tenants/\(firm.slug)/stats").json
        var listed: JSON?
        var after = ""
        repeat {
            let page = try await viewer.get("/operator/v1/stats?limit=200\(after)").json
            listed = page["data"]?.elements?.first { $0["tenant"]?.string == firm.slug }
            after = (page["page"]?["next"]?.string).map { "&after=\($0)" } ?? ""
        } while listed == nil && !after.isEmpty

        #expect(one["tenant"]?.string == firm.slug && one["cell"] == "main" && one["slow"]?.elements != nil)
        #expect(one["relations"]?.integer ?? 0 > 100 && listed?["relations"] == one["relations"])
        // Each page of a table or an index is 8 KiB; what was last counted is not far from what the files say.
        let (exact, counted) = (one["bytes"]?.integer ?? 0, listed?["bytes"]?.integer ?? 0)
        #expect(exact > 1_000_000 && counted > exact / 2 && counted < exact * 2, "\(exact) \(counted)")
        for figures in [one, listed ?? .null] {
            let text = figures["last_active_at"]?.string ?? ""
            let last = try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
            #expect(abs(last.timeIntervalSince(began)) < 60)
        }
        #expect(try await viewer.get("/operator/v1/tenants/nobody-here/stats").status == 404)
    }
}

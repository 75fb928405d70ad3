import Records
import Testing

@testable import Server

@Suite("The operators' lists") struct OperatorListTests {
    @Test("Each comes in pages, every row once", arguments: ["cells", "plans", "operators"]) func pages(list: String) async throws {
        let client = try await TestSite.shared.operator()
        var names: [String] = []
        var next: String? = "/operator/v1/\(list)?limit=2"

        while let address = next {
            let page = try await client.get(address)
            #expect(page.status == 200)
            let rows = try #require(try page.json["data"]?.elements)
            names += rows.compactMap { $0["name"]?.string }
            let cursor = try page.json["page"]?["next"]?.string
            #expect(try page.json["page"]?["has_more"] == .bool(cursor != nil))
            #expect(rows.count == 2 || cursor == nil)
            next = page.headers[.link].map { String($0.dropFirst().prefix { $0 != ">" }) }
            #expect((next == nil) == (cursor == nil))
        }

        #expect(Set(names).count == names.count)
        let expected = ["cells": ["main"], "plans": ["business", "free", "team", "unlimited"]][list]
        // Other tests make plans and operators of their own.
        if let expected { #expect(Set(names).isSuperset(of: expected)) } else { #expect(names.count >= 3) }
    }

    @Test("A cursor of another list, and a limit out of range, are refused", arguments: ["cells", "plans", "operators"])
    func refusals(list: String) async throws {
        let client = try await TestSite.shared.operator()
        let plans = try #require(try await client.get("/operator/v1/plans?limit=1").json["page"]?["next"]?.string)

        let foreign = try await client.get("/operator/v1/\(list == "plans" ? "operators" : list)?after=\(plans)")
        let none = try await client.get("/operator/v1/\(list)?after=x")

        for answer in [foreign, none] { #expect(answer.status == 400 && answer.code == "cursor") }
        #expect(try await client.get("/operator/v1/\(list)?limit=0").status == 400)
        #expect(try await client.get("/operator/v1/\(list)?limit=201").code == "malformed")
    }
}

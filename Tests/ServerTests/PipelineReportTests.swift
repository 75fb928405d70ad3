import Foundation
import Records
import Testing

@testable import Server

@Suite("The pipeline report") struct PipelineReportTests {
    @Test("Counts, sums and rates of each stage are what adding up the deals by hand gives, in all and by owner") func figures()
        async throws
    {
        let sales = try await SalesFirm.open(deals: 120, seed: 3)
        let pipelines = Set(sales.deals.map(\.stage.pipeline)).sorted()

        for pipeline in pipelines {
            let report = try await sales.admin.get("/v1/reports/pipeline?pipeline_id=\(pipeline)&by=owner")
            #expect(report.status == 200, "\(report.text)")
            let mine = sales.deals.filter { $0.stage.pipeline == pipeline }
            try Self.compare(try report.json, mine)
            let rows = try report.json["rows"]?.elements ?? []
            #expect(Set(rows.compactMap { $0["owner_id"]?.string }) == Set(mine.map(\.owner)))
            for row in rows { try Self.compare(row, mine.filter { $0.owner == row["owner_id"]?.string }) }
        }
        #expect(pipelines.count == 2)
    }

    private static func compare(_ figures: JSON, _ deals: [SalesFirm.Deal]) throws {
        for stage in figures["stages"]?.elements ?? [] {
            let here = deals.filter { $0.stage.id == stage["stage_id"]?.string }
            #expect(stage["count"]?.integer == here.count)
            let priced = Dictionary(grouping: here.filter { $0.amount != nil }, by: \.currency)
            #expect((stage["amount"]?.members ?? []).count == priced.count)
            for (currency, group) in priced {
                let digits = SalesFirm.digits[currency] ?? 2
                let sum = group.reduce(Decimal(0)) { $0 + ($1.amount ?? 0) }
                let weighted = group.reduce(Decimal(0)) { $0 + ($1.amount ?? 0) * Decimal($1.probability) / 100 }
                #expect(stage["amount"]?[currency]?.string == SalesFirm.printed(sum, digits))
                #expect(stage["weighted"]?[currency]?.string == SalesFirm.printed(weighted, digits))
            }
        }
        let closed = deals.filter { $0.stage.kind != "open" }
        let won = closed.filter { $0.stage.kind == "won" }
        let rate = figures["win_rate"].flatMap { $0.isNull ? nil : SalesFirm.decimal($0.text) }
        #expect((rate == nil) == closed.isEmpty)
        if let rate { #expect(abs(rate - Decimal(won.count) / Decimal(closed.count)) < SalesFirm.decimal("0.0001")) }
    }

    @Test("Who got further counts as converted, and time is that of stays that have ended") func conversion() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let pipeline = try #require(try await admin.get("/v1/pipelines").json["data"]?.elements?.first)
        let stages = (pipeline["stages"]?.elements ?? []).compactMap { $0["id"] }
        var deals: [String] = []
        for number in 1...4 {
            let made = try await admin.post(
                "/v1/deals", ["name": .string("\(number)"), "pipeline_id": pipeline["id"] ?? .null, "stage_id": stages[0]])
            deals.append(try #require(try made.json["id"]?.string))
        }
        for deal in deals.prefix(3) { #expect(try await admin.post("/v1/deals/\(deal)/move", ["stage_id": stages[1]]).status == 200) }
        #expect(try await admin.post("/v1/deals/\(deals[0])/move", ["stage_id": stages[3]]).status == 200)
        #expect(try await admin.post("/v1/deals/\(deals[1])/move", ["stage_id": stages[4], "lost_reason": "Price"]).status == 200)

        let report = try await admin.get("/v1/reports/pipeline?pipeline_id=\(pipeline["id"]?.string ?? "")").json

        let rows = report["stages"]?.elements ?? []
        #expect(rows.map { $0["conversion"]?.text } == ["0.75", "0.3333", "null", "null", "null"], "\(report.text)")
        #expect(rows.map { $0["count"]?.integer } == [1, 1, 0, 1, 1])
        #expect(rows[0]["average_seconds"]?.isNull == false && rows[2]["average_seconds"] == .null)
        #expect(report["win_rate"]?.text == "0.5")
        let none = try await admin.get("/v1/reports/pipeline?pipeline_id=\(pipeline["id"]?.string ?? "")&to=2020-01").json
        #expect(none["win_rate"] == .null && none["stages"]?.elements?.allSatisfy { $0["count"] == 0 } == true)
    }

    @Test("A report of no pipeline, of a stranger's, of a period that is none is refused") func refusals() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let other = try await TestSite.shared.firm().admin().get("/v1/pipelines").json["data"]?.elements?.first?["id"]?.string ?? ""
        let own = try await admin.get("/v1/pipelines").json["data"]?.elements?.first?["id"]?.string ?? ""

        #expect(try await admin.get("/v1/reports/pipeline").code == "malformed")
        #expect(try await admin.get("/v1/reports/pipeline?pipeline_id=\(other)").status == 404)
        #expect(try await admin.get("/v1/reports/pipeline?pipeline_id=\(own)&from=2026-13").code == "malformed")
        #expect(try await admin.get("/v1/reports/pipeline?pipeline_id=\(own)&by=moon").code == "malformed")
    }
}

import Foundation
import HTTPTypes
import Records
import Recurrence
import Support
import Testing

@testable import Server

@Suite("The forecast") struct ForecastTests {
    private static let figures = ["open", "weighted", "best", "commit", "won", "lost"]
    private static let shared = Task { try await SalesFirm.open(deals: 300) }

    @Test(
        "Every figure of several hundred deals is what adding up by hand gives",
        arguments: [nil, "owner", "pipeline", "team"], ["EUR", "USD", "KWD"])
    func figures(by: String?, currency: String) async throws {
        let sales = try await Self.shared.value
        let (from, to) = (String(SalesFirm.day(-120).prefix(7)), String(SalesFirm.day(120).prefix(7)))

        let answer = try await sales.admin.get(
            "/v1/forecast?from=\(from)&to=\(to)&currency=\(currency)" + (by.map { "&by=\($0)" } ?? ""))

        #expect(answer.status == 200, "\(answer.text)")
        let body = try answer.json
        let expected = Oracle(sales, from: from, to: to, by: by, currency: currency)
        #expect(body["from"] == .string(from) && body["to"] == .string(to) && body["currency"] == .string(currency))
        #expect(body["by"] == JSON(by))
        var seen: [[String?]: JSON] = [:]
        for row in body["rows"]?.elements ?? [] { seen[[row["month"]?.string, by.flatMap { row["\($0)_id"]?.string }]] = row }
        #expect(Set(seen.keys) == Set(expected.rows.keys))
        for (key, row) in expected.rows {
            #expect(Set(seen[key]?["currencies"]?.members ?? []) == Set(row.currencies), "\(key)")
            #expect(seen[key]?["converted"] == row.converted, "\(key)")
            if by == nil { #expect(seen[key]?.members?.map(\.name) == ["month", "currencies", "converted"]) }
        }
        #expect(body["missing_rates"] == JSON(expected.missing.sorted()))
        #expect(Set(body["rates"]?.elements ?? []) == expected.rates)
        #expect(seen.keys.contains { $0[0] == nil })
    }

    /// The same figures from the list of deals as it was read, in Foundation's decimals.
    private struct Oracle {
        struct Row { var currencies: [JSON.Member] = [], converted: JSON = .null }

        var rows: [[String?]: Row] = [:]
        var missing: Set<String> = []
        var rates: Set<JSON> = []

        init(_ sales: SalesFirm, from: String, to: String, by: String?, currency: String) {
            var sums: [[String?]: [String: [Decimal]]] = [:]
            var converted: [[String?]: [Decimal]?] = [:]
            for deal in sales.deals {
                let month = deal.closes.map { String($0.prefix(7)) }
                if let month, month < from || month > to { continue }
                for group in Self.groups(of: deal, sales, by) {
                    let key = [month, group]
                    sums[key, default: [:]] = sums[key] ?? [:]
                    if converted[key] == nil { converted[key] = .some(Array(repeating: 0, count: 6)) }
                    guard let amount = deal.amount else { continue }
                    let parts = Self.parts(deal, amount)
                    let known = sums[key]?[deal.currency] ?? Array(repeating: 0, count: 6)
                    sums[key]?[deal.currency] = zip(known, parts).map { $0 + $1 }
                    guard parts.contains(where: { $0 != 0 }) else { continue }
                    guard let rate = sales.rate(from: deal.currency, to: currency, on: deal.closes) else {
                        missing.insert(deal.currency)
                        converted[key] = .some(nil)
                        continue
                    }
                    if rate.from != rate.to {
                        rates.insert([
                            "from": .string(rate.from), "to": .string(rate.to), "rate": .string("\(rate.rate)"), "date": .string(rate.date),
                        ])
                    }
                    if let before = converted[key] ?? nil { converted[key] = zip(before, parts).map { $0 + $1 * rate.rate } }
                }
            }
            for (key, currencies) in sums {
                rows[key] = Row(
                    currencies: currencies.map { .init($0, Self.document($1, SalesFirm.digits[$0] ?? 2)) },
                    converted: (converted[key] ?? nil).map { Self.document($0, SalesFirm.digits[currency] ?? 2) } ?? .null)
            }
        }

        private static func groups(of deal: SalesFirm.Deal, _ sales: SalesFirm, _ by: String?) -> [String?] {
            switch by {
            case "owner": return [deal.owner]
            case "pipeline": return [deal.stage.pipeline]
            case "team":
                let teams = sales.teams.filter { $0.value.contains(deal.owner) }.map(\.key)
                return teams.isEmpty ? [nil] : teams
            default: return [nil]
            }
        }

        /// open, weighted, best, commit, won, lost
        private static func parts(_ deal: SalesFirm.Deal, _ amount: Decimal) -> [Decimal] {
            switch (deal.stage.kind, deal.stage.category) {
            case ("won", _): [0, 0, 0, 0, amount, 0]
            case ("lost", _): [0, 0, 0, 0, 0, amount]
            case (_, "omitted"): [0, 0, 0, 0, 0, 0]
            case (_, let category):
                [
                    amount, amount * Decimal(deal.probability) / 100, category == "best" ? amount : 0, category == "commit" ? amount : 0, 0,
                    0,
                ]
            }
        }

        private static func document(_ figures: [Decimal], _ digits: Int) -> JSON {
            .object(zip(ForecastTests.figures, figures).map { .init($0, .string(SalesFirm.printed($1, digits))) })
        }
    }

    @Test("Halves go to the even neighbour, once per figure and not before") func rounding() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let pipeline = try #require(try await admin.get("/v1/pipelines").json["data"]?.elements?.first)
        let first = pipeline["stages"]?.elements?.first?["id"] ?? .null
        for amount in ["0.05", "0.05", "0.01"] {
            let made = try await admin.post(
                "/v1/deals",
                [
                    "name": "x", "pipeline_id": pipeline["id"] ?? .null, "stage_id": first, "probability": 50,
                    "amount": ["amount": .string(amount), "currency": "EUR"],
                ])
            #expect(made.status == 201, "\(made.text)")
        }

        let row = try await admin.get("/v1/forecast").json["rows"]?.elements?.first

        #expect(row?["month"] == .null)
        // 0.025 + 0.025 + 0.005 = 0.055, whose even neighbour is 0.06; rounded one by one it would be 0.04.
        #expect(row?["currencies"]?["EUR"]?["weighted"] == "0.06")
        #expect(row?["converted"]?["open"] == "0.11")
    }

    @Test("Without months it is the fiscal year, which begins when the settings say") func fiscalYear() async throws {
        let firm = try await TestSite.shared.firm { $0.append(.init("settings", ["fiscal_year_start": "10-01", "currency": "CHF"])) }
        let admin = try await firm.admin()
        let today = String((LocalTime.text(of: .now, in: "UTC") ?? "").prefix(7))
        let (year, month) = (try #require(Int(today.prefix(4))), try #require(Int(today.suffix(2))))
        let start = month >= 10 ? year : year - 1

        let current = try await admin.get("/v1/forecast").json
        let around = try await admin.get("/v1/forecast?from=2027-03").json
        let before = try await admin.get("/v1/forecast?to=2026-09").json

        #expect(current["from"] == .string("\(start)-10") && current["to"] == .string("\(start + 1)-09"))
        #expect(current["currency"] == "CHF" && current["by"] == .null && current["rows"] == [] && current["missing_rates"] == [])
        #expect(around["from"] == "2027-03" && around["to"] == "2027-09")
        #expect(before["from"] == "2025-10" && before["to"] == "2026-09")
    }

    @Test(
        "What is no month, no currency, no grouping, turned round or too long is malformed",
        arguments: [
            "from=2026-13", "from=2026", "from=2026-1", "from=", "to=0000-01", "from=2026-02&to=2026-01", "from=2020-01&to=2025-01",
            "by=month", "by=", "currency=eur", "currency=XYZ", "currency=", "fiscal_year=2026", "from=2026-01&from=2026-01", "from=%FF",
        ])
    func malformed(query: String) async throws {
        let admin = try await Self.shared.value.admin

        #expect(try await admin.get("/v1/forecast?\(query)").code == "malformed")
    }

    @Test("Sixty months are not too long") func longest() async throws {
        let admin = try await Self.shared.value.admin

        #expect(try await admin.get("/v1/forecast?from=2020-02&to=2025-01").status == 200)
        #expect(try await admin.get("/v1/forecast?from=9995-01&to=9999-12").status == 200)
    }

    @Test("Who reads only his own deals sees only their sums, and a hidden amount hides the forecast") func rights() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let admin = try await firm.admin()
        let pipeline = try #require(try await admin.get("/v1/pipelines").json["data"]?.elements?.first)
        func deal(_ client: Client, _ amount: String) async throws {
            let made = try await client.post(
                "/v1/deals",
                [
                    "name": "x", "pipeline_id": pipeline["id"] ?? .null, "stage_id": pipeline["stages"]?.elements?.first?["id"] ?? .null,
                    "amount": ["amount": .string(amount), "currency": "EUR"],
                ])
            #expect(made.status == 201, "\(made.text)")
        }
        func person(_ name: String, _ role: JSON) async throws -> Client {
            let made = try await admin.post("/v1/roles", role)
            #expect(made.status == 201, "\(made.text)")
            let email = "\(name)@\(firm.slug).example"
            let user = try await admin.post(
                "/v1/users",
                [
                    "email": .string(email), "name": .string(name), "role_id": try made.json["id"] ?? .null,
                    "password": .string(TestSite.password),
                ])
            #expect(user.status == 201, "\(user.text)")
            return try await firm.signIn(email)
        }
        let own = try await person(
            "own", ["name": "Own", "rights": ["deals": ["read": "own", "create": true], "pipelines": ["read": "all"]]])
        let blind = try await person("blind", ["name": "Blind", "rights": ["*": ["read": "all"]], "hidden_fields": ["deals": ["amount"]]])
        let closed = try await person("closed", ["name": "Closed", "rights": ["contacts": ["read": "all"]]])
        let ownerless = try await person(
            "ownerless", ["name": "Ownerless", "rights": ["*": ["read": "all"]], "hidden_fields": ["deals": ["owner_id"]]])

        try await deal(admin, "1000")
        try await deal(own, "10")

        #expect(try await admin.get("/v1/forecast").json["rows"]?.elements?.first?["converted"]?["open"] == "1010.00")
        #expect(try await own.get("/v1/forecast").json["rows"]?.elements?.first?["converted"]?["open"] == "10.00")
        #expect(try await blind.get("/v1/forecast").status == 403)
        #expect(try await closed.get("/v1/forecast").status == 403)
        #expect(try await ownerless.get("/v1/forecast").status == 200)
        #expect(try await ownerless.get("/v1/forecast?by=owner").status == 403)
        #expect(try await site.stranger.get("/v1/forecast").status == 401)
    }
}

import Foundation
import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("Quotas") struct QuotaTests {
    private static func quota(_ amount: String, _ currency: String = "EUR") -> JSON {
        ["amount": ["amount": .string(amount), "currency": .string(currency)]]
    }

    @Test("What is won and how much of the quota that is, is what adding up by hand gives") func attainment() async throws {
        let sales = try await SalesFirm.open(deals: 160, seed: 11)
        let months = Set(sales.deals.compactMap { $0.closes.map { String($0.prefix(7)) } }).sorted()
        let orders: [(String, String)] = [("33333.33", "EUR"), ("70000000", "JPY"), ("12.345", "KWD")]
        for (index, person) in sales.people.enumerated() {
            for month in months {
                let set = try await sales.admin.put("/v1/quotas/\(person)/\(month)", Self.quota(orders[index].0, orders[index].1))
                #expect(set.status == 200, "\(set.text)")
            }
        }
        let (from, to) = (try #require(months.first), try #require(months.last))

        let rows = try await sales.admin.get("/v1/quotas?from=\(from)&to=\(to)").json["data"]?.elements ?? []

        #expect(rows.count == 3 * months.count)
        var sold = 0
        for row in rows {
            let (user, month) = (row["user_id"]?.string ?? "", row["month"]?.string ?? "")
            let index = try #require(sales.people.firstIndex(of: user))
            let (amount, currency) = orders[index]
            let won = sales.deals.filter { deal in
                deal.owner == user && deal.stage.kind == "won" && deal.amount != nil && deal.closes?.hasPrefix(month) == true
            }
            let worth = won.map { deal in
                sales.rate(from: deal.currency, to: currency, on: deal.closes).map { (deal.amount ?? 0) * $0.rate }
            }
            let sum = worth.reduce(Decimal?.some(0)) { sum, next in sum.flatMap { sum in next.map { sum + $0 } } }
            if sum ?? 0 > 0 { sold += 1 }
            let digits = SalesFirm.digits[currency] ?? 2
            let shown: JSON = sum.map { ["amount": .string(SalesFirm.printed($0, digits)), "currency": .string(currency)] } ?? .null
            #expect(
                row["amount"] == ["amount": .string(SalesFirm.printed(SalesFirm.decimal(amount), digits)), "currency": .string(currency)])
            #expect(row["won"] == shown, "\(user) \(month)")
            #expect(
                row["attainment"] == JSON(sum.map { SalesFirm.printed($0 / SalesFirm.decimal(amount), 4) }), "\(user) \(month) \(shown)")
        }
        #expect(sold > 5)
    }

    @Test("A quota is set, set again and protected by its version") func versions() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let user = try #require(try await admin.get("/v1/session").json["user"]?["id"]?.string)
        let address = "/v1/quotas/\(user)/2026-10"

        let early = try await admin.with(.ifMatch, "\"1\"").put(address, Self.quota("5"))
        let first = try await admin.put(address, Self.quota("1200.50"))
        let same = try await admin.put(address, Self.quota("1200.5"))
        let second = try await admin.with(.ifMatch, "\"1\"").put(address, Self.quota("0"))
        let late = try await admin.with(.ifMatch, "\"1\"").put(address, Self.quota("7"))
        let any = try await admin.with(.ifMatch, "*").put(address, Self.quota("8", "JPY"))

        #expect(early.status == 412)
        #expect(first.status == 200 && first.headers[.eTag] == "\"1\"")
        #expect(
            try first.json == [
                "user_id": .string(user), "month": "2026-10", "amount": ["amount": "1200.50", "currency": "EUR"],
                "won": ["amount": "0.00", "currency": "EUR"], "attainment": "0.0000",
            ])
        #expect(same.headers[.eTag] == "\"1\"" && same.text == first.text)
        #expect(second.headers[.eTag] == "\"2\"")
        #expect(try second.json["attainment"] == .null)
        #expect(late.code == "version_mismatch")
        #expect(try late.json["current_version"] == 2)
        #expect(any.headers[.eTag] == "\"3\"")
        #expect(try await admin.get("/v1/quotas?from=2026-10&to=2026-10").json["data"] == [any.json])
        #expect(try await admin.get("/v1/quotas?from=2026-11&to=2026-12").json["data"] == [])
    }

    @Test("Nobody's quota, no month's quota and no quota are refused, each in its way") func refusals() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let user = try #require(try await admin.get("/v1/session").json["user"]?["id"]?.string)

        for path in ["01890000-0000-7000-8000-000000000000/2026-10", "me/2026-10", "\(user)/2026-13", "\(user)/2026", "\(user)/October"] {
            #expect(try await admin.put("/v1/quotas/\(path)", Self.quota("1")).code == "not_found", "\(path)")
        }
        let wrong: [(JSON, [String])] = [
            ([:], ["/amount"]), (["amount": nil], ["/amount"]), (["amount": "5"], ["/amount"]),
            (["amount": ["amount": 5, "currency": "EUR"]], ["/amount/amount"]), (Self.quota("-1"), ["/amount/amount"]),
            (Self.quota("1.5", "JPY"), ["/amount/amount"]), (Self.quota("1", "XXY"), ["/amount/currency"]),
            (["amount": ["amount": "1", "currency": "EUR"], "month": "2026-10"], ["/month"]),
        ]
        for (body, pointers) in wrong {
            let answer = try await admin.put("/v1/quotas/\(user)/2026-10", body)
            #expect(answer.status == 422 && answer.pointers == pointers, "\(body.text) \(answer.text)")
        }
        #expect(try await admin.get("/v1/quotas?from=2026-02&to=2026-01").code == "malformed")
        #expect(try await admin.get("/v1/quotas?user_id=x").code == "malformed")
    }

    @Test("Managers set quotas; others see their own or their deals' owners', and set none") func rights() async throws {
        let firm = try await TestSite.shared.firm()
        let (admin, manager) = (try await firm.admin(), try await firm.person("manager"))
        func identity(_ client: Client) async throws -> String { try await client.get("/v1/session").json["user"]?["id"]?.string ?? "" }
        let ours = try await admin.post("/v1/roles", ["name": "Own", "rights": ["deals": ["read": "own", "update": "own"]]]).json["id"]
        let made = try await admin.post(
            "/v1/users",
            ["email": .string("own@\(firm.slug).example"), "name": "Own", "role_id": ours ?? .null, "password": .string(TestSite.password)])
        let own = try await firm.signIn("own@\(firm.slug).example")
        let reader = try await firm.person("read_only")
        let (mine, other) = (try made.json["id"]?.string ?? "", try await identity(manager))

        #expect(try await manager.put("/v1/quotas/\(mine)/2026-10", Self.quota("5")).status == 200)
        #expect(try await manager.put("/v1/quotas/\(other)/2026-10", Self.quota("6")).status == 200)

        #expect(try await own.put("/v1/quotas/\(mine)/2026-10", Self.quota("1")).status == 403)
        #expect(try await reader.put("/v1/quotas/\(mine)/2026-10", Self.quota("1")).status == 403)
        let list = "/v1/quotas?from=2026-10&to=2026-10"
        #expect(try await own.get(list).json["data"]?.elements?.map { $0["user_id"] } == [.string(mine)])
        #expect(try await reader.get(list).json["data"]?.elements?.count == 2)
    }
}

import Foundation
import Records
import Recurrence
import Support

@testable import Server

/// A firm with several hundred deals, made by chance and read back one by one: what reports say of them is worked out anew by other means.
struct SalesFirm: Sendable {
    let firm: Firm
    let admin: Client
    /// Three people: of one team, of two, of none.
    let people: [String]
    let teams: [String: [String]]
    let rates: [Rate]
    let deals: [Deal]
    let today: String

    struct Rate: Sendable { let from: String, to: String, rate: Decimal, date: String }

    struct Stage: Sendable { let id: String, pipeline: String, kind: String, category: String, probability: Int }

    struct Deal: Sendable {
        let id: String
        let owner: String
        let stage: Stage
        let amount: Decimal?
        let currency: String
        let closes: String?
        let probability: Int
    }

    static let zone = "Europe/Berlin"
    static let digits = ["EUR": 2, "USD": 2, "JPY": 0, "KWD": 3, "GBP": 2, "CHF": 2]

    static func open(deals count: Int, seed: UInt64 = 7) async throws -> SalesFirm {
        let firm = try await TestSite.shared.firm { $0.append(.init("settings", ["time_zone": .string(zone), "currency": "EUR"])) }
        let admin = try await firm.admin()
        var chance = Chance(state: seed)
        let today = day(0)
        let rates = [
            ("USD", "EUR", "0.9", -400), ("USD", "EUR", "0.9137", -90), ("USD", "EUR", "0.92345", -20), ("USD", "EUR", "0.9512", 45),
            ("JPY", "EUR", "0.0061234567", -300), ("JPY", "EUR", "0.00598", -10), ("GBP", "EUR", "1.17", -60), ("EUR", "KWD", "0.33", -400),
            ("EUR", "USD", "1.1", -400), ("JPY", "USD", "0.0067", -400), ("CHF", "EUR", "1.0655", 20),
        ].map { Rate(from: $0, to: $1, rate: decimal($2), date: day($3)) }
        try expect(
            await admin.patch(
                "/v1/settings",
                [
                    "rates": .array(
                        rates.map {
                            ["from": .string($0.from), "to": .string($0.to), "rate": .string("\($0.rate)"), "date": .string($0.date)]
                        })
                ]), 200)
        let (people, teams) = try await people(of: firm, admin)
        let stages = try await stages(admin)
        var kept = 0
        for number in 0..<count where try await makeDeal(number, people, stages, admin, &chance) { kept += 1 }
        let deals = try await read(admin, stages)
        guard deals.count == kept, kept < count else { throw Unexpected("\(kept) of \(count) deals were kept, \(deals.count) are there.") }
        return SalesFirm(firm: firm, admin: admin, people: people, teams: teams, rates: rates, deals: deals, today: today)
    }

    /// The day so many days from today, in the firm's zone.
    static func day(_ offset: Int) -> String {
        let today = String((LocalTime.text(of: .now, in: zone) ?? "").prefix(10))
        return CivilMoment(seconds: (CivilMoment(date: today)?.seconds ?? 0) + offset * 86_400).date.text
    }

    static func decimal(_ text: String) -> Decimal { Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")) ?? .nan }

    private static func expect(_ answer: Client.Answer, _ status: Int) throws {
        guard answer.status == status else { throw Unexpected(answer) }
    }

    private static func people(of firm: Firm, _ admin: Client) async throws -> ([String], [String: [String]]) {
        var people: [String] = []
        for role in ["member", "member", "manager"] {
            let email = try await firm.user(role)
            people.append(try await firm.scope().rows("SELECT id FROM users WHERE email = \(email)")[0].text(0))
        }
        var teams: [String: [String]] = [:]
        for (name, members) in [("North", [people[0], people[1]]), ("South", [people[1]])] {
            let team = try await admin.post("/v1/teams", ["name": .string(name), "member_ids": JSON(members)])
            try expect(team, 201)
            teams[try team.json["id"]?.string ?? ""] = members
        }
        return (people, teams)
    }

    private static func stages(_ admin: Client) async throws -> [Stage] {
        let made = try await admin.post(
            "/v1/pipelines",
            [
                "name": "Partners", "currency": "USD",
                "stages": [
                    ["name": "Talk", "kind": "open", "probability": 7, "forecast_category": "best"],
                    ["name": "Hidden", "kind": "open", "probability": 33, "forecast_category": "omitted"],
                    ["name": "Sure", "kind": "open", "probability": 93, "forecast_category": "commit"],
                    ["name": "Won", "kind": "won", "probability": 100], ["name": "Lost", "kind": "lost", "probability": 0],
                ],
            ])
        try expect(made, 201)
        let list = try await admin.get("/v1/pipelines").json["data"]?.elements ?? []
        return list.flatMap { pipeline in
            (pipeline["stages"]?.elements ?? []).map { stage in
                Stage(
                    id: stage["id"]?.string ?? "", pipeline: pipeline["id"]?.string ?? "", kind: stage["kind"]?.string ?? "",
                    category: stage["forecast_category"]?.string ?? "", probability: stage["probability"]?.integer ?? -1)
            }
        }
    }

    /// Answers whether the deal has been kept: one in ten goes to the trash.
    private static func makeDeal(_ number: Int, _ people: [String], _ stages: [Stage], _ admin: Client, _ chance: inout Chance) async throws
        -> Bool
    {
        let stage = stages[chance.below(stages.count)]
        let currency = ["EUR", "EUR", "EUR", "USD", "USD", "JPY", "KWD", "GBP", "CHF"][chance.below(9)]
        var units = String(chance.below(100_000_000) + 1)
        let decimals = digits[currency] ?? 2
        if decimals > 0 {
            units = String(repeating: "0", count: max(0, decimals + 1 - units.count)) + units
            units.insert(".", at: units.index(units.endIndex, offsetBy: -decimals))
        }
        let amount = chance.below(12) == 0 ? nil : units
        let closes = chance.below(10) == 0 ? nil : day(chance.below(420) - 240)
        let probability = chance.below(3) == 0 ? chance.below(101) : nil
        let owner = people[chance.below(people.count)]
        var body: [JSON.Member] = [
            .init("name", .string("Deal \(number)")), .init("pipeline_id", .string(stage.pipeline)), .init("stage_id", .string(stage.id)),
            .init("owner_id", .string(owner)), .init("lost_reason", "Price"), .init("close_date", JSON(closes)),
        ]
        if let amount { body.append(.init("amount", ["amount": .string(amount), "currency": .string(currency)])) }
        if let probability { body.append(.init("probability", JSON(probability))) }
        let made = try await admin.post("/v1/deals", .object(body))
        try expect(made, 201)
        guard chance.below(10) == 0 else { return true }
        try expect(try await admin.delete("/v1/deals/\(try made.json["id"]?.string ?? "")"), 204)
        return false
    }

    /// Every deal, page by page, as anyone may read it.
    private static func read(_ admin: Client, _ stages: [Stage]) async throws -> [Deal] {
        let byID = Dictionary(uniqueKeysWithValues: stages.map { ($0.id, $0) })
        var deals: [Deal] = []
        var next: String? = ""
        while let after = next {
            let page = try await admin.get("/v1/deals?limit=200" + (after.isEmpty ? "" : "&after=\(after)"))
            try expect(page, 200)
            for deal in try page.json["data"]?.elements ?? [] {
                guard let stage = byID[deal["stage_id"]?.string ?? ""], let id = deal["id"]?.string, let owner = deal["owner_id"]?.string,
                    let probability = deal["probability"]?.integer
                else { throw Unexpected("A deal lacks what every deal has: \(deal.text)") }
                deals.append(
                    Deal(
                        id: id, owner: owner, stage: stage, amount: deal["amount"]?["amount"]?.string.map(decimal),
                        currency: deal["amount"]?["currency"]?.string ?? "", closes: deal["close_date"]?.string, probability: probability))
            }
            next = try page.json["page"]?["next"]?.string
        }
        return deals
    }
}

extension SalesFirm {
    /// The rate of a day by the words of the model; nil where there is none.
    func rate(from: String, to: String, on day: String?) -> Rate? {
        guard from != to else { return Rate(from: from, to: to, rate: 1, date: "") }
        let all = rates.filter { $0.from == from && $0.to == to }.sorted { $0.date < $1.date }
        guard let day, day <= today else { return all.last }
        return all.last { $0.date <= day }
    }

    /// Halves go to the even neighbour; printed with the currency's digits.
    static func printed(_ value: Decimal, _ digits: Int) -> String {
        var (value, rounded) = (value, Decimal())
        NSDecimalRound(&rounded, &value, digits, .bankers)
        let text = "\(rounded)"
        let parts = text.split(separator: ".")
        guard digits > 0 else { return text }
        let decimals = parts.count > 1 ? String(parts[1]) : ""
        return parts[0] + "." + decimals + String(repeating: "0", count: digits - decimals.count)
    }
}

/// Numbers by chance that come again from the same seed.
struct Chance: Sendable {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ (word >> 31)) % UInt64(bound))
    }
}

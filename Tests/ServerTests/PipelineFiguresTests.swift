import Foundation
import Records
import Recurrence
import Support
import Testing

@testable import Server

@Suite("The pipeline report's figures") struct PipelineFiguresTests {
    private static let shared = Task { try await Past.open() }

    @Test(
        "Every figure is what adding up the deals and their stays gives", arguments: [nil, "owner", "team"],
        ["", "&from=2025-03&to=2025-03", "&from=2025-04-15&to=2025-04-15", "&to=2025-03", "&from=2025-05-01"])
    func figures(by: String?, period: String) async throws {
        let past = try await Self.shared.value

        let answer = try await past.sales.admin.get(
            "/v1/reports/pipeline?pipeline_id=\(past.pipeline)\(period)" + (by.map { "&by=\($0)" } ?? ""))

        #expect(answer.status == 200, "\(answer.text)")
        let body = try answer.json
        past.compare(body, with: past.deals, period)
        guard let by else {
            #expect(body["rows"] == nil)
            return
        }
        let groups = past.groups(by, period)
        let rows = body["rows"]?.elements ?? []
        #expect(Set(rows.map { $0["\(by)_id"]?.string }) == Set(groups.keys) && rows.count == groups.count)
        for row in rows { past.compare(row, with: groups[row["\(by)_id"]?.string] ?? [], period) }
    }

    @Test(
        "No pipeline, no day, a turned period and an unknown grouping are malformed",
        arguments: ["", "pipeline_id=x", "from=2025-13", "from=2025-02-30", "to=2025", "from=2025-02&to=2025-01", "by=stage", "x=1"])
    func malformed(query: String) async throws {
        let past = try await Self.shared.value
        let known = query.isEmpty || query.hasPrefix("pipeline_id") ? query : "pipeline_id=\(past.pipeline)&\(query)"

        #expect(try await past.sales.admin.get("/v1/reports/pipeline?\(known)").code == "malformed")
    }

    @Test("It shows of others' deals no more than the role does") func rights() async throws {
        let past = try await Self.shared.value
        let firm = past.sales.firm
        func person(_ name: String, _ role: JSON) async throws -> Client {
            let made = try await past.sales.admin.post("/v1/roles", role)
            let email = "\(name)@\(firm.slug).example"
            let user = try await past.sales.admin.post(
                "/v1/users",
                [
                    "email": .string(email), "name": .string(name), "role_id": try made.json["id"] ?? .null,
                    "password": .string(TestSite.password),
                ])
            guard user.status == 201 else { throw Unexpected(user) }
            return try await firm.signIn(email)
        }
        let path = "/v1/reports/pipeline?pipeline_id=\(past.pipeline)"
        let own = try await person("own", ["name": "Own", "rights": ["deals": ["read": "own"], "pipelines": ["read": "all"]]])
        let blind = try await person(
            "blind", ["name": "Blind", "rights": ["*": ["read": "all"]], "hidden_fields": ["deals": ["amount"]]])
        let closed = try await person("closed", ["name": "Closed", "rights": ["pipelines": ["read": "all"]]])
        let streetless = try await person("streetless", ["name": "Streetless", "rights": ["deals": ["read": "all"]]])

        past.compare(try await own.get(path).json, with: [], "")
        let sums = try await blind.get(path).json["stages"]?.elements ?? []
        #expect(!sums.isEmpty && sums.allSatisfy { $0["amount"] == [:] && $0["weighted"] == [:] && $0["count"]?.integer != nil })
        #expect(try await closed.get(path).code == "forbidden")
        #expect(try await streetless.get(path).code == "not_found")
        #expect(try await past.sales.admin.get("/v1/reports/pipeline?pipeline_id=\(past.sales.people[0])").code == "not_found")
    }
}

/// A firm whose deals have been made, moved and closed over months, as anyone may read it.
private struct Past {
    let sales: SalesFirm
    let pipeline: String
    let stages: [(id: String, kind: String)]
    let deals: [Deal]

    struct Deal {
        let owner: String
        let stage: String
        let status: String
        let amount: Decimal?
        let currency: String
        let probability: Int
        let made: Date
        let closed: Date?
        let stays: [(stage: String, milliseconds: Int?)]
    }

    static func open() async throws -> Past {
        let sales = try await SalesFirm.open(deals: 150, seed: 11)
        let list = try await sales.admin.get("/v1/pipelines").json["data"]?.elements ?? []
        guard let found = list.first(where: { $0["stages"]?.elements?.count == 5 && $0["name"] == "Partners" }),
            let pipeline = found["id"]?.string
        else { throw Unexpected("no pipeline") }
        let stages = (found["stages"]?.elements ?? []).map { (id: $0["id"]?.string ?? "", kind: $0["kind"]?.string ?? "") }
        var chance = Chance(state: 5)
        for deal in sales.deals where deal.stage.pipeline == pipeline {
            for _ in 0..<chance.below(4) {
                let moved = try await sales.admin.post(
                    "/v1/deals/\(deal.id)/move",
                    ["stage_id": .string(stages[chance.below(stages.count)].id), "lost_reason": "Price"])
                guard moved.status == 200 else { throw Unexpected(moved) }
            }
        }
        try await age(sales.firm)
        return Past(sales: sales, pipeline: pipeline, stages: stages, deals: try await read(sales.admin, pipeline))
    }

    /// Time passes: the last moment of February in London is March in Berlin already.
    private static func age(_ firm: Firm) async throws {
        _ = try await firm.scope().run([
            """
            UPDATE deals SET
                created_at = CASE WHEN place % 3 = 0 THEN '2025-03-10 12:00Z' WHEN place % 3 = 1 THEN '2025-02-28 23:30Z' ELSE created_at END,
                closed_at = CASE WHEN closed_at IS NULL THEN NULL WHEN place % 2 = 0 THEN '2025-04-15 21:59:59.999Z' ELSE closed_at END
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM deals) AS numbered
            WHERE numbered.id = deals.id
            """,
            """
            UPDATE deal_stages SET entered_at = left_at - make_interval(secs => abs(hashtext(id::text)) % 9000000 / 1000.0)
            WHERE left_at IS NOT NULL
            """,
        ])
    }

    private static func read(_ admin: Client, _ pipeline: String) async throws -> [Deal] {
        let list = try await admin.get("/v1/deals?limit=200&filter[pipeline_id]=\(pipeline)").json["data"]?.elements ?? []
        var deals: [Deal] = []
        for deal in list {
            let stays = try await admin.get("/v1/deals/\(deal["id"]?.string ?? "")/stages").json["data"]?.elements ?? []
            deals.append(
                Deal(
                    owner: deal["owner_id"]?.string ?? "", stage: deal["stage_id"]?.string ?? "", status: deal["status"]?.string ?? "",
                    amount: deal["amount"]?["amount"]?.string.map(SalesFirm.decimal), currency: deal["amount"]?["currency"]?.string ?? "",
                    probability: deal["probability"]?.integer ?? -1, made: try date(deal["created_at"]),
                    closed: deal["closed_at"]?.string == nil ? nil : try date(deal["closed_at"]),
                    stays: try stays.map { stay in
                        let (entered, left) = (
                            try date(stay["entered_at"]), stay["left_at"]?.string == nil ? nil : try date(stay["left_at"])
                        )
                        return (stay["stage_id"]?.string ?? "", left.map { Int(($0.timeIntervalSince(entered) * 1_000).rounded()) })
                    }))
        }
        return deals
    }

    private static func date(_ value: JSON?) throws -> Date {
        try Date(value?.string ?? "", strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

extension Past {
    /// Whether the day in Berlin lies in `&from=..&to=..`.
    private func covers(_ period: String, _ moment: Date?) -> Bool {
        guard let moment, let day = LocalTime.text(of: moment, in: SalesFirm.zone)?.prefix(10) else { return false }
        return period.split(separator: "&").allSatisfy { part in
            let bound = part.split(separator: "=")[1]
            return part.hasPrefix("from") ? day.prefix(bound.count) >= bound : day.prefix(bound.count) <= bound
        }
    }

    /// The deals of each owner or team of which there is anything to tell.
    func groups(_ by: String, _ period: String) -> [String?: [Deal]] {
        var groups: [String?: [Deal]] = [:]
        for deal in deals where covers(period, deal.made) || covers(period, deal.closed) {
            var keys: [String?] = [deal.owner]
            if by == "team" {
                keys = sales.teams.filter { $0.value.contains(deal.owner) }.map(\.key)
                if keys.isEmpty { keys = [nil] }
            }
            for key in keys { groups[key, default: []].append(deal) }
        }
        return groups
    }

    func compare(_ body: JSON, with deals: [Deal], _ period: String, _ place: SourceLocation = #_sourceLocation) {
        let made = deals.filter { covers(period, $0.made) }
        let ended = deals.filter { covers(period, $0.closed) && $0.status != "open" }
        let shown = body["stages"]?.elements ?? []
        #expect(shown.map { $0["stage_id"]?.string } == stages.map(\.id), sourceLocation: place)
        #expect(Self.number(body["win_rate"]) == Self.ratio(ended.count { $0.status == "won" }, ended.count), sourceLocation: place)
        for (number, (stage, figures)) in zip(stages, shown).enumerated() {
            let here = made.filter { $0.stage == stage.id }
            var (amounts, weighted): ([String: Decimal], [String: Decimal]) = ([:], [:])
            for deal in here {
                guard let amount = deal.amount else { continue }
                amounts[deal.currency, default: 0] += amount
                weighted[deal.currency, default: 0] += amount * Decimal(deal.probability) / 100
            }
            #expect(figures["count"]?.integer == here.count, sourceLocation: place)
            #expect(Self.sums(figures["amount"]) == Self.printed(amounts), sourceLocation: place)
            #expect(Self.sums(figures["weighted"]) == Self.printed(weighted), sourceLocation: place)
            let been = made.filter { $0.stays.contains { $0.stage == stage.id } }
            let further = Set(stages[(number + 1)...].filter { $0.kind != "lost" }.map(\.id))
            let on = been.count { deal in deal.status == "won" || deal.stays.contains { further.contains($0.stage) } }
            #expect(
                Self.number(figures["conversion"]) == (stage.kind == "open" ? Self.ratio(on, been.count) : nil), sourceLocation: place)
            let lengths = made.flatMap(\.stays).filter { $0.stage == stage.id }.compactMap(\.milliseconds)
            let average = lengths.isEmpty ? nil : Self.rounded(Decimal(lengths.reduce(0, +)) / Decimal(lengths.count) / 1_000, 3)
            #expect(Self.number(figures["average_seconds"]) == average, sourceLocation: place)
        }
    }

    private static func ratio(_ part: Int, _ whole: Int) -> Decimal? { whole == 0 ? nil : rounded(Decimal(part) / Decimal(whole), 4) }

    private static func rounded(_ value: Decimal, _ digits: Int) -> Decimal {
        var (value, rounded) = (value, Decimal())
        NSDecimalRound(&rounded, &value, digits, .plain)
        return rounded
    }

    private static func number(_ value: JSON?) -> Decimal? {
        guard case .number(let text) = value else { return nil }
        return SalesFirm.decimal(text)
    }

    private static func sums(_ value: JSON?) -> [String: String] {
        Dictionary(uniqueKeysWithValues: (value?.members ?? []).map { ($0.name, $0.value.string ?? "") })
    }

    private static func printed(_ sums: [String: Decimal]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: sums.map { ($0, SalesFirm.printed($1, SalesFirm.digits[$0] ?? 2)) })
    }
}

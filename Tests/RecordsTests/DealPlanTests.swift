import Foundation
import Postgres
import Records
import Support
import Testing

/// A tenant with a hundred thousand deals reads a page of them as one with a thousand does: through an index, a few rows at a time.
@Suite("A hundred thousand deals") struct DealPlanTests {
    @Test("A page in any indexed order or under any indexed filter reads a small part of the deals") func plans() async throws {
        let tenant = try await TestHouse.tenant()
        try await Self.fill(tenant, deals: 100_000)
        let rows = try await tenant.scope.run([
            "SELECT id FROM stages WHERE position = 0", "SELECT id FROM contacts LIMIT 1", "SELECT id FROM companies LIMIT 1",
        ])
        let (stage, contact, company) = (try rows[0][0].text(0), try rows[1][0].text(0), try rows[2][0].text(0))
        let sorts = [
            "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name", "amount", "-amount", "close_date", "-close_date",
        ]
        var queries: [[(name: String, value: String)]] = sorts.map { [("sort", $0)] }
        for filter in [
            ("filter[stage_id]", stage), ("filter[contact_id]", contact), ("filter[company_id]", company), ("filter[external_id]", "x77"),
            ("filter[owner_id]", tenant.tenant.adminID.uuidString), ("filter[close_date][gte]", "2999-01-01"), ("filter[amount][lt]", "7"),
            ("filter[name]", "Deal 77"), ("filter[status]", "open"),
        ] {
            queries += [[filter]] + ["-amount", "close_date", "name"].map { [filter, ("sort", $0)] }
        }
        queries.append([("filter[stage_id]", stage), ("sort", "position")])

        for query in queries { try await expectFewRows(query, tenant) }
    }

    /// The first page, and the one behind it.
    private func expectFewRows(_ query: [(name: String, value: String)], _ tenant: TestTenant) async throws {
        let deals = tenant.store("deals")
        var query = query
        for _ in 0..<2 {
            let request = try ListRequest(query: query, of: deals.type, in: TestHouse.catalog, for: tenant.admin)
            let explained = try await tenant.scope.rows("EXPLAIN (ANALYZE, FORMAT JSON) " + (try deals.pageStatement(request)))
            let plan = try JSON(parsing: explained[0].text(0))
            let read = Self.read(plan.elements?.first?["Plan"] ?? .null)
            #expect(read < 5_000, "\(query) reads \(Int(read)) rows: \(plan.text)")
            guard let next = try await deals.list(request).next else { return }
            query.append(("after", next))
        }
    }

    /// The rows that the plan's scans of deals have looked at.
    private static func read(_ node: JSON) -> Double {
        func number(_ name: String) -> Double {
            guard case .number(let text) = node[name] else { return 0 }
            return Double(text) ?? 0
        }
        let below = (node["Plans"]?.elements ?? []).reduce(0) { $0 + read($1) }
        guard node["Relation Name"] == "deals" else { return below }
        return below + (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops")
    }

    private static func fill(_ tenant: TestTenant, deals: Int) async throws {
        _ = try await tenant.scope.run([
            "SET LOCAL statement_timeout = 0",
            "INSERT INTO companies (id, name) SELECT cell.uuid_v7(), 'Company ' || n FROM generate_series(1, 1000) AS n",
            "INSERT INTO contacts (id, last_name) SELECT cell.uuid_v7(), 'Last ' || n FROM generate_series(1, 1000) AS n",
            """
            INSERT INTO deals (id, name, pipeline_id, stage_id, position, amount, amount_currency, close_date, probability, contact_id,
                company_id, external_id, status, lost_reason, closed_at, owner_id, created_at, updated_at)
            SELECT cell.uuid_v7(), 'Deal ' || n, stages.pipeline_id, stages.id, n, nullif(n % 9000, 0), CASE WHEN n % 9000 > 0 THEN 'EUR' END,
                CASE WHEN n % 10 > 0 THEN current_date + (n % 700)::integer - 500 END, stages.probability, people.id, firms.id, 'x' || n,
                stages.kind, CASE WHEN stages.kind = 'lost' THEN 'Price' END, CASE WHEN stages.kind <> 'open' THEN now() END,
                CASE WHEN n % 500 = 0 THEN \(tenant.tenant.adminID)::uuid END, now() - n * interval '1 minute', now() - n * interval '1 minute'
            FROM generate_series(1, \(deals)::bigint) AS n
                JOIN (SELECT id, row_number() OVER () - 1 AS place FROM contacts) AS people ON people.place = n % 1000
                JOIN (SELECT id, row_number() OVER () - 1 AS place FROM companies) AS firms ON firms.place = n % 997
                JOIN stages ON stages.position = CASE WHEN n % 12 < 4 THEN n % 3 WHEN n % 12 < 7 THEN 3 ELSE 4 END
            """,
            "ANALYZE deals",
        ])
    }
}

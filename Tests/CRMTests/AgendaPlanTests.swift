import Foundation
import Postgres
import Records
import Support
import Tenancy
import Testing

@testable import CRM

@Suite("A firm with many reminders") struct AgendaPlanTests {
    @Test("One person's reminders are found by who is told, not by reading everybody's") func plan() async throws {
        let tenant = try await TestHouse.tenant()
        let other = try await tenant.person("member").userID
        _ = try await tenant.scope.run([
            "SET LOCAL statement_timeout = 0",
            "INSERT INTO contacts (id, last_name, owner_id) SELECT cell.uuid_v7(), 'Last ' || n, \(other) FROM generate_series(1, 5000) AS n",
            """
            INSERT INTO reminders (id, about_type, about_id, moment, recipients, subject, owner_id)
            SELECT cell.uuid_v7(), 'contacts', id, '{"local": "2031-03-10T09:00", "time_zone": "UTC"}',
                CASE WHEN n % 2 = 0 THEN '["owner"]'::jsonb ELSE jsonb_build_array(jsonb_build_object('user_id', \(other)::text)) END, 'x', \(other)
            FROM (SELECT id, row_number() OVER () AS n FROM contacts) AS c CROSS JOIN generate_series(1, 4)
            """,
            """
            INSERT INTO reminders (id, moment, recipients, subject)
            VALUES (cell.uuid_v7(), '{"local": "2031-03-10T09:00", "time_zone": "UTC"}',
                jsonb_build_array(jsonb_build_object('user_id', \(tenant.tenant.adminID)::text)), 'Mine')
            """,
            "ANALYZE reminders", "ANALYZE contacts",
        ])
        let day = Date(timeIntervalSince1970: 1_930_867_200)
        let agenda = AgendaReminders(
            scope: tenant.scope, caller: tenant.admin, catalog: TestHouse.catalog, zone: "UTC", instants: day..<day + 86_400, now: day)

        let plan = try JSON(parsing: try await tenant.scope.rows("EXPLAIN (ANALYZE, FORMAT JSON) " + agenda.candidates)[0].text(0))
        let items = try await agenda.items()

        let reads = Self.reads(plan.elements?.first?["Plan"] ?? .null)
        #expect(plan.text.contains("reminders_told") && reads < 200, "reads \(reads): \(plan.text)")
        #expect(items.map { $0.document["summary"] } == ["Mine"])
    }

    /// The rows of reminders that the plan looks at, one by one.
    private static func reads(_ node: JSON) -> Double {
        func number(_ name: String) -> Double {
            guard case .number(let text) = node[name] else { return 0 }
            return Double(text) ?? 0
        }
        let below = (node["Plans"]?.elements ?? []).reduce(0) { $0 + reads($1) }
        guard node["Relation Name"] == "reminders" else { return below }
        return below + (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops")
    }
}

import Foundation
import Postgres
import Records
import Secrets
import Support
import Tenancy
import Testing

@testable import CRM

@Suite("What is held about one person among many") struct PersonTrailPlanTests {
    @Test("Deals, activities and tasks about a person are found by their indexes, whichever way they refer to it")
    func plan() async throws {
        let tenant = try await TestHouse.tenant()
        let (person, other, lead, deal) = (UUID.v7(), UUID.v7(), UUID.v7(), UUID.v7())
        let stage: SQL = "(SELECT pipeline_id, id, probability, kind FROM stages WHERE position = 0 LIMIT 1) AS stage"
        _ = try await tenant.scope.run([
            "SET LOCAL statement_timeout = 0", "INSERT INTO contacts (id, last_name) VALUES (\(person), 'Ng')",
            """
            INSERT INTO leads (id, last_name, status, converted_at, converted_contact_id)
            VALUES (\(lead), 'Ng', 'converted', now(), \(person))
            """,
            """
            INSERT INTO deals (id, name, pipeline_id, stage_id, probability, status, contact_id)
            SELECT \(deal)::uuid, 'A deal', stage.*, \(person)::uuid FROM \(stage)
            """,
            "INSERT INTO activities (id, kind, subject, at, deal_id) VALUES (cell.uuid_v7(), 'note', 'The deal', now(), \(deal))",
            "INSERT INTO activities (id, kind, subject, at, lead_id) VALUES (cell.uuid_v7(), 'note', 'The lead', now(), \(lead))",
            """
            INSERT INTO activities (id, kind, subject, at, contact_ids)
            VALUES (cell.uuid_v7(), 'note', 'Both', now(), ARRAY[\(person)::uuid, \(other)::uuid])
            """,
            "INSERT INTO tasks (id, title, about_type, about_id) VALUES (cell.uuid_v7(), 'Person', 'contacts', \(person))",
            "INSERT INTO tasks (id, title, about_type, about_id) VALUES (cell.uuid_v7(), 'Deal', 'deals', \(deal))",
            // What is about nobody.
            """
            INSERT INTO deals (id, name, pipeline_id, stage_id, probability, status)
            SELECT cell.uuid_v7(), 'Deal', stage.* FROM \(stage) CROSS JOIN generate_series(1, 3000)
            """,
            "INSERT INTO activities (id, kind, subject, at) SELECT cell.uuid_v7(), 'note', 'Note', now() FROM generate_series(1, 3000)",
            "INSERT INTO tasks (id, title) SELECT cell.uuid_v7(), 'Task' FROM generate_series(1, 3000)",
            "ANALYZE deals, activities, tasks",
        ])
        let catalog = TestHouse.catalog
        var trail = PersonTrail()
        try trail.take(first: try await tenant.scope.run(PersonTrail.first(person))[...])
        let second = trail.second(catalog)
        try trail.take(second: try await tenant.scope.run(second)[...], catalog)
        let third = trail.third(catalog)
        try trail.take(third: try await tenant.scope.run(third)[...])

        let indexes = [
            (second[1], ["deals_contact_id"]), (third[0], ["activities_contact_ids", "activities_lead_id", "activities_deal_id"]),
            (third[1], ["tasks_about"]),
        ]
        for (statement, names) in indexes {
            let lines = try await tenant.scope.run(["SELECT set_config('enable_seqscan', 'off', true)", "EXPLAIN " + statement])[1]
            let plan = try lines.map { try $0.text(0) }.joined(separator: "\n")
            #expect(names.allSatisfy { plan.contains($0) } && !plan.contains("Seq Scan"), "\(plan)")
        }
        #expect(trail.leads.count == 1 && trail.ownDeals.count == 1)
        #expect(trail.ownActivities.count == 2 && trail.sharedActivities.count == 1)
        #expect(trail.ownTasks.count == 2 && trail.sharedTasks.isEmpty)
    }
}

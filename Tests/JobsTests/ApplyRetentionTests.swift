import Foundation
import Jobs
import Postgres
import Records
import Support
import Tenancy
import Testing

@testable import CRM

@Suite("Records are kept as long as the tenant says") struct ApplyRetentionTests {
    private func perform(_ jobs: [SQL], for scope: TenantScope) async throws {
        let house = QueueHouse(installation: try await TestHouse.installation)
        let handlers = StandingWork.handlers(TestHouse.catalog, house.installation)
        try await house.working([house.worker(handlers.all, for: [scope])]) {
            for job in jobs {
                _ = try await scope.run([job])
                try await eventually { try await house.states(of: scope) == [:] }
            }
        }
    }

    private func age(_ table: String, _ ids: [String], days: Int, in scope: TenantScope) async throws {
        _ = try await scope.run([
            SQL(code: "UPDATE \(table) SET updated_at = now() - make_interval(days => ")
                + "\(days)::integer) WHERE id = ANY (\(ids)::uuid[])"
        ])
    }

    private func make(_ tenant: TestTenant, _ type: String, _ body: JSON) async throws -> String {
        try #require(try await tenant.store(type).create(body).id)
    }

    private func trashed(_ tenant: TestTenant, _ type: String) async throws -> Set<String> {
        let request = try ListRequest(
            query: [("trash", "only"), ("limit", "200")], of: tenant.store(type).type, in: TestHouse.catalog, for: tenant.admin)
        return Set(try await tenant.store(type).list(request).values("id").compactMap(\.string))
    }

    @Test("Contacts and leads go when nothing has happened with them for so long, and not while something has") func people() async throws {
        let tenant = try await TestHouse.tenant(settings: #"{"retention":{"contacts_days":100,"leads_days":10}}"#)
        let pipeline = try await tenant.scope.rows("SELECT id, stages->0->>'id' FROM pipelines LIMIT 1")[0]
        var contacts: [String: String] = [:]
        for name in ["old", "young", "met", "buys", "todo"] {
            contacts[name] = try await make(tenant, "contacts", ["last_name": .string(name)])
        }
        let id = { (name: String) in JSON.string(contacts[name] ?? "") }
        _ = try await make(
            tenant, "activities",
            ["kind": "call", "subject": "S", "at": .string("\(Date().formatted(.iso8601))"), "contact_ids": [id("met")]])
        let deal: JSON = [
            "name": "D", "pipeline_id": .string(try pipeline.text(0)), "stage_id": .string(try pipeline.text(1)), "contact_id": id("buys"),
        ]
        _ = try await make(tenant, "deals", deal)
        _ = try await make(tenant, "tasks", ["title": "T", "about": ["type": "contacts", "id": id("todo")]])
        let leads = [try await make(tenant, "leads", ["last_name": "A"]), try await make(tenant, "leads", ["last_name": "B"])]
        try await age("contacts", contacts.filter { $0.key != "young" }.map(\.value), days: 101, in: tenant.scope)
        try await age("contacts", [contacts["young"] ?? ""], days: 99, in: tenant.scope)
        try await age("leads", [leads[0]], days: 11, in: tenant.scope)

        try await perform([.enqueue(ApplyRetention())], for: tenant.scope)

        #expect(try await trashed(tenant, "contacts") == [contacts["old"]])
        #expect(try await trashed(tenant, "leads") == [leads[0]])
        let log = try await tenant.scope.rows("SELECT actor_type FROM changes WHERE record_id = \(leads[0]) AND action = 'trash'")
        #expect(try log.map { try $0.text(0) } == ["system"])
    }

    @Test("Companies without people, deals that are over, talks long past and tasks that are done go; without a word nothing does")
    func work() async throws {
        let settings = #"{"retention":{"companies_days":5,"deals_days":5,"activities_days":5,"tasks_days":5}}"#
        for isSaid in [true, false] {
            let tenant = try await TestHouse.tenant(settings: isSaid ? settings : nil)
            let stages = try await tenant.scope.rows(
                """
                SELECT p.id, (SELECT id FROM stages WHERE pipeline_id = p.id AND kind = 'won'),
                    (SELECT id FROM stages WHERE pipeline_id = p.id AND kind = 'open' LIMIT 1) FROM pipelines AS p LIMIT 1
                """)[0]
            let deal = { (stage: String) -> JSON in
                ["name": .string(stage), "pipeline_id": .string(try stages.text(0)), "stage_id": .string(stage)]
            }
            let firms = [try await make(tenant, "companies", ["name": "Empty"]), try await make(tenant, "companies", ["name": "Full"])]
            _ = try await make(tenant, "contacts", ["last_name": "P", "company_id": .string(firms[1])])
            let deals = [
                try await make(tenant, "deals", try deal(stages.text(1))), try await make(tenant, "deals", try deal(stages.text(2))),
            ]
            let talks = [
                try await make(tenant, "activities", ["kind": "call", "subject": "S", "at": "2020-01-01T00:00:00Z"]),
                try await make(tenant, "activities", ["kind": "meeting", "subject": "S", "at": "2090-01-01T00:00:00Z"]),
            ]
            let tasks = [
                try await make(tenant, "tasks", ["title": "T", "status": "done"]), try await make(tenant, "tasks", ["title": "T"]),
            ]
            for (table, ids) in [("companies", firms), ("deals", deals), ("activities", talks), ("tasks", tasks)] {
                try await age(table, ids, days: 6, in: tenant.scope)
            }

            try await perform([.enqueue(ApplyRetention())], for: tenant.scope)

            for (type, ids) in [("companies", firms), ("deals", deals), ("activities", talks), ("tasks", tasks)] {
                #expect(try await trashed(tenant, type) == (isSaid ? [ids[0]] : []), "\(type)")
            }
        }
    }

    @Test("Where contacts are kept for a time, those whose time in the trash is over are erased; elsewhere they are deleted for good")
    func erased() async throws {
        for isSaid in [true, false] {
            let tenant = try await TestHouse.tenant(settings: isSaid ? #"{"retention":{"contacts_days":100}}"# : nil)
            let id = try await make(tenant, "contacts", ["last_name": "Zqforgotten"])
            _ = try await tenant.store("contacts").trash(id)
            _ = try await tenant.scope.run(["UPDATE contacts SET deleted_at = now() - interval '31 days' WHERE id = \(id)"])

            try await perform([.enqueue(EmptyTrash())], for: tenant.scope)

            let told = try await tenant.scope.rows(
                "SELECT fields ? 'erased_at', fields::text LIKE '%Zqforgotten%' FROM changes WHERE record_id = \(id)")
            #expect(try told.contains { try $0.bool(0) } == isSaid)
            #expect(try told.contains { try $0.bool(1) } != isSaid)
            #expect(try await tenant.scope.rows("SELECT FROM contacts").isEmpty)
        }
    }
}

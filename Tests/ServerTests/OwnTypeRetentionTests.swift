import Foundation
import Jobs
import Postgres
import Records
import Support
import Testing

@testable import CRM
@testable import Jobs
@testable import Server

@Suite("Records of a tenant's own types are kept as long as it says") struct OwnTypeRetentionTests {
    @Test("What nobody has changed for so long goes to the trash, unless something refers to it; other types stay") func oldOnesGo()
        async throws
    {
        let firm = try await MergeFirm()
        let machines = try await firm.ownType()
        let boats: JSON = [
            "name": "boat", "plural": "boats", "label_field": "title", "fields": [["name": "title", "kind": "text", "label": "Title"]],
        ]
        #expect(try await firm.admin.post("/v1/custom_objects", boats).status == 201)
        let old = try await firm.make(machines, ["serial": "old"])
        let used = try await firm.make(machines, ["serial": "used"])
        let young = try await firm.make(machines, ["serial": "young", "spare_of": .string(used)])
        let boat = try await firm.make("boats", ["title": "Ark"])
        let scope = try await firm.firm.scope()
        _ = try await scope.run([
            "UPDATE c_machines SET updated_at = now() - interval '31 days' WHERE id <> \(young)",
            "UPDATE c_boats SET updated_at = now() - interval '3100 days'",
        ])
        let rules: JSON = [["type": .string(machines), "days": 30], ["type": "submarines", "days": 1]]
        let set = try await firm.admin.patch("/v1/settings", ["retention": ["own_types": rules]])
        #expect(set.status == 200, "\(set.text)")

        let context = JobContext(scope: scope, id: .v7(), attempt: 1, maximumAttempts: 1)
        let bytes = Array(try JSONEncoder().encode(ApplyRetention()))
        #expect(try await ApplyRetention.handler(TestHouse.catalog).perform(bytes, ApplyRetention.kind.version, context) == .done)

        #expect(try await firm.admin.get("/v1/\(machines)/\(old)").status == 404)
        for (type, id) in [(machines, used), (machines, young), ("boats", boat)] {
            #expect(try await firm.admin.get("/v1/\(type)/\(id)").status == 200, "\(type) \(id)")
        }
        #expect(try await firm.admin.get("/v1/\(machines)?trash=only").json["data"]?.elements?.count == 1)
    }

    @Test("A type stands once in the list, with a number of days") func refusals() async throws {
        let admin = try await TestSite.shared.firm().admin()
        for (rules, pointer) in [
            ([["type": "machines", "days": 1], ["type": "machines", "days": 2]], "/retention/own_types/1/type"),
            ([["type": "Machines", "days": 1]], "/retention/own_types/0/type"),
            ([["type": "machines", "days": 0]], "/retention/own_types/0/days"),
            ([["type": "machines"]], "/retention/own_types/0/days"),
        ] as [(JSON, String)] {
            let refused = try await admin.patch("/v1/settings", ["retention": ["own_types": rules]])
            #expect(refused.status == 422 && refused.pointers == [pointer], "\(refused.text)")
        }
    }
}

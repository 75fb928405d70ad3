import Foundation
import Postgres
import Secrets
import Testing

@testable import Tenancy

@Suite struct LifecycleTests {
    @Test("A suspended tenant comes back as what it was, and each verb can be said twice") func suspendResume() async throws {
        try await withInstallation { installation in
            let lifecycle = installation.lifecycle
            var order = ProvisionRequest.sample("acme")
            order.trialDays = 7
            _ = try await installation.provisioning.provision(order, by: .test)

            #expect(try await lifecycle.suspend("acme", by: .test).state == .suspended)
            #expect(try await lifecycle.suspend("acme", by: .test).state == .suspended)
            #expect(installation.directory.known(slug: "acme")?.state == .suspended)
            #expect(try await lifecycle.resume("acme", by: .test).state == .trial)
            #expect(try await lifecycle.resume("acme", by: .test).state == .trial)

            #expect(try await installation.audit.entries(limit: 10).map(\.action) == ["resume", "suspend", "provision"])
            await #expect(throws: TenancyError.unknownTenant("nobody")) { try await lifecycle.suspend("nobody", by: .test) }
        }
    }

    @Test("A deletion that is cancelled leaves the tenant as it was; what the table forbids is refused") func cancel() async throws {
        try await withInstallation { installation in
            let lifecycle = installation.lifecycle
            _ = try await installation.provisioning.provision(.sample("acme"), by: .test)
            _ = try await lifecycle.suspend("acme", by: .test)

            let scheduled = try await lifecycle.scheduleDeletion("acme", after: .seconds(30 * 86_400), by: .test)
            #expect(scheduled.state == .deletionScheduled)
            let later = try await lifecycle.scheduleDeletion("acme", after: .seconds(60 * 86_400), by: .test)
            #expect(later.deletionDueAt == scheduled.deletionDueAt)
            let sooner = try await lifecycle.scheduleDeletion("acme", after: .seconds(86_400), by: .test)
            #expect(try #require(sooner.deletionDueAt) < (try #require(scheduled.deletionDueAt)))
            for verb in [TenantVerb.suspend, .resume] {
                await #expect(throws: TenancyError.transitionForbidden(verb, from: .deletionScheduled)) {
                    verb == .suspend ? try await lifecycle.suspend("acme", by: .test) : try await lifecycle.resume("acme", by: .test)
                }
            }
            #expect(try await lifecycle.cancelDeletion("acme", by: .test).state == .suspended)
            #expect(try await lifecycle.resume("acme", by: .test).state == .active)
            await #expect(throws: TenancyError.transitionForbidden(.delete, from: .active)) {
                try await lifecycle.delete("acme", by: .test)
            }
        }
    }

    @Test("A deleted tenant leaves its name and nothing else; deleting it again does nothing") func delete() async throws {
        try await withInstallation { installation in
            let tenant = try await installation.tenantWithMarks("acme")
            let other = try await installation.tenantWithMarks("other")
            _ = try await installation.lifecycle.scheduleDeletion("acme", after: .zero, by: .test)

            try await installation.lifecycle.keepDates()
            _ = try await installation.lifecycle.delete("acme", by: .test)

            #expect(installation.directory.known(slug: "acme") == nil)
            let tombstone = try #require(try await installation.directory.find(slug: "acme"))
            #expect(tombstone.state == .deleted)
            let left = try await installation.cells.named("main").owner.transaction { transaction in
                try transaction.rows(
                    """
                    SELECT (SELECT count(*) FROM pg_roles WHERE rolname = \(tenant.role)),
                        (SELECT count(*) FROM pg_namespace WHERE nspname = \(tenant.schema)),
                        (SELECT count(*) FROM cell.tenants WHERE slug = 'acme')
                    """)
            }[0]
            for column in 0..<3 { #expect(try left.int(column) == 0) }
            #expect(try await installation.directory.scope(for: other).rows("SELECT 1 FROM marks").count == 20)
            await #expect(throws: TenancyError.slugTaken("acme")) {
                try await installation.provisioning.provision(.sample("acme"), by: .test)
            }
            let actions = try await installation.audit.entries(target: "acme", limit: 10).map(\.action)
            #expect(actions == ["delete", "schedule_deletion", "provision"])
        }
    }

    @Test("What an interrupted deletion left is finished by the next") func interruptedDeletion() async throws {
        try await withInstallation { installation in
            let tenant = try await installation.tenantWithMarks("acme")
            // The directory says deleted, the cell was not reached any more.
            _ = try await installation.control.run(["UPDATE tenants SET state = 'deleted', deleted_at = now() WHERE slug = 'acme'"])

            try await installation.lifecycle.keepDates()

            let row = try await installation.control.rows("SELECT dropped_at IS NOT NULL FROM tenants WHERE slug = 'acme'")[0]
            #expect(try row.bool(0))
            let left = try await installation.cells.named("main").owner.transaction {
                try $0.rows("SELECT 1 FROM pg_roles WHERE rolname = \(tenant.role)").count
            }
            #expect(left == 0)
        }
    }

    @Test("A tenant that never got further than being provisioned can be given up, also while someone still builds it") func givenUp()
        async throws
    {
        struct Crash: Error {}
        try await withInstallation { installation in
            var crashing = installation.provisioning
            crashing.afterStep = { if $0 == .built { throw Crash() } }
            await #expect(throws: Crash.self) { try await crashing.provision(.sample("acme"), by: .test) }

            _ = try await installation.lifecycle.delete("acme", by: .test)

            await #expect(throws: TenancyError.slugTaken("acme")) {
                try await installation.provisioning.provision(.sample("acme"), by: .test)
            }
            let count = try await installation.cells.named("main").owner.transaction { try $0.rows("SELECT 1 FROM cell.tenants").count }
            #expect(count == 0)
        }
    }

    @Test("The audit is a chain that anyone can compute again") func chain() async throws {
        try await withInstallation { installation in
            _ = try await installation.provisioning.provision(.sample("acme"), by: .test)
            try await withThrowingTaskGroup { group in
                for number in 0..<20 {
                    group.addTask {
                        let reason = number.isMultiple(of: 2) ? nil : "He said \"no\"\n\\ \u{1F600} \u{7}\(number)"
                        try await installation.audit.append("look", target: nil, by: Instruction(actor: "test", reason: reason))
                    }
                }
                try await group.waitForAll()
            }
            let entries = try await installation.audit.entries(limit: 100).reversed()
            #expect(entries.map(\.seq) == Array(1...21))
            var before = String(repeating: "0", count: 64)
            for entry in entries {
                #expect(entry.prevHash == before)
                // In the middle of its millisecond, since the format cuts off.
                let at = entry.at.addingTimeInterval(0.0005).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
                let row: [String: Any] = [
                    "seq": entry.seq, "at": at, "actor": entry.actor,
                    "action": entry.action, "target": entry.target ?? NSNull(), "reason": entry.reason ?? NSNull(),
                    "prev_hash": entry.prevHash,
                ]
                // Sorted keys without spaces are RFC 8785 for these values.
                let canonical = try JSONSerialization.data(withJSONObject: row, options: [.sortedKeys, .withoutEscapingSlashes])
                #expect(entry.hash == hex(Digest.sha256(Array(before.utf8) + canonical)))
                #expect(entry.canonical == String(decoding: canonical, as: UTF8.self))
                let shown = try JSONSerialization.jsonObject(with: Data(entry.json.utf8)) as? [String: Any]
                #expect(shown?["hash"] as? String == entry.hash)
                before = entry.hash
            }
        }
    }
}

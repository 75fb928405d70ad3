import Foundation
import Postgres
import Schema
import Support
import Testing

@testable import Tenancy

@Suite("What the calendar does to tenants") struct DatesTests {
    @Test("A trial that ends is past due, works through its grace, and is suspended then; resumed it waits for someone to decide")
    func trial()
        async throws
    {
        try await withInstallation { installation in
            let lifecycle = installation.lifecycle
            var order = ProvisionRequest.sample("acme")
            order.trialDays = 7
            _ = try await installation.provisioning.provision(order, by: .test)

            try await lifecycle.keepDates()
            #expect(installation.directory.known(slug: "acme")?.state == .trial)
            try await installation.bring("trial_ends_at", of: "acme")
            try await lifecycle.keepDates()
            let pastDue = try #require(installation.directory.known(slug: "acme"))
            #expect(pastDue.state == .pastDue && pastDue.state.allowsWrites)
            let grace = try #require(pastDue.graceEndsAt).timeIntervalSinceNow
            #expect((13.9 * 86_400...14.1 * 86_400).contains(grace))

            try await lifecycle.keepDates()
            #expect(installation.directory.known(slug: "acme")?.state == .pastDue)
            try await installation.bring("grace_ends_at", of: "acme")
            try await lifecycle.keepDates()
            #expect(installation.directory.known(slug: "acme")?.state == .suspended)

            let resumed = try await lifecycle.resume("acme", by: .test)
            #expect(resumed.state == .pastDue && resumed.graceEndsAt == nil)
            try await lifecycle.keepDates()
            #expect(installation.directory.known(slug: "acme")?.state == .pastDue)
            let paid = try await lifecycle.markPaid("acme", by: .test)
            #expect(paid.state == .active && paid.trialEndsAt == nil)

            let audit = try await installation.audit.entries(target: "acme", limit: 10)
            #expect(audit.map(\.action) == ["mark_paid", "resume", "suspend", "mark_past_due", "provision"])
            #expect(audit[2].reason == "The grace has ended." && audit[2].actor == "system")
            #expect(audit[3].reason == "The trial has ended." && audit[3].actor == "system")
        }
    }

    @Test("A grace can be given, and moved by saying it again") func grace() async throws {
        try await withInstallation { installation in
            let lifecycle = installation.lifecycle
            _ = try await installation.provisioning.provision(.sample("acme"), by: .test)

            let first = try await lifecycle.markPastDue("acme", grace: .seconds(3 * 86_400), by: .test)
            let same = try await lifecycle.markPastDue("acme", by: .test)
            let later = try await lifecycle.markPastDue("acme", grace: .seconds(9 * 86_400), by: .test)

            #expect(same == first)
            #expect(try #require(later.graceEndsAt).timeIntervalSince(try #require(first.graceEndsAt)) > 5 * 86_400)
            #expect(
                try await installation.audit.entries(target: "acme", limit: 10).map(\.action) == [
                    "mark_past_due", "mark_past_due", "provision",
                ])
            let now = try await lifecycle.markPastDue("acme", grace: .zero, by: .test)
            try await lifecycle.keepDates()
            #expect(now.state == .pastDue)
            #expect(installation.directory.known(slug: "acme")?.state == .suspended)
        }
    }

    @Test("However many processes look at the calendar, each thing is done once") func once() async throws {
        try await withInstallation { installation in
            for number in 1...6 {
                var order = ProvisionRequest.sample("acme-\(number)")
                order.trialDays = 7
                _ = try await installation.provisioning.provision(order, by: .test)
                try await installation.bring("trial_ends_at", of: "acme-\(number)")
            }

            try await withThrowingTaskGroup { group in
                for _ in 0..<8 { group.addTask { try await installation.lifecycle.keepDates() } }
                try await group.waitForAll()
            }

            let audit = try await installation.audit.entries(limit: 100)
            #expect(audit.count { $0.action == "mark_past_due" } == 6)
            #expect(installation.directory.tenants.allSatisfy { $0.state == .pastDue })
        }
    }

    @Test("One tenant that cannot be removed holds up nobody else") func stuck() async throws {
        try await withInstallation({ $0.locks.deadline = .milliseconds(300) }) { installation in
            for slug in ["acme", "beta"] {
                _ = try await installation.provisioning.provision(.sample(slug), by: .test)
                _ = try await installation.lifecycle.scheduleDeletion(slug, after: .zero, by: .test)
            }
            // An object of somebody else that holds on to the first one's role.
            let role = try #require(installation.directory.known(slug: "acme")).role
            try await installation.byHand("CREATE DATABASE \"\(role)_db\" OWNER \"\(role)\"")

            await #expect(throws: (any Error).self) { try await installation.lifecycle.keepDates() }

            let dropped = try await installation.control.rows("SELECT dropped_at IS NOT NULL FROM tenants ORDER BY slug").map {
                try $0.bool(0)
            }
            #expect(dropped == [false, true])
            try await installation.byHand("DROP DATABASE \"\(role)_db\"")
            try await installation.lifecycle.keepDates()
            #expect(try await installation.control.rows("SELECT 1 FROM tenants WHERE dropped_at IS NULL").isEmpty)
        }
    }

    @Test(
        "A tenant that is closed to writing is migrated like any other", arguments: [TenantState.suspended, .deletionScheduled, .pastDue])
    func migrated(state: TenantState) async throws {
        try await withDatabase { url in
            var settings = InstallationSettings(ownerURL: url)
            let old = testInstallation(settings)
            _ = try await old.migrate()
            try await old.start()
            _ = try await old.provisioning.provision(.sample("acme"), by: .test)
            try await old.put("acme", in: state)
            await old.close()

            let number = settings.schema.tenant.latest + 1
            settings.schema = settings.schema.adding([
                SchemaFile(
                    scope: "tenant", name: "00\(number < 10 ? "0" : "")\(number)-later",
                    text: "-- Later.\nCREATE TABLE later (id uuid PRIMARY KEY);")
            ])
            let new = testInstallation(settings)
            let report = try await new.migrate()
            try await new.start()

            #expect(report.done == 1 && report.failed.isEmpty)
            let tenant = try #require(new.directory.known(slug: "acme"))
            #expect(tenant.schemaVersion == number && tenant.state == state)
            await new.close()
        }
    }

    @Test("The banner tells what people should know, on the day where they are") func banner() async throws {
        try await withInstallation { installation in
            var order = ProvisionRequest.sample("acme")
            order.trialDays = 10
            let trial = try await installation.provisioning.provision(order, by: .test).tenant
            let today = { (days: Int) in
                Date.now.addingTimeInterval(Double(days) * 86_400).formatted(Date.ISO8601FormatStyle().year().month().day())
            }

            #expect(trial.banner(on: today(0), in: "UTC") == nil)
            #expect(trial.banner(on: today(3), in: "UTC")?.contains(today(10)) == true)
            let pastDue = try await installation.lifecycle.markPastDue("acme", by: .test)
            #expect(pastDue.banner(on: today(0), in: "UTC")?.contains(today(14)) == true)
            #expect(pastDue.banner(on: today(0), in: "No/Where")?.hasPrefix("A payment is due.") == true)
            #expect(try await installation.lifecycle.markPaid("acme", by: .test).banner(on: today(0), in: "UTC") == nil)
            #expect(
                try await installation.lifecycle.suspend("acme", by: .test).banner(on: today(0), in: "UTC")?.contains("suspended") == true)
            let leaving = try await installation.lifecycle.scheduleDeletion("acme", after: .seconds(86_400), by: .test)
            #expect(leaving.banner(on: today(0), in: "UTC")?.contains(today(1)) == true)
        }
    }
}

extension Installation {
    /// Lets a date of a tenant come.
    fileprivate func bring(_ column: String, of slug: String) async throws {
        _ = try await control.run([
            "UPDATE tenants SET \(identifier: column) = now() - interval '1 second', changed_at = clock_timestamp() WHERE slug = \(slug)"
        ])
    }
}

import Foundation
import Postgres
import Testing

@testable import Tenancy

@Suite struct DirectoryTests {
    @Test("What one process changes, another is told at once") func told() async throws {
        try await withInstallation { here in
            // It does not look by itself: what it comes to know it was told.
            var settings = here.settings
            settings.pollInterval = .seconds(3_600)
            let there = testInstallation(settings)
            try await there.start()
            try await withThrowingTaskGroup { group in
                group.addTask { await there.run() }
                _ = try await here.provisioning.provision(.sample("acme"), by: .test)
                try await wait(upTo: .seconds(10)) { there.directory.known(slug: "acme")?.state == .active }
                _ = try await here.lifecycle.suspend("acme", by: .test)
                try await wait(upTo: .seconds(10)) { there.directory.known(slug: "acme")?.state == .suspended }
                _ = try await here.lifecycle.scheduleDeletion("acme", after: .zero, by: .test)
                _ = try await here.lifecycle.delete("acme", by: .test)
                try await wait(upTo: .seconds(10)) { there.directory.known(slug: "acme") == nil }
                group.cancelAll()
                try await group.waitForAll()
            }
            await there.close()
        }
    }

    @Test("A change that nobody tells of is seen by the next look, and there is one every second: within two") func untold() async throws {
        try await withInstallation { here in
            #expect(here.settings.pollInterval <= .seconds(1))
            let there = testInstallation(here.settings)
            _ = try await here.provisioning.provision(.sample("acme"), by: .test)
            try await there.start()
            // Closed, it tells nothing: from here on every flush is a look.
            let silent = Listener(ConnectionSettings(url: here.settings.ownerURL), channels: [Control.channel])
            silent.close()
            let looking = Task { await there.directory.follow(silent, every: here.settings.pollInterval) }

            var times: [Duration] = []
            for name in ["One", "Two", "Three"] {
                _ = try await here.control.run(["UPDATE tenants SET name = \(name), changed_at = clock_timestamp() WHERE slug = 'acme'"])
                let (began, before) = (ContinuousClock.now, there.control.pipeline.figures.flushes)
                while true {
                    let looks = there.control.pipeline.figures.flushes - before
                    if there.directory.known(slug: "acme")?.name == name { break }
                    // When the second begins, the first after the change has brought it.
                    try #require(looks <= 1, "\(name)")
                    try await Task.sleep(for: .milliseconds(5))
                }
                times.append(began.duration(to: .now))
            }

            // A busy machine may come late to one look, not to each.
            #expect(times.contains { $0 < .seconds(2) }, "\(times)")
            looking.cancel()
            await looking.value
            await there.close()
        }
    }

    @Test("A tenant that another process has just made is found by asking once; invented names are asked for only so often") func misses()
        async throws
    {
        try await withInstallation { here in
            let there = testInstallation(here.settings)
            try await there.start()
            _ = try await here.provisioning.provision(.sample("acme"), by: .test)

            #expect(try await there.directory.tenant(slug: "acme")?.state == .active)

            let before = there.control.pipeline.figures.flushes
            for number in 0..<300 { #expect(try await there.directory.tenant(slug: "nobody-\(number % 100)") == nil) }
            for slug in ["", "Not a slug", "www"] { #expect(try await there.directory.tenant(slug: slug) == nil) }
            #expect(there.control.pipeline.figures.flushes - before <= 100)
            await there.close()
        }
    }

    @Test("Fifty different names a second are looked for, each once") func missLimit() {
        var limit = MissLimit()
        let start = ContinuousClock.now
        let first = (0..<100).count { limit.allowsLookUp(of: "name-\($0)", now: start) }
        #expect(first == 50)
        let later = [.milliseconds(999), .seconds(2), .seconds(2)].map { limit.allowsLookUp(of: "name-1", now: start + $0) }
        #expect(later == [false, true, false])
    }

    @Test("A database without an installation says what to do") func notReady() async throws {
        try await withDatabase { url in
            let installation = testInstallation(InstallationSettings(ownerURL: url))
            let error = await #expect(throws: TenancyError.self) { try await installation.start() }
            #expect(error?.message.contains("tenantry migrate") == true)
            let isUpToDate = try await installation.migrator.isUpToDate()
            #expect(!isUpToDate)
            await installation.close()
        }
    }

    @Test("Operators leaf through tenants by slug, also by a part of the name") func list() async throws {
        try await withInstallation { installation in
            for slug in ["alpha", "beta", "gamma"] { _ = try await installation.provisioning.provision(.sample(slug), by: .test) }
            let list = installation.tenants
            #expect(try await list.page(limit: 2).map(\.slug) == ["alpha", "beta"])
            #expect(try await list.page(after: "beta", limit: 2).map(\.slug) == ["gamma"])
            #expect(try await list.page(holding: "ET", limit: 9).map(\.slug) == ["beta"])
            #expect(try await list.page(holding: "%", limit: 9).isEmpty)
            #expect(try await list.page(state: .suspended, limit: 9).isEmpty)
            #expect(try await list.countByCell() == ["main": 3])
            #expect(try await list.countByState() == [.active: 3])
            #expect(try await installation.plans.newest().map(\.key.name) == ["business", "free", "team", "unlimited"])
        }
    }
}

/// Looks again and again until it is true; an issue when the time is over.
func wait(upTo limit: Duration, until condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else {
            Issue.record("still not so after \(limit)")
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

import Foundation
import Postgres
import Testing

@testable import Tenancy

@Suite("What one tenant leaves to the others") struct ShareTests {
    @Test("One tenant has a quarter of the exclusive connections at a time, its other work waits, and others find room") func exclusive()
        async throws
    {
        try await withInstallation({ $0.work.connections = 8 }) { installation in
            let busy = try await installation.tenantWithMarks("busy")
            let quiet = try await installation.tenantWithMarks("quiet")
            let scope = try installation.directory.scope(for: busy)
            let other = try installation.directory.scope(for: quiet)
            let work = try installation.cells.named("main").work

            try await withThrowingTaskGroup(of: Void.self) { group in
                // Someone holds what the busy one wants to change.
                let keeper = try installation.cells.named("main").owner
                let holds = AsyncStream.makeStream(of: Void.self)
                let lets = Latch()
                group.addTask {
                    try await keeper.transaction { transaction in
                        _ = try transaction.rows("SELECT pg_advisory_lock(4711)")
                        holds.continuation.yield()
                        lets.wait()
                        _ = try transaction.rows("SELECT pg_advisory_unlock(4711)")
                    }
                }
                _ = await holds.stream.first { _ in true }
                for _ in 0..<12 {
                    group.addTask { try await scope.transaction { _ = try $0.rows("SELECT pg_advisory_xact_lock_shared(4711)") } }
                }
                try await wait(upTo: .seconds(10)) { installation.cells.opened.first?.workShares.figures.waiters == 10 }

                #expect(work.figures.inUse == 2)
                #expect(try await other.transaction { try $0.rows("SELECT 1 FROM marks").count } == 20)
                #expect(installation.figures.first { $0.name == "work" }?.waiters == 10)
                lets.open()
                try await group.waitForAll()
            }
            #expect(installation.cells.opened.first?.workShares.figures.waiters == 0)
        }
    }

    @Test("Who waits longer than the pool's deadline is refused as overloaded") func deadline() async throws {
        try await withInstallation({
            $0.api = PoolSettings(name: "api", connections: 1, waitDeadline: .milliseconds(200), unitsInFlight: 4)
        }) { installation in
            let scope = try installation.directory.scope(for: try await installation.tenantWithMarks("busy"))

            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await scope.rows("SELECT pg_sleep(1)") }
                try await wait(upTo: .seconds(5)) { installation.figures.first { $0.name == "api" }?.inUse == 1 }

                let error = await #expect(throws: PostgresError.self) { try await scope.rows("SELECT 1") }

                guard case .overloaded? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                try await group.waitForAll()
            }
            #expect(try await scope.rows("SELECT 1 FROM marks").count == 20)
        }
    }

    @Test("A plan may shorten statements, the installation is the ceiling, and nobody asks for more than the plan allows") func statements()
        async throws
    {
        try await withInstallation({ $0.timeLimit = .seconds(7) }) { installation in
            for (plan, rates) in [("brief", #"{"statement_seconds": 3}"#), ("long", #"{"statement_seconds": 60}"#)] {
                _ = try await installation.control.run([
                    """
                    INSERT INTO plans (name, version, limits, rates, features, price)
                    VALUES (\(plan), 1, '{}', \(rates)::jsonb, '{}', '{"amount": "0.00", "currency": "EUR", "per": "user"}')
                    """
                ])
            }
            try await installation.directory.load()
            func limit(_ plan: String, _ wish: Duration? = nil) async throws -> String {
                var order = ProvisionRequest.sample("t-\(plan)")
                order.plan = plan
                let tenant = try await installation.provisioning.provision(order, by: .test).tenant
                let scope = try installation.directory.scope(for: tenant)
                return try await (wish.map(scope.limited) ?? scope).rows("SELECT current_setting('statement_timeout')")[0].text(0)
            }

            #expect(try await limit("brief") == "3s")
            #expect(try await limit("brief", .seconds(60)) == "3s")
            #expect(try await limit("brief", .seconds(1)) == "1s")
            #expect(try await limit("long") == "7s")
            #expect(try await limit("unlimited") == "7s")
            #expect(try await limit("unlimited", .seconds(60)) == "1min")
        }
    }
}

/// Holds a thread, of those that may block, until it is opened.
private final class Latch: Sendable {
    private let gate = DispatchSemaphore(value: 0)

    func wait() { gate.wait() }
    func open() { gate.signal() }
}

import Dispatch
import Postgres
import Records
import Support
import Synchronization
import Testing

@testable import Tenancy

/// Records are counted beside one another far from a limit, and one after another near it.
@Suite("How much there is") struct UsageTests {
    private static func entitlements(_ most: Int) -> Entitlements {
        Entitlements(plan: PlanKey(name: "test", version: 1), limits: ["records.contacts": most, "records": most + 1_000_000])
    }

    /// What a transaction does that makes so many contacts.
    private static func making(_ count: Int, _ most: Int) -> [SQL] {
        [
            """
            INSERT INTO changes (id, type, record_id, version, action, fields)
            SELECT cell.uuid_v7(), 'contacts', cell.uuid_v7(), 1, 'create', '{}' FROM generate_series(1, \(count))
            """
        ] + Usage.settled(TestHouse.catalog, entitlements(most))
    }

    private static func used(_ tenant: TestTenant) async throws -> Int {
        try await tenant.scope.rows("SELECT coalesce(sum(used), 0) FROM \(Usage.rows) AS counted WHERE resource = 'records.contacts'")[0]
            .int(0)
    }

    @Test("Many writers of few and of many end at the limit, whatever takes itself back", arguments: [1_700, 90]) func exact(most: Int)
        async throws
    {
        let tenant = try await TestHouse.tenant()
        let made = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    var made = 0
                    while true {
                        let count = Int.random(in: 0..<8) == 0 ? Int.random(in: 9...40) : Int.random(in: 1...8)
                        do {
                            if Int.random(in: 0..<5) == 0 {
                                // A crash leaves as little behind.
                                try await tenant.scope.transaction { transaction in
                                    try transaction.flush(Self.making(count, most))
                                    throw CancellationError()
                                }
                            } else {
                                _ = try await tenant.scope.run(Self.making(count, most))
                                made += count
                            }
                        } catch is CancellationError {
                        } catch let error as PostgresError {
                            let limit = try #require(error.refusal?.constraint.flatMap(PlanLimit.init), "\(error)")
                            #expect(limit.resource == "records.contacts" && limit.limit == most)
                            #expect(limit.used + count > most)
                            if count == 1 { return made }
                        }
                    }
                }
            }
            return try await group.reduce(0, +)
        }

        #expect(made == most)
        #expect(try await Self.used(tenant) == most)
    }

    @Test("Far from a limit nobody waits for another's commit; near it everyone does") func waiting() async throws {
        let tenant = try await TestHouse.tenant()
        let (begun, end) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let slots = Slots()
        // What another process would have: a pool lends few connections, and these are held.
        let process = try await TestHouse.again()
        let neighbour = try process.directory.scope(for: tenant.tenant)
        try await withThrowingTaskGroup { group in
            // Not committed before the test says so, each on a connection of its own; two that share a slot would count one after another.
            for scope in [tenant.scope, neighbour] {
                group.addTask {
                    try await scope.transaction { transaction in
                        let slot = try transaction.rows("SELECT pg_backend_pid() % 16")[0].int(0)
                        if slots.seen.withLock({ $0.insert(slot).inserted }) { try transaction.flush(Self.making(1, 1_000_000)) }
                        begun.signal()
                        end.wait()
                    }
                }
            }
            let haveBegun = await Task.detached { Self.wait(for: begun, times: 2) }.value
            #expect(haveBegun, "One waited for the other.")

            await #expect {
                _ = try await tenant.scope.limited(to: .milliseconds(200)).run(Self.making(1, 500))
            } throws: {
                ($0 as? PostgresError)?.refusal?.state == .queryCanceled
            }
            for _ in 0..<2 { end.signal() }
            try await group.waitForAll()
        }
        #expect(try await Self.used(tenant) == slots.seen.withLock { $0.count })
        await process.close()
    }

    @Test("Near a limit a tenant's writers take turns, and no other tenant's writer waits for them") func turns() async throws {
        let (first, second) = (try await Self.narrow(), try await Self.narrow())
        let (begun, end) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        // Another process, whose connections nobody here shares: on one connection each waits for what was sent before.
        let process = try await TestHouse.again()
        let colleague = TestTenant(tenant: first.tenant, scope: try process.directory.scope(for: first.tenant))
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Has the turn, and keeps it until the test says so.
            group.addTask {
                try await first.scope.transaction { transaction in
                    try transaction.flush(Self.making(1, Self.room))
                    begun.signal()
                    end.wait()
                }
            }
            do {
                defer { end.signal() }
                let hasBegun = await Task.detached { Self.wait(for: begun, times: 1) }.value
                try #require(hasBegun)
                group.addTask { _ = try await colleague.store("contacts").create(["last_name": "Second"]) }
                try await eventually { try await Self.queue(of: first) == 1 }

                for name in ["One", "Two"] { _ = try await second.store("contacts").create(["last_name": .string(name)]) }

                #expect(try await Self.used(second) == 2)
                #expect(try await Self.queue(of: first) == 1)
                #expect(try await Self.used(first) == 0)
            }
            try await group.waitForAll()
        }
        #expect(try await Self.used(first) == 2)
        #expect(try await Self.queue(of: first) == 0)
        await process.close()
    }

    private static let room = 500

    /// A tenant with so little room that whoever makes a contact there takes the turn.
    private static func narrow() async throws -> TestTenant {
        let installation = try await TestHouse.installation
        let limits = Overrides(limits: ["records.contacts": room])
        let tenant = try await installation.lifecycle.changePlan(
            of: try await TestHouse.tenant().tenant.slug, to: PlanChange(plan: "unlimited", overrides: limits),
            by: Instruction(actor: "test"))
        return TestTenant(tenant: tenant, scope: try installation.directory.scope(for: tenant))
    }

    /// How many wait for the tenant's turn.
    private static func queue(of tenant: TestTenant) async throws -> Int {
        try await TestHouse.installation.cells.scope(of: tenant.tenant.cell).rows(
            """
            SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
            WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted AND l.objsubid = 1
                AND (l.classid::bigint << 32) + l.objid::bigint = hashtextextended(\(tenant.tenant.schema)::text || '.usage', 0)
            """)[0].int(0)
    }

    private final class Slots: Sendable {
        let seen = Mutex<Set<Int>>([])
    }

    /// Whether all have come within five seconds.
    private static func wait(for semaphore: DispatchSemaphore, times: Int) -> Bool {
        (0..<times).allSatisfy { _ in semaphore.wait(timeout: .now() + 5) == .success }
    }

    @Test("Without a limit all the same, and what goes is taken off") func unlimited() async throws {
        let tenant = try await TestHouse.tenant()
        let free = Entitlements(plan: PlanKey(name: "test", version: 1))
        _ = try await tenant.scope.run(
            Usage.records(moved: "SELECT 'records.contacts'::text AS resource, 5::bigint AS moved", free))
        _ = try await tenant.scope.run(
            Usage.records(moved: "SELECT 'records.contacts'::text AS resource, -2::bigint AS moved", free))

        #expect(try await Self.used(tenant) == 3)
    }
}

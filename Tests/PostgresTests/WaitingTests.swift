import Foundation
import Postgres
import Synchronization
import Testing

/// Who waits for a connection, and for how long.
@Suite struct WaitingTests {
    @Test("Who waits too long is told that there is too much work") func overloaded() async throws {
        let settings = PoolSettings.test("overloaded", connections: 1) { settings in
            settings.unitsInFlight = 1
            settings.waitDeadline = .milliseconds(50)
        }
        try await withPipeline(settings) { pool in
            // On a busy machine connecting alone may take longer than that.
            await until { (try? await pool.run(Unit(["SELECT 1"]))) != nil }
            let overloaded = pool.figures.overloaded
            let gate = try await Gate()
            let holder = Task { try await pool.run(Unit([gate.passage])) }
            try await until { try await gate.queue() == 1 }

            let error = await refusal { _ = try await pool.run(Unit(["SELECT 1"])) }

            guard case .overloaded(let waited) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(waited >= .milliseconds(50))
            #expect(pool.figures.overloaded == overloaded + 1 && pool.figures.waiters == 0)
            await gate.open()
            _ = try await holder.value
        }
        try await withExclusive(settings) { pool in
            let gate = try await Gate()
            let holder = Task { try await pool.transaction { try $0.rows(gate.passage).count } }
            try await until { try await gate.queue() == 1 }

            let error = await refusal { try await pool.transaction { _ in } }

            guard case .overloaded = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(pool.figures.waiters == 0)
            await gate.open()
            _ = try await holder.value
        }
    }

    @Test("First come, first served") func inOrder() async throws {
        let order = Order()
        let settings = PoolSettings.test("in-order", connections: 1) { $0.unitsInFlight = 1 }
        try await withPipeline(settings) { pool in
            let gate = try await Gate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await pool.run(Unit([gate.passage])) }
                try await until { try await gate.queue() == 1 }
                for number in 0..<20 {
                    group.addTask {
                        let rows = try await pool.run(Unit(["SELECT extract(epoch FROM clock_timestamp()) * 1e6"]))
                        let moment = try rows[0][0].double(0)
                        order.append(number, at: moment)
                    }
                    await until { pool.figures.waiters == number + 1 }
                }
                await gate.open()
                try await group.waitForAll()
            }
        }
        #expect(order.numbers == Array(0..<20))

        let lent = Order()
        try await withExclusive(.test("in-order-exclusive", connections: 1)) { pool in
            let gate = try await Gate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await pool.transaction { try $0.rows(gate.passage).count } }
                try await until { try await gate.queue() == 1 }
                for number in 0..<20 {
                    group.addTask { try await pool.transaction { _ in lent.append(number, at: 0) } }
                    await until { pool.figures.waiters == number + 1 }
                }
                await gate.open()
                try await group.waitForAll()
            }
        }
        #expect(lent.numbers == Array(0..<20))
    }

    @Test("Equal affinity means the same connection, and nobody waits for a preferred one that is full") func affinity() async throws {
        let pid: SQL = "SELECT pg_backend_pid()"
        try await withPipeline(.test("affinity", connections: 3) { $0.unitsInFlight = 1 }) { pool in
            var pids: [Int: Set<Int>] = [:]
            // The first units may be served elsewhere while their own connection is being opened.
            for affinity in [0, 1, 2, -1] { _ = try await pool.run(Unit([pid]), preferring: affinity) }
            await until { pool.figures.connections == 3 }
            for _ in 0..<5 {
                for affinity in 0..<3 {
                    pids[affinity, default: []].insert(try await pool.run(Unit([pid]), preferring: affinity)[0][0].int(0))
                }
            }
            #expect(pids.values.allSatisfy { $0.count == 1 } && Set(pids.values).count == 3)

            let gate = try await Gate()
            let holder = Task { try await pool.run(Unit([gate.passage]), preferring: 0) }
            try await until { try await gate.queue() == 1 }
            let other = try await pool.run(Unit([pid]), preferring: 0)[0][0].int(0)

            #expect(pids[0]?.contains(other) == false)
            #expect(pool.figures.inUse == 1)
            await gate.open()
            _ = try await holder.value
        }
    }

    @Test("Reads of all come together on one connection, writes keep to the others, and none stands long behind a slow one")
    func gathering() async throws {
        let pid: SQL = "SELECT pg_backend_pid()"
        @Sendable func read(_ pool: PipelinePool, _ affinity: Int) async throws -> Int {
            try await pool.run(Unit([pid], namespace: "n\(affinity)", isRepeatable: true), preferring: affinity)[0][0].int(0)
        }
        func write(_ pool: PipelinePool, _ affinity: Int) async throws -> Int {
            try await pool.run(Unit([pid], namespace: "n\(affinity)"), preferring: affinity)[0][0].int(0)
        }
        let settings = PoolSettings.test("gathering", connections: 3) { ($0.gathersReads, $0.maximumNamespaces) = (true, 12) }
        try await withPipeline(settings) { pool in
            for affinity in 0..<2 { _ = (try await read(pool, affinity), try await write(pool, affinity)) }
            await until { pool.figures.connections == 3 }
            var (readers, writers): (Set<Int>, Set<Int>) = ([], [])
            for affinity in 0..<10 {
                readers.insert(try await read(pool, affinity))
                writers.insert(try await write(pool, affinity))
            }
            #expect(readers.count == 1 && writers.count == 2 && readers.isDisjoint(with: writers))

            // More tenants than one backend should know are read where they write.
            for affinity in 10..<14 { #expect(try await read(pool, affinity) == write(pool, affinity)) }

            let gate = try await Gate()
            let holder = Task { try await pool.run(Unit([gate.passage], isRepeatable: true), preferring: 0) }
            try await until { try await gate.queue() == 1 }
            let seen = ContinuousClock.now
            await until { ContinuousClock.now - seen > .milliseconds(20) }
            #expect(!readers.contains(try await read(pool, 1)))
            // Not because the slow one was given up.
            #expect(pool.figures.retired.isEmpty && pool.figures.repeated == 0 && pool.figures.inUse == 1)
            await gate.open()
            _ = try await holder.value
            #expect(readers.contains(try await read(pool, 1)))
        }
    }

    @Test("A connection is replaced after its lifetime, and after as many namespaces as it should meet") func retirement() async throws {
        try await withPipeline(.test("lifetime", connections: 1) { $0.maximumLifetime = .milliseconds(20) }) { pool in
            await until { (try? await pool.run(Unit(["SELECT 1"]))) != nil && pool.figures.retired["lifetime", default: 0] >= 3 }
            #expect(pool.figures.connections <= 2)
        }
        try await withPipeline(.test("namespaces", connections: 1) { $0.maximumNamespaces = 10 }) { pool in
            var number = 0
            try await until {
                number += 1
                _ = try await pool.run(Unit(["SELECT 1"], namespace: "n\(number)"))
                return pool.figures.retired["namespaces", default: 0] >= 2
            }
            #expect(number > 20)
        }
        try await withExclusive(.test("exclusive", connections: 1) { $0.maximumNamespaces = 10 }) { pool in
            for number in 0..<25 { _ = try await pool.transaction(namespace: "n\(number)") { try $0.rows("SELECT 1").count } }
            #expect(pool.figures.retired["namespaces"] == 2 && pool.figures.opened == 3)
        }
    }

    @Test("A closed pool finishes what it has accepted and refuses the rest") func closing() async throws {
        let pool = PipelinePool(try await TestServer.owner, .test("closing", connections: 1) { $0.unitsInFlight = 1 })
        let exclusive = ExclusivePool(try await TestServer.owner, .test("closing", connections: 1))
        let gate = try await Gate()
        let accepted = (0..<5).map { number in
            Task { try await pool.run(Unit([gate.passage, "SELECT \(number)::int"]))[1][0].int(0) }
        }
        let lent = (0..<3).map { number in
            Task { try await exclusive.transaction { try $0.flush([gate.passage, "SELECT \(number)::int"])[1][0].int(0) } }
        }
        await until { pool.figures.inUse == 1 && pool.figures.waiters == 4 }
        await until { exclusive.figures.inUse == 1 && exclusive.figures.waiters == 2 }

        async let closed: Void = pool.close()
        async let closedToo: Void = exclusive.close()
        await gate.open()
        _ = await (closed, closedToo)

        for (number, task) in accepted.enumerated() { #expect(try await task.value == number) }
        for (number, task) in lent.enumerated() { #expect([0, 1, 2].contains(try await task.value), "\(number)") }
        #expect(pool.figures.connections == 0 && exclusive.figures.connections == 0)
        for error in [
            await refusal { _ = try await pool.run(Unit(["SELECT 1"])) }, await refusal { try await exclusive.transaction { _ in } },
        ] {
            guard case .unreachable = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test("A unit, and a transaction of one flush, is one round trip") func oneRoundTrip() async throws {
        try await withPipeline(.test("trip", connections: 1)) { pool in
            for number in 0..<10 {
                _ = try await pool.run(
                    Unit([
                        SQL("SELECT set_config('tenantry.n', \(String(number)), true)").prepared(.shared), "SELECT \(number)::int",
                        "SELECT 2",
                    ]))
            }
            #expect(pool.figures.flushes == 10 && pool.figures.waits == 10)
        }
        try await withExclusive(.test("trip", connections: 1)) { pool in
            _ = try await pool.transaction(preamble: ["SELECT 1", "SELECT 2"]) { try $0.flush(["SELECT 3", "SELECT 4"]).count }
            // One for everything up to the body's flush, one for COMMIT.
            #expect(pool.figures.flushes == 2)
        }
    }
}

/// Numbers by the moment they belong to; those of one moment as they came.
private final class Order: Sendable {
    private let log = Mutex<[(moment: Double, number: Int)]>([])

    func append(_ number: Int, at moment: Double) {
        log.withLock { $0.append((moment, number)) }
    }

    var numbers: [Int] {
        log.withLock { $0.enumerated().sorted { ($0.element.moment, $0.offset) < ($1.element.moment, $1.offset) }.map(\.element.number) }
    }
}

import Foundation
import Jobs
import Postgres
import Support
import Synchronization
import Tenancy
import Testing

@Suite("Limits hold and turns are fair") struct LimitTests {
    @Test("A tenant's limit of two is never exceeded by sixteen processes") func limit() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let crowd = Crowd()
        let handler = JobHandler(Narrow.self) { _, _ in
            crowd.enter()
            try await Task.sleep(for: .milliseconds(2))
            crowd.leave()
            return .done
        }
        _ = try await scope.run([.enqueue((0..<120).map { _ in Promise(Narrow()) })])

        try await house.working((0..<16).map { _ in house.worker([handler], for: [scope]) }) {
            try await eventually { crowd.seen.left == 120 }
        }

        #expect(crowd.seen.most == 2)
    }

    @Test("A kind's limit holds over all tenants") func kindLimit() async throws {
        let house = try await QueueHouse.shared
        var scopes: [TenantScope] = []
        for _ in 0..<4 { scopes.append(try await house.tenant()) }
        let crowd = Crowd()
        let handler = JobHandler(Shared.self) { _, _ in
            crowd.enter()
            try await Task.sleep(for: .milliseconds(2))
            crowd.leave()
            return .done
        }
        for scope in scopes { _ = try await scope.run([.enqueue((0..<15).map { _ in Promise(Shared()) })]) }
        let all = scopes

        try await house.working((0..<8).map { _ in house.worker([handler], for: all) }) {
            try await eventually { crowd.seen.left == 60 }
        }

        #expect(crowd.seen.most <= 3)
    }

    @Test("No span of a rate's length holds more starts than the rate") func rate() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let starts = Diary<Double>()
        let handler = JobHandler(Rated.self) { _, _ in .done }
        _ = try await scope.run([.enqueue((0..<45).map { _ in Promise(Rated()) })])

        try await house.working((0..<4).map { _ in house.worker([handler], for: [scope]) }) {
            try await eventually { try await house.states(of: scope) == [:] }
        }

        // As the database has it: what a handler sees is later by its way through the process.
        for row in try await house.cell().rows(
            """
            SELECT extract(epoch FROM f.started_at) FROM finished_jobs AS f JOIN job_lanes AS l ON l.id = f.lane_id
            WHERE l.tenant_id = \(scope.tenant.id) ORDER BY 1
            """)
        { starts.note(try row.double(0)) }
        let all = starts.entries
        #expect(all.count == 45)
        for (first, after) in zip(all, all.dropFirst(20)) { #expect(after - first >= 0.5 - 0.000_01) }
    }

    @Test("Someone with one job does not wait behind someone with thousands") func fair() async throws {
        let house = try await QueueHouse.shared
        let big = try await house.tenant()
        var small: [TenantScope] = []
        for _ in 0..<10 { small.append(try await house.tenant()) }
        let order = Diary<String>()
        let handler = JobHandler(Greet.self) { _, context in
            order.note(context.scope.tenant.slug)
            return .done
        }
        _ = try await big.run([.enqueue((0..<5000).map { Promise(Greet(name: "\($0)")) })])
        for scope in small { _ = try await scope.run([.enqueue(Greet(name: "one"))]) }
        let all = small + [big]

        try await house.working([house.worker([handler], for: all) { $0.concurrency = 8 }]) {
            try await eventually { Set(order.entries).count == 11 }
        }

        let last = try #require(order.entries.lastIndex { $0 != big.tenant.slug })
        #expect(last < 300, "the last of the small ones was job number \(last)")
    }

    @Test("A suspended tenant's jobs wait, and when it is back they come at a gentle pace") func suspended() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let slug = scope.tenant.slug
        let starts = Diary<ContinuousClock.Instant>()
        let handler = JobHandler(Greet.self) { _, _ in
            starts.note(.now)
            return .done
        }
        _ = try await house.installation.lifecycle.suspend(slug, by: Instruction(actor: "test", reason: "test"))
        _ = try await scope.run([.enqueue((0..<8).map { Promise(Greet(name: "\($0)")) })])

        try await house.working([house.worker([handler], for: [scope])]) {
            try await eventually {
                try await house.cell().rows("SELECT 1 FROM job_lanes WHERE tenant_id = \(scope.tenant.id) AND held_at IS NOT NULL").count
                    == 1
            }
            #expect(starts.entries.isEmpty)
            _ = try await house.installation.lifecycle.resume(slug, by: Instruction(actor: "test", reason: "test"))
            try await eventually { starts.entries.count == 8 }
        }

        let times = starts.entries
        let took = try #require(times.last) - times[0]
        #expect(took >= .milliseconds(600), "eight overdue jobs at ten a second took \(took)")
    }
}

private struct Narrow: Job {
    static let kind = JobKind("narrow") { kind in kind.tenantLimit = 2 }
}

private struct Shared: Job {
    static let kind = JobKind("shared") { kind in kind.cellLimit = 3 }
}

private struct Rated: Job {
    static let kind = JobKind("rated") { kind in kind.tenantRate = JobRate(20, per: .milliseconds(500)) }
}

/// How many are in a room.
private final class Crowd: Sendable {
    private let state = Mutex((now: 0, most: 0, left: 0))

    func enter() {
        state.withLock { state in
            state.now += 1
            state.most = max(state.most, state.now)
        }
    }

    func leave() {
        state.withLock { state in
            state.now -= 1
            state.left += 1
        }
    }

    var seen: (most: Int, left: Int) { state.withLock { ($0.most, $0.left) } }
}

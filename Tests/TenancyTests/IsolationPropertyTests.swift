import Foundation
import Postgres
import Synchronization
import Testing

@testable import Tenancy

/// Six tenants work at random over the same few connections while connections are ended under them. Every row carries its tenant's name, and
/// every write writes it: a statement that ever acts in another schema is seen, at once or at the end.
@Suite struct IsolationPropertyTests {
    private let counts = Counts()

    @Test("In a hundred thousand operations with errors, time-outs, cancellations and broken connections nobody meets another tenant's row")
    func nobodyMeetsAnother() async throws {
        try await withInstallation { installation in
            for number in 0..<6 { _ = try await installation.tenantWithMarks("tenant-\(number)") }

            for connections in 1...4 { try await bustle(over: connections, of: installation) }

            for tenant in installation.directory.tenants { try await expectUntouched(tenant, of: installation) }
            #expect(try await installation.isolation.run().failures == [])
        }
        #expect(Set(counts.strangers) == [])
        #expect(counts.operations >= 100_000)
        for outcome in ["answered", "refused", "cancelled", "timed out", "killed", "broken"] {
            #expect(counts.outcomes[outcome, default: 0] > 0, "\(outcome)")
        }
    }

    /// Twenty-four workers in a process of their own with so many connections.
    private func bustle(over connections: Int, of installation: Installation) async throws {
        var settings = installation.settings
        settings.api.connections = connections
        settings.work.connections = connections
        // Small bounds, so that statements are evicted and connections retired all the time.
        settings.api.maximumStatements = 40
        settings.api.maximumNamespaces = 5
        settings.api.maximumLifetime = .seconds(2)
        let process = testInstallation(settings)
        try await process.start()
        let killer = PipelinePool(ConnectionSettings(url: try TestCluster.superuserURL()), PoolSettings(name: "superuser", connections: 1))
        let crowd = Crowd(installation: process, tenants: process.directory.tenants, killer: killer, counts: counts)
        try await withThrowingTaskGroup { group in
            for worker in 0..<24 {
                group.addTask { try await crowd.work(1060, Random(seed: UInt64(connections * 100 + worker))) }
            }
            try await group.waitForAll()
        }
        await killer.close()
        await process.close()
    }

    /// All rows are the tenant's own; every acknowledged write happened, and no more than were sent.
    private func expectUntouched(_ tenant: Tenant, of installation: Installation) async throws {
        let row = try await installation.directory.scope(for: tenant).rows(
            "SELECT count(*), count(*) FILTER (WHERE owner = \(tenant.slug)), sum(hits) FROM marks")[0]
        #expect(try row.int(0) == 20)
        #expect(try row.int(1) == 20)
        let hits = try row.int(2)
        #expect(hits >= counts.certain(tenant.slug) && hits <= counts.possible(tenant.slug), "\(tenant.slug)")
    }
}

/// One worker among many.
private struct Crowd {
    let installation: Installation
    let tenants: [Tenant]
    let killer: PipelinePool
    let counts: Counts

    /// What one operation draws.
    struct Draw {
        let die: Int
        let tenant: Int
        let other: Int
        let id: Int
        let text: Int
        let patience: Int
        let isHeads: Bool

        init(_ random: inout Random, tenants: Int) {
            die = random.below(1000)
            tenant = random.below(tenants)
            other = random.below(tenants)
            id = 1 + random.below(20)
            text = random.below(200)
            patience = random.below(40)
            isHeads = random.below(2) == 0
        }
    }

    func work(_ operations: Int, _ random: Random) async throws {
        var random = random
        for _ in 0..<operations {
            let draw = Draw(&random, tenants: tenants.count)
            let tenant = tenants[draw.tenant]
            let scope = try installation.directory.scope(for: tenant)
            counts.begin()
            do {
                try await operate(scope, tenant, draw)
                counts.note("answered")
            } catch let error as PostgresError {
                counts.note(Self.word(for: error))
            } catch is Refused {
                counts.note("refused")
            }
        }
    }

    private struct Refused: Error {}

    private func operate(_ scope: TenantScope, _ tenant: Tenant, _ draw: Draw) async throws {
        switch draw.die {
        case 0..<450: try await read(scope, tenant, draw)
        case 450..<650: try await write(scope, tenant, draw.id)
        case 650..<838: try await fail(scope, tenant, draw)
        case 838..<900: try await cancelled(scope, tenant, draw)
        case 900..<930: try await reachOut(scope, tenant, draw)
        case 930..<960: try await lookWithoutScope(draw)
        case 960..<985: try await transact(scope, tenant, draw.id, fails: draw.isHeads)
        case 985..<998: try await scope.stream("SELECT owner FROM marks", batch: 6) { rows in try expectOwn(rows, tenant) }
        default: try await kill()
        }
    }

    /// One row, or all, or by one of many texts, so that prepared statements are evicted.
    private func read(_ scope: TenantScope, _ tenant: Tenant, _ draw: Draw) async throws {
        let query: SQL =
            switch draw.patience {
            case 0..<25: "SELECT owner FROM marks WHERE id = \(draw.id)"
            case 25..<33: "SELECT owner FROM marks"
            default: SQL(code: "SELECT owner, \(draw.text) FROM marks LIMIT 2")
            }
        try expectOwn(await scope.rows(query), tenant)
    }

    /// The write is undone by the error behind it, or refused, or takes too long.
    private func fail(_ scope: TenantScope, _ tenant: Tenant, _ draw: Draw) async throws {
        switch draw.patience {
        case 0..<25:
            let write: SQL = "UPDATE marks SET hits = hits + 1, owner = \(tenant.slug) WHERE id = \(draw.id)"
            _ = try await scope.run([write, "SELECT 1 / (id - id) FROM marks"])
        case 25..<38: _ = try await scope.run(["INSERT INTO marks (id, owner) VALUES (\(draw.id), \(tenant.slug))"])
        default: _ = try await scope.limited(to: .milliseconds(1 + draw.text % 4)).rows("SELECT owner, pg_sleep(0.01) FROM marks")
        }
    }

    private func write(_ scope: TenantScope, _ tenant: Tenant, _ id: Int) async throws {
        let update: SQL = "UPDATE marks SET hits = hits + 1, owner = \(tenant.slug) WHERE id = \(id) RETURNING owner"
        do {
            let answers = try await scope.run([update, "SELECT owner FROM marks WHERE id = \(id)"])
            counts.wrote(tenant.slug, isCertain: true)
            for rows in answers { try expectOwn(rows, tenant) }
        } catch let error as PostgresError {
            if Self.mayHaveHappened(error) { counts.wrote(tenant.slug, isCertain: false) }
            throw error
        }
    }

    /// Leaves at any moment: before it is sent, on its way, or too late.
    private func cancelled(_ scope: TenantScope, _ tenant: Tenant, _ draw: Draw) async throws {
        let (writes, id) = (draw.isHeads, draw.id)
        let task = Task {
            if writes {
                try await write(scope, tenant, id)
            } else {
                try expectOwn(await scope.transaction { try $0.rows("SELECT owner FROM marks WHERE id = \(id)") }, tenant)
            }
        }
        for _ in 0..<draw.patience { await Task.yield() }
        task.cancel()
        try await task.value
    }

    private func reachOut(_ scope: TenantScope, _ tenant: Tenant, _ draw: Draw) async throws {
        let other = tenants[draw.other]
        guard other.id != tenant.id else { return }
        let statement = SQL(
            code: draw.isHeads ? "SELECT owner FROM \(other.schema).marks" : "UPDATE \(other.schema).marks SET owner = 'x'")
        if try await Self.state(of: { _ = try await scope.rows(statement) }) == .insufficientPrivilege { throw Refused() }
        counts.met("\(tenant.slug) reached \(other.slug)")
    }

    /// Nobody's role may have stayed on a connection.
    private func lookWithoutScope(_ draw: Draw) async throws {
        let cell = try installation.cells.named("main")
        if draw.text < 50 {
            let user = try await cell.work.transaction { try $0.rows("SELECT current_user")[0].text(0) }
            if user != cell.cell.loginRole { counts.met("a connection stayed \(user)") }
        } else {
            // Parsed anew: of many that cannot be prepared, one may be told that the statement of another is missing.
            let question = Unit([SQL("SELECT owner FROM marks").prepared(.none)])
            let state = try await Self.state(of: { _ = try await cell.api.run(question) })
            if state == .undefinedTable { throw Refused() }
            counts.met("a connection kept its search path: \(state?.rawValue ?? "answered")")
        }
    }

    /// The state with which the server refuses; nil when it does not.
    private static func state(of work: () async throws -> Void) async throws -> SQLState? {
        do {
            try await work()
            return nil
        } catch let error as PostgresError {
            guard let refusal = error.refusal else { throw error }
            return refusal.state
        }
    }

    private func transact(_ scope: TenantScope, _ tenant: Tenant, _ id: Int, fails: Bool) async throws {
        do {
            let rows = try await scope.transaction { transaction in
                _ = try transaction.rows("SELECT owner FROM marks WHERE id = \(id) FOR UPDATE")
                let rows = try transaction.rows(
                    "UPDATE marks SET hits = hits + 1, owner = \(tenant.slug) WHERE id = \(id) RETURNING owner")
                if fails { throw Refused() }
                return rows
            }
            counts.wrote(tenant.slug, isCertain: true)
            try expectOwn(rows, tenant)
        } catch let error as PostgresError {
            if Self.mayHaveHappened(error) { counts.wrote(tenant.slug, isCertain: false) }
            throw error
        }
    }

    /// Ends one of the connections that tenants work on.
    private func kill() async throws {
        let role = try installation.cells.named("main").cell.loginRole
        _ = try await killer.run(
            Unit([
                "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE usename = \(role) ORDER BY random() LIMIT 1) AS one"
            ]))
        counts.note("killed")
    }

    private func expectOwn(_ rows: Rows, _ tenant: Tenant) throws {
        for row in rows where try row.text(0) != tenant.slug { counts.met("\(tenant.slug) met a row of \(try row.text(0))") }
    }

    private static func mayHaveHappened(_ error: PostgresError) -> Bool {
        switch error {
        case .outcomeUnknown, .cancelled: true
        default: false
        }
    }

    private static func word(for error: PostgresError) -> String {
        switch error {
        case .refused(let refusal) where refusal.state == .queryCanceled: "timed out"
        case .refused: "refused"
        case .cancelled: "cancelled"
        default: "broken"
        }
    }
}

/// What happened, from all workers.
private final class Counts: Sendable {
    private struct State {
        var operations = 0
        var outcomes: [String: Int] = [:]
        var certain: [String: Int] = [:]
        var possible: [String: Int] = [:]
        var strangers: [String] = []
    }

    private let state = Mutex(State())

    func begin() { state.withLock { $0.operations += 1 } }
    func note(_ outcome: String) { state.withLock { $0.outcomes[outcome, default: 0] += 1 } }
    func met(_ stranger: String) { state.withLock { $0.strangers.append(stranger) } }

    func wrote(_ slug: String, isCertain: Bool) {
        state.withLock { state in
            if isCertain { state.certain[slug, default: 0] += 1 }
            state.possible[slug, default: 0] += 1
        }
    }

    var operations: Int { state.withLock { $0.operations } }
    var outcomes: [String: Int] { state.withLock { $0.outcomes } }
    var strangers: [String] { state.withLock { $0.strangers } }
    func certain(_ slug: String) -> Int { state.withLock { $0.certain[slug, default: 0] } }
    func possible(_ slug: String) -> Int { state.withLock { $0.possible[slug, default: 0] } }
}

/// SplitMix64: the same choices in every run.
private struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ (word >> 31)) % UInt64(bound))
    }
}

import Foundation
import Jobs
import Logging
import Postgres
import Secrets
import ServiceLifecycle
import Support
import Synchronization
import Tenancy

/// An installation of its own for the tests of jobs: its cell's queue is nobody else's.
struct QueueHouse: Sendable {
    let installation: Installation
    let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static let opened = Task<QueueHouse, any Error> { QueueHouse(installation: try await TestHouse.open()) }

    /// Shared by tests that each work with a tenant of their own.
    static var shared: QueueHouse { get async throws { try await opened.value } }

    func tenant() async throws -> TenantScope {
        let slug = "test-" + RandomBytes.make(6).map { String(format: "%02x", $0) }.joined()
        let request = ProvisionRequest(
            slug: slug, name: slug, admin: .init(email: "admin@\(slug).example", name: "Ada Admin", passwordHash: "none"), settings: nil,
            isTest: true, fingerprint: RandomBytes.make(32))
        _ = try await installation.provisioning.provision(request, by: Instruction(actor: "test"))
        guard let tenant = try await installation.directory.tenant(slug: slug) else { throw PostgresError.unexpected("No tenant \(slug)") }
        return try installation.directory.scope(for: tenant)
    }

    /// The owner's way to the cell, to see or to do what nobody else may.
    func cell() throws -> CellScope { try installation.cells.scope(of: "main") }

    func worker(
        _ handlers: [JobHandler], for scopes: [TenantScope], _ change: (inout WorkerSettings) -> Void = { _ in }
    ) -> Worker {
        var settings = WorkerSettings()
        settings.tenants = Set(scopes.map(\.tenant.slug))
        settings.sweep = .milliseconds(200)
        change(&settings)
        return Worker(installation, handlers: JobHandlers(handlers), settings: settings, log: log)
    }

    /// Runs the workers as long as `body` does, and then lets them stop as the program does.
    func working<T: Sendable>(_ workers: [Worker], _ body: @Sendable () async throws -> T) async throws -> T {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { await worker.run() } }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    /// How many jobs of the tenant stand in the table, by state.
    func states(of scope: TenantScope) async throws -> [String: Int] {
        let rows = try await cell().rows(
            """
            SELECT j.state, count(*) FROM jobs AS j JOIN job_lanes AS l ON l.id = j.lane_id
            WHERE l.tenant_id = \(scope.tenant.id) GROUP BY j.state
            """)
        return try rows.reduce(into: [:]) { states, row in states[try row.text(0)] = try row.int(1) }
    }
}

/// What handlers of a test did.
final class Diary<Entry: Sendable>: Sendable {
    private let kept = Mutex<[Entry]>([])

    func note(_ entry: Entry) { kept.withLock { $0.append(entry) } }
    var entries: [Entry] { kept.withLock { $0 } }
}

struct Greet: Job {
    static let kind = JobKind("greet") { kind in
        kind.maximumAttempts = 3
        kind.retry = RetryPolicy(base: .milliseconds(1), cap: .milliseconds(5))
    }
    var name: String
}

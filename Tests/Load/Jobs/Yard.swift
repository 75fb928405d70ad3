import Foundation
import Jobs
import Logging
import Postgres
import Secrets
import Support
import Synchronization
import Tenancy

/// An installation with some tenants, to measure in.
struct Yard: Sendable {
    let installation: Installation
    let scopes: [TenantScope]
    let log = Logger(label: "load") { _ in SwiftLogNoOpLogHandler() }

    init(tenants: Int) async throws {
        installation = try await TestHouse.open()
        var scopes: [TenantScope] = []
        for number in 0..<tenants {
            let slug = "load-\(number)"
            _ = try await installation.provisioning.provision(
                ProvisionRequest(
                    slug: slug, name: slug, admin: .init(email: "admin@\(slug).example", name: "Ada", passwordHash: "none"), settings: nil,
                    isTest: true, fingerprint: RandomBytes.make(32)), by: Instruction(actor: "load"))
            guard let tenant = try await installation.directory.tenant(slug: slug) else { throw PostgresError.unexpected("No tenant") }
            scopes.append(try installation.directory.scope(for: tenant))
        }
        self.scopes = scopes
    }

    func cell() throws -> CellScope { try installation.cells.scope(of: "main") }

    func enqueue(_ count: Int, for scope: TenantScope) async throws {
        let patient = scope.limited(to: .seconds(120))
        for start in stride(from: 0, to: count, by: 20_000) {
            _ = try await patient.run([.enqueue((start..<min(count, start + 20_000)).map { _ in Promise(Nothing()) })])
        }
        // As it would be after some minutes.
        _ = try await cell().rows("ANALYZE jobs", within: .seconds(120))
    }

    func worker(_ handler: JobHandler, _ change: (inout WorkerSettings) -> Void = { _ in }) -> Worker {
        var settings = WorkerSettings()
        change(&settings)
        return Worker(installation, handlers: JobHandlers([handler]), settings: settings, log: log)
    }

    func working(_ workers: [Worker], _ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { await worker.run() } }
            defer { group.cancelAll() }
            try await body()
        }
    }
}

/// A job without work.
struct Nothing: Job {
    static let kind = JobKind("nothing") { kind in kind.batch = 500 }
}

/// Instants, gathered by handlers.
final class Tally: Sendable {
    private let instants = Mutex<[ContinuousClock.Instant]>([])
    func note() { instants.withLock { $0.append(.now) } }
    var count: Int { instants.withLock { $0.count } }
    var last: ContinuousClock.Instant? { instants.withLock { $0.last } }

    func wait(for count: Int) async throws {
        while self.count < count { try await Task.sleep(for: .milliseconds(5)) }
    }
}

func milliseconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) * 1000 + Double(duration.components.attoseconds) / 1e15
}

func percentile(_ values: [Double], _ part: Double) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? .nan : sorted[min(sorted.count - 1, Int((Double(sorted.count) * part).rounded(.up)) - 1)]
}

func shown(_ value: Double) -> String { String(format: value >= 100 ? "%.0f" : "%.2f", value) }

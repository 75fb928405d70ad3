import Foundation
import Jobs
import Logging
import Postgres
import Support
import Synchronization
import Tenancy

/// Three processes work; one after another is killed with -9 and replaced. How long until the jobs it had start elsewhere?
enum KilledWorker {
    /// A job that takes longer than all of it, and notes each start in the tenant's own table.
    struct Long: Job {
        static let kind = JobKind("long") { kind in kind.timeout = .seconds(3600) }
        let number: Int
    }

    /// What the killed process runs: `JobsLoad worker <url> <slug>`.
    static func work(url: String, slug: String) async throws {
        let installation = Installation(InstallationSettings(ownerURL: url), log: quiet)
        try await installation.start()
        var settings = WorkerSettings()
        settings.name = "\(ProcessInfo.processInfo.processIdentifier)"
        settings.concurrency = 8
        let handler = JobHandler(Long.self) { job, context in
            _ = try await context.scope.run([
                "INSERT INTO idempotent_requests (credential, key, fingerprint) VALUES (gen_random_uuid(), \("\(job.number) \(context.attempt)"), '')"
            ])
            try await Task.sleep(for: .seconds(3600))
            return .done
        }
        let worker = Worker(installation, handlers: JobHandlers([handler]), settings: settings, log: quiet)
        await withDiscardingTaskGroup { group in
            group.addTask { await installation.run() }
            await worker.run()
        }
    }

    private static let quiet = Logger(label: "load") { _ in SwiftLogNoOpLogHandler() }

    static func measure() async throws {
        let yard = try await Yard(tenants: 1)
        let scope = yard.scopes[0]
        var processes = try (0..<3).map { _ in try start(yard, scope) }
        _ = try await scope.run([.enqueue((0..<12).map { Promise(Long(number: $0)) })])
        try await waitForStarts(scope, 12)
        var took: [Double] = []
        for round in 0..<4 {
            let victim = processes.removeFirst()
            let rows = try await yard.cell().rows(
                "SELECT count(*) FROM jobs JOIN job_workers AS w ON w.id = worker_id WHERE w.name = \("\(victim.processIdentifier)")")
            let had = try rows[0].int(0)
            let known = try await scope.rows("SELECT count(*) FROM idempotent_requests")[0].int(0)
            kill(victim.processIdentifier, SIGKILL)
            let killed = ContinuousClock.now
            processes.append(try start(yard, scope))
            for more in 1...max(1, had) where had > 0 {
                try await waitForStarts(scope, known + more)
                took.append(milliseconds(ContinuousClock.now - killed) / 1000)
            }
            say("kill \(round + 1): \(had) jobs, the last started elsewhere after \(shown(took.last ?? .nan)) s")
        }
        say(
            "killed to started elsewhere: p50 \(shown(percentile(took, 0.5))) s, p99 \(shown(percentile(took, 0.99))) s of \(took.count) jobs"
        )
        for process in processes { kill(process.processIdentifier, SIGKILL) }
    }

    private static func start(_ yard: Yard, _ scope: TenantScope) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["worker", yard.installation.settings.ownerURL, scope.tenant.slug]
        try process.run()
        return process
    }

    private static func waitForStarts(_ scope: TenantScope, _ count: Int) async throws {
        while try await scope.rows("SELECT count(*) FROM idempotent_requests")[0].int(0) < count {
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

import CRM
import Foundation
import Logging
import Postgres
import Schema
import Secrets
import Support
import Tenancy

/// What operators wait for with many tenants: `swift run DeskLoad [tenants]`, 1,000 of them without a number.
///
/// Works on the cluster of `Deploy/test-cluster.sh start`, in a database of its own, and prints times and ratios: the list, the figures, a
/// migration that finds nothing to do, one that adds a column to every tenant beside a bare loop of SQL that does the same, one transaction
/// each, and closing and opening all.
@main struct DeskLoad {
    static func main() async throws { try await Desk.measure() }
}

private enum Desk {
    static func measure() async throws {
        let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1000
        let url = try await TestHouse.database()
        let installation = try await TestHouse.open(at: url)
        try await provision(count, installation)

        say("list", try await time { _ = try await everyone(installation) })
        say("stats", try await time { _ = try await installation.stats.all() })
        say("migration with nothing to do", try await time { _ = try await installation.migrate() })

        let tenants = try await everyone(installation)
        let bare = try await time { try await addColumn("bare", to: tenants, at: url) }
        say("bare loop that adds a column", bare)
        await installation.close()

        let file = SchemaFile(
            scope: "tenant", name: String(format: "%04d-added", SchemaFiles.embedded.tenant.latest + 1),
            text: "-- a column for all\nALTER TABLE contacts ADD COLUMN added text;")
        let newer = try await open(at: url) { $0.schema = $0.schema.adding([file]) }
        let migrated = try await time {
            let report = try await newer.migrate()
            guard report.isComplete, report.done == count else { throw PostgresError.unexpected("\(report)") }
        }
        say("migration that adds a column", migrated)
        print(String(format: "ratio to the bare loop: %.2f", migrated / bare))

        try await newer.start()
        let instruction = Instruction(actor: "load", reason: "load")
        say("suspending all", try await time { for one in tenants { _ = try await newer.lifecycle.suspend(one.slug, by: instruction) } })
        say("resuming all", try await time { for one in tenants { _ = try await newer.lifecycle.resume(one.slug, by: instruction) } })
        await newer.close()
    }

    private static func open(at url: String, _ change: (inout InstallationSettings) -> Void) async throws -> Installation {
        var settings = InstallationSettings(ownerURL: url)
        settings.seed = FirstRows.seed
        settings.defaultPlan = "unlimited"
        settings.migration.connections = 4
        change(&settings)
        return Installation(settings, log: Logger(label: "load") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func provision(_ count: Int, _ installation: Installation) async throws {
        let took = try await time {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<4 {
                    group.addTask {
                        for number in stride(from: part, to: count, by: 4) {
                            let slug = String(format: "load-%05d", number)
                            _ = try await installation.provisioning.provision(
                                ProvisionRequest(
                                    slug: slug, name: slug,
                                    admin: .init(email: "admin@\(slug).example", name: "Ada", passwordHash: "none"), isTest: true,
                                    fingerprint: RandomBytes.make(32)), by: Instruction(actor: "load"))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        say("provisioning \(count) tenants", took)
    }

    private static func everyone(_ installation: Installation) async throws -> [Tenant] {
        var all: [Tenant] = []
        while true {
            let page = try await installation.tenants.page(after: all.last?.slug, limit: 500)
            all += page
            if page.count < 500 { return all }
        }
    }

    /// What anyone would write: a connection, a transaction for each tenant.
    private static func addColumn(_ name: String, to tenants: [Tenant], at url: String) async throws {
        let pool = ExclusivePool(ConnectionSettings(url: url), PoolSettings(name: "bare", connections: 1))
        let roles = tenants.map { SQL.quoted(identifier: $0.role) }.joined(separator: ", ")
        try await pool.outsideTransaction([SQL(code: "GRANT \(roles) TO CURRENT_USER")])
        for tenant in tenants {
            try await pool.transaction { transaction in
                try transaction.script(
                    "ALTER TABLE \(SQL.quoted(identifier: tenant.schema)).contacts ADD COLUMN \(SQL.quoted(identifier: name)) text")
            }
        }
        try await pool.outsideTransaction([SQL(code: "REVOKE \(roles) FROM CURRENT_USER")])
        await pool.close()
    }

    /// In seconds.
    private static func time(_ work: () async throws -> Void) async rethrows -> Double {
        let began = ContinuousClock.now
        try await work()
        let took = (ContinuousClock.now - began).components
        return Double(took.seconds) + Double(took.attoseconds) / 1e18
    }

    /// Unbuffered: whoever waits sees each figure when it is there.
    private static func say(_ what: String, _ seconds: Double) {
        FileHandle.standardOutput.write(Data((what + ": " + String(format: "%.3f s", seconds) + "\n").utf8))
    }
}

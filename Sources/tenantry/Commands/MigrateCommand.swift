import ArgumentParser
import Records
import Tenancy

/// Brings every schema up to date.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the schemas of control, of every cell and of every tenant up to date.",
        discussion: """
            Run it once with each new version, before the servers of that version start; it is safe while the old ones serve. Nothing is lost \
            when it is interrupted, and several may run at once. A tenant that cannot be migrated is closed for maintenance (its API answers \
            503) while the others go on; mend the cause and run it again.
              tenantry migrate -- database_url=postgresql://owner@db/tenantry
              tenantry migrate --check     (changes nothing; status 2 when something is behind)
            Exit status: 0 everything is up to date, 2 something is left, 1 nothing could be done.
            """)

    @Flag(help: "Only look whether anything is behind.")
    var check = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let settings = try common.readQuietSettings()
        let isComplete = try await Installation.use(settings, log: Logs.start(settings)) { installation in
            check ? try await look(installation) : try await migrate(installation)
        }
        if !isComplete { throw ExitCode(ExitStatus.partly.rawValue) }
    }

    private func look(_ installation: Installation) async throws -> Bool {
        let isCurrent = try await installation.migrator.isUpToDate()
        let text = isCurrent ? "Everything is up to date." : "Something is behind; run `tenantry migrate`."
        Answer(text: text, json: ["up_to_date": .bool(isCurrent)]).print(asJSON: common.json)
        return isCurrent
    }

    private func migrate(_ installation: Installation) async throws -> Bool {
        let progress = Progress(unless: common.json)
        let report = try await installation.migrate { step in
            let failed = step.failed == 0 ? "" : ", \(step.failed) failed"
            progress.say("\(step.done + step.failed) of \(step.total) tenants\(failed)", isLast: step.done + step.failed == step.total)
        }
        Answer(text: text(report), json: json(report)).print(asJSON: common.json)
        return report.isComplete
    }

    private func text(_ report: MigrationReport) -> String {
        if report == MigrationReport() { return "Everything is up to date." }
        var lines = ["\(report.done) tenants brought up to date."]
        lines += report.failedCells.map { "Cell \($0.name) was left as it is: \($0.reason)" }
        lines += report.failed.map { "Tenant \($0.name) is closed for maintenance: \($0.reason)" }
        if !report.isComplete { lines.append("Mend the cause, then run `tenantry migrate` again.") }
        return lines.joined(separator: "\n")
    }

    private func json(_ report: MigrationReport) -> JSON {
        func list(_ failures: [MigrationReport.Failure]) -> JSON {
            .array(failures.map { ["name": .string($0.name), "reason": .string($0.reason)] })
        }
        return [
            "up_to_date": .bool(report.isComplete), "done": JSON(report.done), "failed": list(report.failed),
            "failed_cells": list(report.failedCells),
        ]
    }
}

import ArgumentParser
import Records
import Server
import Tenancy

/// Whether anything leads from one tenant to another.
struct IsolationCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "isolation-check",
        abstract: "Try to reach one tenant's data with another's credential on every route, and every schema by its neighbour's role.",
        discussion: """
            Nothing that anybody has is touched: two test tenants of the installation's own, made with the first check, are used for the routes.
            Exit status: 0 nothing was reached, 2 something was.
            """)

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let settings = try common.readQuietSettings()
        let log = Logs.start(settings)
        let progress = Progress(unless: common.json)
        let report = try await Installation.use(settings, log: log) { installation in
            try await installation.start()
            return try await IsolationReport.of(installation, ServerSettings(settings, patience: .zero), logger: log) { progress.say($0) }
        }
        progress.say("All is tried.", isLast: true)
        let failures = report["failures"]?.elements ?? []
        let lines = failures.map { failure in
            ["method", "path", "status", "detail"].compactMap { failure[$0].map { $0.string ?? $0.text } }.joined(separator: " ")
        }
        let summary =
            "\(report["probed"]?.integer ?? 0) attempts on \(report["routes"]?.integer ?? 0) routes, \(failures.count) went through."
        Answer(text: (lines + [summary]).joined(separator: "\n"), json: report).print(asJSON: common.json)
        if !failures.isEmpty { throw ExitCode(ExitStatus.partly.rawValue) }
    }
}

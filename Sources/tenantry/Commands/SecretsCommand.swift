import ArgumentParser
import CRM
import Records
import Tenancy

/// What tenants keep secret.
struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets", abstract: "Look after what tenants keep secret.", subcommands: [Rotate.self])

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal every tenant's secrets anew, after the installation's key was changed.",
            discussion: """
                First give every process the new `secret_key`, and the old one as `secret_key_previous`; run `tenantry migrate`, which sets the \
                passwords of the cells' login roles, and restart the servers at once: until then they open no new connections. From then on old \
                and new secrets open. Then:
                  tenantry secrets rotate
                It may be interrupted and begun again, and it changes nothing that is done already. At status 0 nothing is sealed with the old \
                key any more: take `secret_key_previous` away. A key that was made at the first start and kept in the database is taken from \
                there; it needs not be given. Exit status: 0 all is done, 2 something is left, 1 nothing could be done.
                """)

        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let progress = Progress(unless: common.json)
            let (report, hadStoredKey) = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                guard try await installation.migrator.isUpToDate() else {
                    throw Refusal("Run `tenantry migrate` first: it sets the login roles' passwords by the new key.")
                }
                let report = try await SecretRotation(of: installation).run { done, total in
                    progress.say("\(done) of \(total) tenants", isLast: done == total)
                }
                guard report.isComplete else { return (report, false) }
                return (report, try await installation.endKeyChange(by: .commandLine(reason)))
            }
            Answer(text: text(report, hadStoredKey), json: json(report)).print(asJSON: common.json)
            if !report.isComplete { throw ExitCode(ExitStatus.partly.rawValue) }
        }

        private func text(_ report: SecretRotation.Report, _ hadStoredKey: Bool) -> String {
            var lines = ["\(report.renewed) secrets of \(report.tenants) tenants were sealed anew."]
            lines += report.lost.map { "No key opens \($0): it has to be entered anew." }
            lines += report.failed.map { "Tenant \($0.tenant) was left as it is: \($0.reason)" }
            if hadStoredKey { lines.append("The key that was kept in the database is gone from there.") }
            lines.append(
                report.isComplete
                    ? "Nothing needs the old key any more: `secret_key_previous` can go."
                    : "Mend the cause, then run `tenantry secrets rotate` again; until then keep `secret_key_previous`.")
            return lines.joined(separator: "\n")
        }

        private func json(_ report: SecretRotation.Report) -> JSON {
            [
                "complete": .bool(report.isComplete), "tenants": JSON(report.tenants), "renewed": JSON(report.renewed),
                "lost": JSON(report.lost),
                "failed": .array(report.failed.map { ["name": .string($0.tenant), "reason": .string($0.reason)] }),
            ]
        }
    }
}

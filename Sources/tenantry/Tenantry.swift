import ArgumentParser
import Foundation

/// The one program: the server, what operators do at a terminal, and the embedded default for a first look.
@main struct Tenantry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenantry",
        abstract: "A hosted CRM: one installation, many tenants, each with a PostgreSQL schema of its own.",
        discussion: """
            Start with `tenantry dev`: it needs nothing but an installed PostgreSQL and shows everything with sample data.

            Settings are taken, the first that speaks wins, from the command line after `--` (`-- pool.connections=8`), from the environment \
            (`TENANTRY_POOL_CONNECTIONS=8`), from a YAML file (`--config`, or TENANTRY_CONFIG) and from the defaults. \
            `tenantry config` shows what is in force and who said so.

            Exit status: 0 done; 1 refused or failed, the message says why; 2 done in part (`migrate`), behind (`migrate --check`) or a finding \
            (`doctor`, `audit verify`, `isolation-check`); 64 wrong usage; 69 the database cannot be reached; 78 wrong settings.
            """,
        version: Version.text,
        subcommands: [
            DevCommand.self, ServeCommand.self, WorkCommand.self, MigrateCommand.self, TenantCommand.self, PlanCommand.self,
            BlueprintCommand.self, InvoiceCommand.self, JobsCommand.self, CellCommand.self, OperatorCommand.self, AuditCommand.self,
            SecretsCommand.self, MailCommand.self, DoctorCommand.self, IsolationCheckCommand.self, ConfigCommand.self,
            VersionCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            ExitStatus.end(with: error)
        }
    }
}

import ArgumentParser
import CRM
import Logging
import Records
import Server
import ServiceLifecycle
import Settings
import Tenancy

/// The production process.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the API from a database of your own; run as many as you like.",
        discussion: """
            The database must have been migrated: `tenantry migrate`, once per version. Processes need nothing of each other. SIGTERM or \
            Ctrl-C stops accepting, finishes what runs, and ends with status 0 within 25 seconds.
              tenantry serve -- database_url=postgresql://owner@db/tenantry listen=0.0.0.0:8080 operator_listen=127.0.0.1:8081
            With --json one line on standard output tells the addresses once everything answers.
            """)

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let settings = try common.readSettings()
        let log = Logs.start(settings)
        let installation = try Installation(settings, log: log)
        var serverSettings = try ServerSettings(settings, patience: .seconds(20))
        serverSettings.payments = try PaymentDesk(installation, settings, log: log)
        let (served, isJSON) = (serverSettings, common.json)
        let service = Serving {
            do {
                try await installation.start()
                if try await !installation.migrator.isUpToDate() {
                    log.warning("Some schema is older than this program; run `tenantry migrate`.")
                }
                try await Serving.serve(installation, served, log: log) { addresses in
                    let json: JSON = ["api": .string(addresses.api), "operator_api": .string(addresses.operators)]
                    Answer(text: "Tenantry answers at \(addresses.api)", json: json).print(asJSON: isJSON)
                }
            } catch {
                await installation.close()
                throw error
            }
            await installation.close()
        }
        try await service.runUntilStopped(log: log)
    }
}

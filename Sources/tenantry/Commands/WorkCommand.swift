import ArgumentParser
import CRM
import Jobs
import Logging
import Records
import ServiceLifecycle
import Settings
import Tenancy

/// The production process that does what was promised.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work",
        abstract: "Do the jobs of all cells: cleaning up, reminders, whatever was enqueued; run as many as you like.",
        discussion: """
            Every process takes jobs in turn from all tenants; when one dies, its jobs start elsewhere within 30 seconds. SIGTERM or Ctrl-C \
            stops taking jobs at once, lets running ones end, hands back what is left, and ends with status 0 within 25 seconds.
              tenantry work --concurrency 32
              tenantry work --queues maintenance
            `tenantry dev` works by itself; `tenantry serve` does not.
            """)

    @Option(help: ArgumentHelp("Only jobs of these queues, with commas between. Default: all.", valueName: "names"))
    var queues: String?

    @Option(help: "How many jobs at a time, per cell.") var concurrency = 16

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...1000).contains(concurrency) else { throw ValidationError("--concurrency is a number from 1 to 1000.") }
        let known = Set(StandingWork.kinds.map(\.queue))
        if let unknown = names?.subtracting(known).sorted().first {
            throw ValidationError("There is no queue \"\(unknown)\"; there are: \(known.sorted().joined(separator: ", ")).")
        }
    }

    private var names: Set<String>? { queues.map { Set($0.split(separator: ",").map(String.init)) } }

    func run() async throws {
        let settings = try common.readSettings()
        let log = Logs.start(settings)
        let installation = try Installation(settings, log: log)
        let postSettings = try PostSettings(settings)
        if case .none(let reason) = postSettings.way { log.warning("Mails wait: \(reason)") }
        let post = Post(installation, postSettings, origin: WebOrigin(settings))
        let work = Serving.Work(
            worker: Worker(installation, post, queues: names, concurrency: concurrency, patience: .seconds(18), log: log), post: post,
            signUpMail: settings.signupEnabled ? SignUpMail(installation, post, log: log) : nil,
            payments: try PaymentDesk(installation, settings, log: log))
        let isJSON = common.json
        let service = Serving {
            do {
                try await installation.start()
                if try await !installation.migrator.isUpToDate() {
                    log.warning("Some schema is older than this program; run `tenantry migrate`.")
                }
                Answer(text: "Tenantry works.", json: ["state": "working"]).print(asJSON: isJSON)
                await Serving.work(installation, work)
            } catch {
                await installation.close()
                throw error
            }
            await installation.close()
        }
        try await service.runUntilStopped(log: log)
    }
}

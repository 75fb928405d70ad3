import CRM
import Foundation
import Jobs
import LocalCluster
import Logging
import Postgres
import Secrets
import Server
import ServiceLifecycle
import Settings
import Synchronization
import Tenancy

/// The embedded default: a PostgreSQL of its own, the schemas, an operator, a sample tenant, and the server, all in one folder.
struct Dev: Sendable {
    let folder: DevFolder
    let settings: Settings
    let wantsDemo: Bool
    let log: Logger
    let progress: Progress
    /// Told once, when everything answers.
    let ready: @Sendable (DevReady) throws -> Void

    /// Runs until a stop is asked for, and leaves nothing running behind, whatever went wrong.
    func run() async throws {
        guard let url = settings.databaseURL else { return try await runWithOwnDatabase() }
        try await run(on: url, isOwn: false)
    }

    private func runWithOwnDatabase() async throws {
        let cluster = try await LocalCluster(under: folder.path) { progress.say($0) }
        let stopAsked = Mutex<ContinuousClock.Instant?>(nil)
        do {
            try await withGracefulShutdownHandler {
                progress.say("Starting PostgreSQL ...")
                try await cancelWhenGracefulShutdown { try await cluster.start() }
                try await withThrowingTaskGroup { group in
                    group.addTask { await cluster.keepRunning { log.error("\($0)") } }
                    defer { group.cancelAll() }
                    try await run(on: cluster.url, isOwn: true)
                }
            } onGracefulShutdown: {
                stopAsked.withLock { $0 = .now }
            }
        } catch {
            await stop(cluster, askedAt: stopAsked.withLock { $0 })
            throw error
        }
        await stop(cluster, askedAt: stopAsked.withLock { $0 })
    }

    private func run(on url: String, isOwn: Bool) async throws {
        var settings = settings
        settings.presume(\.databaseURL, url, by: "dev")
        let installation = try Installation(settings, log: log)
        do {
            try await serve(installation, settings, url, isOwn)
        } catch {
            await installation.close()
            throw error
        }
        await installation.close()
    }

    private func serve(_ installation: Installation, _ settings: Settings, _ url: String, _ isOwn: Bool) async throws {
        let cost = ScryptCost(settings)
        let credentials = try await cancelWhenGracefulShutdown {
            let credentials = try await prepare(installation, cost)
            // Commands at a terminal give what we give. In a database of someone's own it would outlast this run and surprise a server.
            if isOwn { try await installation.plans.setDefault(settings.defaultPlan) }
            return credentials
        }
        // Of what a stop may take; the rest is PostgreSQL's.
        var serverSettings = try ServerSettings(settings, patience: .seconds(10))
        serverSettings.allowsPrivateHosts = true
        let post = Post(installation, try PostSettings(settings, allowsPrivateHosts: true), origin: WebOrigin(settings))
        let worker = Worker(installation, post, queues: nil, concurrency: 8, patience: .seconds(9), log: log)
        serverSettings.payments = try PaymentDesk(installation, settings, log: log)
        let work = Serving.Work(
            worker: worker, post: post, signUpMail: settings.signupEnabled ? SignUpMail(installation, post, log: log) : nil,
            payments: serverSettings.payments)
        try await Serving.serve(installation, serverSettings, work: work, log: log) { addresses in
            try ready(
                DevReady(
                    addresses: addresses, operatorToken: credentials.operatorToken ?? "", databaseURL: url, folder: folder,
                    demo: wantsDemo ? credentials.demo : nil))
        }
    }

    /// Schemas, operator and sample tenant, made or found; each survives a kill at any moment and is then made or found again.
    private func prepare(_ installation: Installation, _ cost: ScryptCost) async throws -> DevCredentials {
        progress.say("Bringing the schemas up to date ...")
        let report = try await installation.migrate()
        for failure in report.failed + report.failedCells {
            log.error("A schema could not be migrated.", metadata: ["name": "\(failure.name)", "reason": "\(failure.reason)"])
        }
        try await installation.start()
        var credentials = try DevCredentials(in: folder)
        if try await !isValid(credentials.operatorToken, installation) {
            credentials.operatorToken = try await makeOperator(installation)
            try credentials.keep(in: folder)
        }
        guard wantsDemo else { return credentials }
        progress.say("Preparing the sample tenant ...")
        credentials.demo = try await DevTenant(installation: installation, cost: cost).prepare(credentials.demo)
        if credentials.demo == nil {
            progress.say("There is no sample tenant: the name \(DevTenant.slug) is taken by another.", isLast: true)
        }
        try credentials.keep(in: folder)
        return credentials
    }

    private func isValid(_ token: String?, _ installation: Installation) async throws -> Bool {
        guard let token = token.flatMap({ Credential(parsing: $0) }) else { return false }
        return try await installation.operators.holder(of: token) != nil
    }

    /// The name may be taken by an operator whose token was lost with the file.
    private func makeOperator(_ installation: Installation) async throws -> String {
        let instruction = Instruction(actor: "dev", reason: "The operator of `tenantry dev`.")
        do {
            return try await installation.operators.create(name: "dev", role: .admin, by: instruction).token.text
        } catch TenancyError.operatorNameTaken {
            let name = "dev-" + Base64.url.encode(RandomBytes.make(6))
            return try await installation.operators.create(name: name, role: .admin, by: instruction).token.text
        }
    }

    /// What a stop may take, but for the seconds that an end the hard way needs.
    private static let patience: Duration = .seconds(20)

    /// In a task of its own: a cancelled one must stop PostgreSQL too. It gets all the time that is left: what it has not written by then (the
    /// files of a thousand new tenants take it 18 s) it has to recover at the next start.
    private func stop(_ cluster: LocalCluster, askedAt: ContinuousClock.Instant?) async {
        let left = Self.patience - (askedAt.map { .now - $0 } ?? .zero)
        let stopping = Task { try await cluster.stop(deadline: max(left, .seconds(5))) }
        do { try await stopping.value } catch {
            log.error("PostgreSQL could not be stopped; the next start takes it over.", metadata: ["error": "\(error)"])
        }
    }
}

import CRM
import Jobs
import Logging
import Support
import Tenancy

/// A worker for the exports of all tests of this process, on their installation.
enum ExportWorker {
    private static let started = Task { () async throws -> Void in
        let installation = try await TestHouse.installation
        var settings = WorkerSettings()
        settings.sweep = .milliseconds(200)
        let handlers = StandingWork.handlers(TestHouse.catalog, installation)
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let worker = Worker(installation, handlers: handlers, settings: settings, log: log)
        // Ends with the process, as the installation does.
        Task { await worker.run() }
    }

    static func start() async throws { try await started.value }
}

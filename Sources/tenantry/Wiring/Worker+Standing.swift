import CRM
import Foundation
import Jobs
import Logging
import Records
import Tenancy

extension Worker {
    /// A worker that knows everything there is to do.
    init(_ installation: Installation, _ post: Post, queues: Set<String>?, concurrency: Int, patience: Duration, log: Logger) {
        var settings = WorkerSettings()
        settings.name = "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"
        settings.queues = queues
        settings.concurrency = concurrency
        settings.patience = patience
        self.init(
            installation, handlers: StandingWork.handlers(.builtIn, installation, post: post), schedules: StandingWork.schedules,
            settings: settings, log: log)
    }
}

extension Catalog {
    /// The built-in record types for those who set no passwords.
    static let builtIn = RecordTypes.catalog { _ throws(Problem) in throw Problem(.forbidden, "Jobs set no passwords.") }
}

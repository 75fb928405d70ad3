import Logging
import ServiceLifecycle
import Tenancy

/// A process that does what was promised: one `CellWorker` per cell, new cells included. Any number of them may run.
package struct Worker: Sendable {
    private let installation: Installation
    private let handlers: JobHandlers
    private let schedules: [Schedule]
    private let settings: WorkerSettings
    private let log: Logger

    /// The installation has been started and is kept fresh by its `run`.
    package init(
        _ installation: Installation, handlers: JobHandlers, schedules: [Schedule] = [], settings: WorkerSettings, log: Logger
    ) {
        self.installation = installation
        self.handlers = handlers
        self.schedules = schedules
        self.settings = settings
        self.log = log
    }

    /// Works until a graceful stop is asked for or the task is cancelled; returns when jobs have ended or were handed back.
    package func run() async {
        await withDiscardingTaskGroup { group in
            var known: Set<String> = []
            while !Task.isCancelled, !Task.isShuttingDownGracefully {
                for cell in installation.cells.all where known.insert(cell.name).inserted {
                    guard let scope = try? installation.cells.scope(of: cell.name) else { continue }  // It was just listed.
                    let worker = CellWorker(
                        scope, handlers: handlers, schedules: schedules, directory: installation.directory,
                        listener: installation.cells.listener(of: cell.name, to: ["jobs"]), settings: settings, log: log)
                    group.addTask { await worker.run() }
                }
                // A stop or cancellation ends the sleep and the loop; a new cell has no jobs in its first seconds.
                try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(5)) }
            }
        }
    }
}

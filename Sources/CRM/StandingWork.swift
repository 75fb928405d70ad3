import Jobs
import Records

/// What workers know how to do, and what comes again and again for every tenant: one list.
package enum StandingWork {
    /// `catalog`: the built-in record types.
    package static func handlers(_ catalog: Catalog) -> JobHandlers {
        JobHandlers([PruneAccess.handler, EmptyTrash.handler(catalog)])
    }

    /// At night by Greenwich, spread over an hour or two.
    package static let schedules: [Schedule] = [
        Schedule("prune_access", PruneAccess(), cron: nightly("20 1 * * *"), spread: .seconds(3600)),
        Schedule("empty_trash", EmptyTrash(), cron: nightly("40 2 * * *"), spread: .seconds(7200)),
    ]

    private static func nightly(_ text: String) -> Cron {
        do { return try Cron(text) } catch { fatalError("A schedule of ours cannot be read: \(error)") }  // A test reads them all.
    }
}

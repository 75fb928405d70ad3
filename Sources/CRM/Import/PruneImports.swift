import Foundation
import Jobs
import Records
import Tenancy

/// Forgets imports: those that ended a month ago, with the rows that were not taken, and files that nobody started within a week.
struct PruneImports: Job {
    static let kind = JobKind("prune_imports") { kind in
        kind.queue = "maintenance"
        kind.priority = .bulk
        kind.timeout = .seconds(600)
    }

    static let handler = JobHandler(PruneImports.self) { _, context in
        while try await Imports.forget(in: context.scope) {}
        return .done
    }
}

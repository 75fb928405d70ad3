import Jobs
import Tenancy

/// Counts every night what a tenant has of what its plan limits, from the rows themselves. A number that was wrong is put right and stands
/// in the operators' audit.
struct RecountUsage: Job {
    static let kind = JobKind("recount_usage") { kind in
        kind.queue = "maintenance"
        kind.priority = .bulk
        kind.timeout = .seconds(600)
        // A tenant's writers wait while it is counted; the database is there for others too.
        kind.cellLimit = 1
    }

    static func handler(_ installation: Installation) -> JobHandler {
        JobHandler(RecountUsage.self) { _, context in
            let tenant = context.scope.tenant
            let drifts = try await Recount(installation).run(tenant)
            guard !drifts.isEmpty else { return .done }
            let wrong = drifts.map { "\($0.resource): \($0.was) instead of \($0.found)" }.joined(separator: ", ")
            try await installation.audit.append("recount", target: tenant.slug, by: Instruction(actor: "worker", reason: wrong))
            return .done
        }
    }
}

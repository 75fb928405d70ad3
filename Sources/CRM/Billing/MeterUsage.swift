import Jobs
import Tenancy

/// Reads each night what a tenant had and did on the day before.
struct MeterUsage: Job {
    static let kind = JobKind("meter_usage") { kind in
        kind.queue = "maintenance"
        kind.timeout = .seconds(120)
        kind.onlyReads = true
    }

    static func handler(_ installation: Installation) -> JobHandler {
        JobHandler(MeterUsage.self) { _, context in
            _ = try await Meter(installation).catchUp(context.scope.tenant)
            return .done
        }
    }
}

import Foundation
import Jobs
import Recurrence
import Tenancy

/// Bills a tenant for the month that has ended, on the first of the next. Where nobody is named who bills, it does nothing.
struct IssueInvoice: Job {
    static let kind = JobKind("issue_invoice") { kind in
        kind.queue = "maintenance"
        kind.timeout = .seconds(120)
        kind.onlyReads = true
    }

    static func handler(_ installation: Installation) -> JobHandler {
        JobHandler(IssueInvoice.self) { _, context in
            guard !installation.settings.billing.seller.isEmpty else { return .done }
            let period = BillingPeriod(of: CivilDate(utc: .now)).previous
            _ = try await Billing(installation).issue(context.scope.tenant, period, by: Instruction(actor: "worker"))
            return .done
        }
    }
}

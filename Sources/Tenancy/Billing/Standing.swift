import Foundation
import Postgres
import Recurrence

/// In which state and with which plan a tenant has stood since a moment: a row that a trigger writes with each change.
package struct Standing: Sendable, Hashable {
    package let since: Date
    package let state: TenantState
    package let plan: PlanKey

    package init(since: Date, state: TenantState, plan: PlanKey) {
        self.since = since
        self.state = state
        self.plan = plan
    }

    init(_ row: Row) throws(PostgresError) {
        let word = try row.text(1)
        guard let state = TenantState(rawValue: word) else { throw .unexpected("A tenant stood in the unknown state \"\(word)\".") }
        self.init(since: try row.date(0), state: state, plan: PlanKey(name: try row.text(2), version: try row.int(3)))
    }

    /// All of a tenant's, the oldest first.
    static func all(of tenant: UUID) -> SQL {
        "SELECT since, state, plan, plan_version FROM standings WHERE tenant_id = \(tenant) ORDER BY since, seq"
    }
}

extension [Standing] {
    /// The plan that a day is billed by: the one in force when the day ends (UTC). Nil for a day that costs nothing: on trial, suspended, about
    /// to be deleted, and the grace after a trial that nobody has paid for.
    package func planBilled(on day: CivilDate) -> PlanKey? {
        let until = prefix { CivilDate(utc: $0.since) <= day }
        guard let current = until.last else { return nil }
        switch current.state {
        case .active: return current.plan
        case .pastDue: return until.contains { $0.state == .active } ? current.plan : nil
        case .provisioning, .trial, .suspended, .deletionScheduled, .deleted: return nil
        }
    }
}

import Foundation
import Postgres

/// Leads tenants from state to state. Each verb leaves a row in the audit, can be said twice, and obeys `TenantVerb.transitions`.
///
/// All throw `.unknownTenant`, and `.transitionForbidden` when the table says so.
package struct Lifecycle: Sendable {
    let control: Control
    let directory: Directory
    let removal: Removal
    /// How long a tenant that has not paid goes on working, unless it is said otherwise.
    let grace: Duration

    /// Says that the tenant has not paid: everything works until the grace ends, then it is suspended. Said again with a grace it moves the day.
    package func markPastDue(_ slug: String, grace given: Duration? = nil, by instruction: Instruction) async throws -> Tenant {
        let end = Self.later(given ?? grace)
        let again: SQL = "UPDATE tenants SET grace_ends_at = \(end), changed_at = clock_timestamp() WHERE slug = \(slug)"
        return try await apply(.markPastDue, to: slug, instruction, again: given == nil ? nil : again) { _ in
            "state = 'past_due', grace_ends_at = \(end)"
        }
    }

    /// Says that the tenant has paid; a trial ends so too. Who is suspended is resumed first: paying does not undo what an operator decided.
    package func markPaid(_ slug: String, by instruction: Instruction) async throws -> Tenant {
        try await apply(.markPaid, to: slug, instruction) { _ in "state = 'active', grace_ends_at = NULL, trial_ends_at = NULL" }
    }

    /// Closes the tenant to writing.
    package func suspend(_ slug: String, by instruction: Instruction) async throws -> Tenant {
        try await apply(.suspend, to: slug, instruction) { _ in
            "state = 'suspended', resumes_as = state, grace_ends_at = NULL"
        }
    }

    /// What it was before it was suspended; who was past due has no end of grace any more.
    package func resume(_ slug: String, by instruction: Instruction) async throws -> Tenant {
        try await apply(.resume, to: slug, instruction) { _ in
            "state = coalesce(resumes_as, 'active'), resumes_as = NULL"
        }
    }

    /// Closes the tenant to writing and has it deleted after the given time. Said again, it can only bring the day forward; to put it off,
    /// cancel first.
    package func scheduleDeletion(_ slug: String, after delay: Duration, by instruction: Instruction) async throws -> Tenant {
        let due = Self.later(delay)
        return try await apply(
            .scheduleDeletion, to: slug, instruction,
            again:
                "UPDATE tenants SET deletion_due_at = \(due), changed_at = clock_timestamp() WHERE slug = \(slug) AND deletion_due_at > \(due)"
        ) { _ in "state = 'deletion_scheduled', cancels_to = state, deletion_due_at = \(due)" }
    }

    /// What it was before its deletion was scheduled.
    package func cancelDeletion(_ slug: String, by instruction: Instruction) async throws -> Tenant {
        try await apply(.cancelDeletion, to: slug, instruction) { _ in
            "state = coalesce(cancels_to, 'active'), cancels_to = NULL, deletion_due_at = NULL"
        }
    }

    /// Ends a tenant whose deletion is scheduled, whatever the day, or one that never got further than being provisioned. Its row remains: the
    /// name is never given again.
    package func delete(_ slug: String, by instruction: Instruction) async throws -> Tenant {
        try await delete(slug, by: instruction, if: "true")
    }

    func delete(_ slug: String, by instruction: Instruction, if condition: SQL) async throws -> Tenant {
        let tenant = try await apply(.delete, to: slug, instruction, if: condition) { _ in
            "state = 'deleted', deleted_at = now(), deletion_due_at = NULL, quarantined_reason = NULL"
        }
        // Again each time: an earlier attempt may have ended here.
        if tenant.state == .deleted { try await removal.drop(tenant) }
        return tenant
    }

    static func later(_ delay: Duration, than now: SQL = "now()") -> SQL {
        "(\(now) + make_interval(secs => \(Int(delay.components.seconds))))"
    }

    /// Locks the row, asks the table, and writes the change, the audit and the announcement in one transaction. `again` is what saying it a
    /// second time may still change; without `condition` (a date that must have come) nothing happens.
    func apply(
        _ verb: TenantVerb, to slug: String, _ instruction: Instruction, if condition: SQL = "true", again: SQL? = nil,
        _ assignments: @escaping @Sendable (TenantState) -> SQL
    ) async throws -> Tenant {
        let tenant = try await control.transaction { transaction in
            let found = try transaction.flush([
                "SELECT \(Tenant.columns) FROM tenants WHERE slug = \(slug) FOR UPDATE",
                "SELECT 1 FROM tenants WHERE slug = \(slug) AND \(condition)",
            ])
            guard let before = try found[0].first.map(Tenant.init) else { throw TenancyError.unknownTenant(slug) }
            guard !found[1].isEmpty else { return before }
            let update: SQL
            switch verb.outcome(in: before.state) {
            case .forbidden: throw TenancyError.transitionForbidden(verb, from: before.state)
            case .isAlreadyThere:
                guard let again else { return before }
                update = again
            case .changes:
                update = "UPDATE tenants SET \(assignments(before.state)), changed_at = clock_timestamp() WHERE slug = \(slug)"
            }
            guard let after = try transaction.rows(update + " RETURNING \(Tenant.columns)").first.map(Tenant.init) else { return before }
            try transaction.flush([
                "SELECT append_audit(\(instruction.actor), \(verb.rawValue), \(slug), \(instruction.reason), \(instruction.requestID))",
                Control.announcement(of: slug),
            ])
            return after
        }
        try await directory.learn(tenant)
        return tenant
    }
}

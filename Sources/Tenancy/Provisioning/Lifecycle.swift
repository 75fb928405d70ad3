import Foundation
import Postgres

/// Suspends, resumes and ends tenants. Each verb leaves a row in the audit, can be said twice, and obeys `TenantVerb.transitions`.
///
/// All throw `.unknownTenant`, and `.transitionForbidden` when the table says so.
package struct Lifecycle: Sendable {
    let control: Control
    let directory: Directory
    let removal: Removal

    /// Closes the tenant to writing.
    package func suspend(_ slug: String, by instruction: Instruction) async throws -> Tenant {
        try await apply(.suspend, to: slug, instruction) { _ in
            "state = 'suspended', resumes_as = state"
        }
    }

    /// What it was before it was suspended.
    package func resume(_ slug: String, by instruction: Instruction) async throws -> Tenant {
        try await apply(.resume, to: slug, instruction) { _ in
            "state = coalesce(resumes_as, 'active'), resumes_as = NULL"
        }
    }

    /// Closes the tenant to writing and has it deleted after the given time. Said again, it can only bring the day forward; to put it off,
    /// cancel first.
    package func scheduleDeletion(_ slug: String, after delay: Duration, by instruction: Instruction) async throws -> Tenant {
        let due: SQL = "(now() + make_interval(secs => \(Int(delay.components.seconds))))"
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
        let tenant = try await apply(.delete, to: slug, instruction) { _ in
            "state = 'deleted', deleted_at = now(), deletion_due_at = NULL, quarantined_reason = NULL"
        }
        // Again each time: an earlier attempt may have ended here.
        try await removal.drop(tenant)
        return tenant
    }

    /// Deletes whoever's day has come, and finishes what earlier attempts left. Any number of processes may do this at once.
    package func deleteDue() async throws {
        let due = try await control.rows(
            """
            SELECT slug FROM tenants
            WHERE (state = 'deletion_scheduled' AND deletion_due_at <= now()) OR (state = 'deleted' AND dropped_at IS NULL)
            ORDER BY slug LIMIT 100
            """)
        for row in due {
            do {
                _ = try await delete(try row.text(0), by: Instruction(actor: "system", reason: "The scheduled day has come."))
            } catch TenancyError.transitionForbidden {
                continue  // cancelled between the two statements
            }
        }
    }

    /// Locks the row, asks the table, and writes the change, the audit and the announcement in one transaction. `again` is what saying it a
    /// second time may still change.
    private func apply(
        _ verb: TenantVerb, to slug: String, _ instruction: Instruction, again: SQL? = nil,
        _ assignments: @escaping @Sendable (TenantState) -> SQL
    ) async throws -> Tenant {
        let tenant = try await control.transaction { transaction in
            guard let row = try transaction.rows("SELECT \(Tenant.columns) FROM tenants WHERE slug = \(slug) FOR UPDATE").first else {
                throw TenancyError.unknownTenant(slug)
            }
            let before = try Tenant(row)
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

import Foundation
import Postgres

extension Lifecycle {
    /// Does what the calendar says: a trial whose day has come is past due, with a grace; a grace that ends suspends; a deletion that is due
    /// is done, and what an earlier one left is finished. Any number of processes may do this at once: each change looks again under the
    /// tenant's lock.
    ///
    /// One that fails does not hold up the others; throws the first failure after all were tried.
    package func keepDates() async throws {
        // A look through all tenants, a few thousand rows every twenty seconds.
        let due = try await control.rows(
            """
            SELECT slug, state, test, cell, id FROM tenants
            WHERE (state = 'trial' AND \(Self.trialIsOver())) OR (state = 'past_due' AND \(Self.graceIsOver()))
                OR (state = 'deletion_scheduled' AND \(Self.deletionIsDue)) OR (state = 'deleted' AND dropped_at IS NULL)
            ORDER BY slug LIMIT 1000
            """)
        var failure: (any Error)?
        for row in due {
            do {
                let state = TenantState(rawValue: try row.text(1))
                if try row.bool(2), state == .trial || state == .pastDue, try await hasClock(try row.uuid(4), in: try row.text(3)) {
                    continue
                }
                try await keepDate(of: try row.text(0), in: state)
            } catch TenancyError.transitionForbidden {
                continue  // somebody was faster between the two statements
            } catch PostgresError.cancelled {
                throw PostgresError.cancelled
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    /// A test tenant whose clock was set: its trial and its grace end by that, see `keepDates(of:asOf:)`.
    private func hasClock(_ tenant: UUID, in cell: String) async throws -> Bool {
        let rows = try await removal.cells.scope(of: cell).rows(
            "SELECT 1 FROM tenants WHERE id = \(tenant) AND clock IS NOT NULL", isRepeatable: true)
        return !rows.isEmpty
    }

    /// Ends the trial or the grace of a test tenant that is over by its own clock. Answers how it stands then.
    package func keepDates(of tenant: Tenant, asOf now: Date) async throws -> Tenant {
        var tenant = tenant
        if tenant.state == .trial, let end = tenant.trialEndsAt, end <= now {
            tenant = try await endTrial(of: tenant.slug, "\(now)::timestamptz")
        }
        if tenant.state == .pastDue, let end = tenant.graceEndsAt, end <= now {
            tenant = try await endGrace(of: tenant.slug, "\(now)::timestamptz")
        }
        return tenant
    }

    private func endTrial(of slug: String, _ now: SQL = "now()") async throws -> Tenant {
        try await apply(.markPastDue, to: slug, Self.calendar("The trial has ended."), if: Self.trialIsOver(now)) { _ in
            "state = 'past_due', grace_ends_at = \(Self.later(grace, than: now))"
        }
    }

    private func endGrace(of slug: String, _ now: SQL = "now()") async throws -> Tenant {
        try await apply(.suspend, to: slug, Self.calendar("The grace has ended."), if: Self.graceIsOver(now)) { _ in
            "state = 'suspended', resumes_as = state, grace_ends_at = NULL"
        }
    }

    private func keepDate(of slug: String, in state: TenantState?) async throws {
        switch state {
        case .trial:
            _ = try await endTrial(of: slug)
        case .pastDue:
            _ = try await endGrace(of: slug)
        default:
            _ = try await delete(slug, by: Self.calendar("The scheduled day has come."), if: "(state = 'deleted' OR \(Self.deletionIsDue))")
        }
    }

    private static func calendar(_ reason: String) -> Instruction { Instruction(actor: "system", reason: reason) }

    private static func trialIsOver(_ now: SQL = "now()") -> SQL { "trial_ends_at <= \(now)" }
    private static func graceIsOver(_ now: SQL = "now()") -> SQL { "grace_ends_at <= \(now)" }
    private static let deletionIsDue: SQL = "deletion_due_at <= now()"
}

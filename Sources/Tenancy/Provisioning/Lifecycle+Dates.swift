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
            SELECT slug, state FROM tenants
            WHERE (state = 'trial' AND \(Self.trialIsOver)) OR (state = 'past_due' AND \(Self.graceIsOver))
                OR (state = 'deletion_scheduled' AND \(Self.deletionIsDue)) OR (state = 'deleted' AND dropped_at IS NULL)
            ORDER BY slug LIMIT 1000
            """)
        var failure: (any Error)?
        for row in due {
            do {
                try await keepDate(of: try row.text(0), in: TenantState(rawValue: try row.text(1)))
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

    private func keepDate(of slug: String, in state: TenantState?) async throws {
        switch state {
        case .trial:
            _ = try await apply(.markPastDue, to: slug, Self.calendar("The trial has ended."), if: Self.trialIsOver) { _ in
                "state = 'past_due', grace_ends_at = \(Self.later(grace))"
            }
        case .pastDue:
            _ = try await apply(.suspend, to: slug, Self.calendar("The grace has ended."), if: Self.graceIsOver) { _ in
                "state = 'suspended', resumes_as = state, grace_ends_at = NULL"
            }
        default:
            _ = try await delete(slug, by: Self.calendar("The scheduled day has come."), if: "(state = 'deleted' OR \(Self.deletionIsDue))")
        }
    }

    private static func calendar(_ reason: String) -> Instruction { Instruction(actor: "system", reason: reason) }

    private static let trialIsOver: SQL = "trial_ends_at <= now()"
    private static let graceIsOver: SQL = "grace_ends_at <= now()"
    private static let deletionIsDue: SQL = "deletion_due_at <= now()"
}

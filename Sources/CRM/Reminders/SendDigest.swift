import Foundation
import Jobs
import Postgres
import Records
import Tenancy

/// Sends a user the mail that stands for all reminders of a day or a week (`users.digest`), when its time comes.
///
/// What waits for it are the occurrences in the ledger that are due and were not offered to a mail server: nothing else remembers them, so
/// none is lost or told twice when the user chooses otherwise meanwhile, or moves. One such job per user at a time; it knows only whom, and
/// reads everything else when its time comes.
struct SendDigest: Job {
    static let kind = JobKind("send_digest") { kind in
        kind.followsClock = true
        kind.queue = "mail"
        kind.timeout = .seconds(300)
        kind.tenantLimit = 4
        kind.retry = RetryPolicy(base: .seconds(2), cap: .seconds(600))
        kind.maximumAttempts = 50
    }

    let user: UUID

    static func handler(_ base: Catalog, _ post: Post, _ audit: Audit) -> JobHandler {
        let shapes = KnownShapes(base)
        return JobHandler(SendDigest.self) { job, context in
            try await ReminderDigest(of: job.user, in: context.scope, shapes, post, audit).settle(TenantClock.now(of: context.scope))
        }
    }

    /// A statement: look at once what waits for the user. Answers 0 when that is just being done, with what was known before.
    static func looked(at user: UUID) -> SQL {
        .enqueue(SendDigest(user: user), key: user.text, replacing: true)
    }

    /// The condition, for a row of `occurrences` that is planned, that it leaves in a digest and not in a mail of its own: its reader wants
    /// digests, and it was not offered yet, or it was offered in one, which its Message-ID tells.
    static let takes: SQL = """
        CASE WHEN recipient NOT LIKE 'user:%' THEN false
            WHEN attempts > 0 THEN coalesce(message_id NOT LIKE '<' || id || '@%', false)
            ELSE EXISTS (
                SELECT FROM users AS u WHERE u.id = (CASE WHEN recipient LIKE 'user:%' THEN substr(recipient, 6) END)::uuid
                    AND u.digest <> 'none')
        END
        """

    /// Leaves an occurrence to its reader's digest, if it is still to be sent.
    static func leave(_ occurrence: UUID, in scope: TenantScope) async throws -> JobOutcome {
        let rows = try await scope.rows(
            "SELECT substr(recipient, 6) FROM occurrences WHERE id = \(occurrence) AND status = 'planned' AND recipient LIKE 'user:%'")
        guard let user = try rows.first.flatMap({ UUID(text: try $0.text(0)) }) else { return .done }
        let written = try await scope.run([looked(at: user)])[0].first?.int(0) ?? 0
        return written > 0 ? .done : .again(after: .milliseconds(500), because: "Its reader's digest is just being written.")
    }
}

import Jobs
import Tenancy

/// Removes what opened doors and no longer does: sessions that have expired, and kept answers to repeated requests after their 24 hours;
/// and what is known of mails after 90 days, whatever they were about: what fell due and became of it stands among the occurrences.
struct PruneAccess: Job {
    static let kind = JobKind("prune_access") { kind in
        kind.queue = "maintenance"
        kind.priority = .bulk
        kind.timeout = .seconds(600)
    }

    static let handler = JobHandler(PruneAccess.self) { _, context in
        // In batches, so that no lock is held for long. `expires_at` has no index: once a day the table is read through.
        while try await context.scope.run([
            """
            DELETE FROM sessions WHERE token_hash = ANY (ARRAY(
                SELECT token_hash FROM sessions WHERE expires_at < now() LIMIT \(batch) FOR UPDATE SKIP LOCKED))
            """
        ])[0].affected == batch {}
        while try await context.scope.run([
            """
            DELETE FROM idempotent_requests WHERE (credential, key) IN (
                SELECT credential, key FROM idempotent_requests WHERE created_at < now() - interval '24 hours'
                ORDER BY created_at LIMIT \(batch) FOR UPDATE SKIP LOCKED)
            """
        ])[0].affected == batch {}
        // A subject may name a person: it is not kept longer than somebody may ask whether the mail arrived.
        while try await context.scope.run([
            """
            DELETE FROM mails WHERE id = ANY (ARRAY(
                SELECT id FROM mails WHERE created_at < now() - interval '90 days' LIMIT \(batch) FOR UPDATE SKIP LOCKED))
            """
        ])[0].affected == batch {}
        return .done
    }

    private static let batch = 2000
}

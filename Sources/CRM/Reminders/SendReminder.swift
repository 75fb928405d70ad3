import Foundation
import Jobs
import Mail
import Postgres
import Records
import Recurrence
import Tenancy

/// Sends the mail of one occurrence, if everything still speaks for it, and writes down what became of it.
///
/// The mail's id is the occurrence's, so a mail that was taken by a server before this job died is not sent again: the post knows it.
struct SendReminder: Job {
    static let kind = JobKind("send_reminder") { kind in
        kind.followsClock = true
        kind.queue = "mail"
        kind.timeout = .seconds(180)
        // One tenant's bulk leaves places to others.
        kind.tenantLimit = 8
        kind.retry = RetryPolicy(base: .seconds(2), cap: .seconds(600))
    }

    let occurrence: UUID
    /// What it is about.
    let type: String?
    /// The field that it counts from.
    var field: String?

    static func handler(_ base: Catalog, _ post: Post, _ audit: Audit) -> JobHandler {
        let shapes = KnownShapes(base)
        return JobHandler(SendReminder.self) { job, context in try await job.send(in: context.scope, shapes, post, audit) }
    }

    private func send(in scope: TenantScope, _ shapes: KnownShapes, _ post: Post, _ audit: Audit) async throws -> JobOutcome {
        let now = TenantClock.now(of: scope)
        let look = ReminderLook(occurrence: occurrence, type: type, field: field)
        guard let ready = try await look.answer(in: scope, shapes), ready.status == "planned" else { return .done }
        if try await Lateness.of(ready.dueAt, now, in: scope, audit).isHeldUp(since: ready.dueAt) {
            try await settle(.skipped, "suspended", in: scope)
            return .done
        }
        if let reason = ready.objection(now) {
            try await settle(.skipped, reason, in: scope)
            post.skipped(reason, in: scope)
            return .done
        }
        if let end = ready.quietEnd(now) {
            _ = try await scope.run(["UPDATE occurrences SET reason = 'quiet_hours' WHERE id = \(occurrence) AND status = 'planned'"])
            return .again(after: .seconds(end.timeIntervalSince(now)), because: "It is a quiet hour where the recipient is.")
        }
        let begun = try await scope.run([
            """
            UPDATE occurrences SET attempts = attempts + 1, message_id = left(\(post.messageID(of: occurrence))::text, 130), reason = NULL
            WHERE id = \(occurrence) AND status = 'planned' AND NOT (\(SendDigest.takes)) RETURNING attempts
            """
        ])
        // Settled meanwhile, or one of many in the mail of a day or a week.
        guard !begun[0].isEmpty else { return try await SendDigest.leave(occurrence, in: scope) }
        let letter: Letter
        do {
            letter = try ready.letter(occurrence, origin: post.origin.of(scope.tenant.slug))
        } catch {
            try await settle(.failed, nil, in: scope)
            return .giveUp(because: "Its words cannot be read any more: \(error)")
        }
        switch try await post.send(letter, in: scope) {
        case .sent: try await settle(.sent, nil, in: scope)
        case .unknown: try await settle(.unknown, nil, in: scope)
        case .refused(.failed, _): try await settle(.failed, nil, in: scope)
        case .refused(let refusal, _): try await settle(.skipped, refusal.rawValue, in: scope)
        case .later(let reason, let delay):
            guard now.timeIntervalSince(ready.dueAt) < Self.patience else {
                try await settle(.failed, nil, in: scope)
                return .done
            }
            return .again(after: delay, because: reason)
        }
        return .done
    }

    /// How long a mail server may keep us waiting.
    private static let patience: TimeInterval = 3 * 86_400

    enum Outcome: String { case sent, skipped, failed, unknown }

    /// Also when the worker is told to stop just now: a task of its own is not cancelled with this one.
    private func settle(_ outcome: Outcome, _ reason: String?, in scope: TenantScope) async throws {
        let statement: SQL = """
            UPDATE occurrences SET status = \(outcome.rawValue), reason = \(reason), settled_at = \(TenantClock.column(of: scope))
            WHERE id = \(occurrence) AND status = 'planned'
            """
        try await Task { _ = try await scope.run([statement]) }.value
    }
}

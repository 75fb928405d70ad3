import Foundation
import Jobs
import Postgres
import Records
import Tenancy

/// Enters what is due into the ledger, promises the mails, and comes back when the next is due.
///
/// It knows nothing but whom to look at: when its time comes it reads everything anew. A reminder about one record or none has one such job,
/// one that counts from a field has one for each record, and so has each task that reminds.
struct DueReminder: Job {
    static let kind = JobKind("due_reminder") { kind in
        kind.followsClock = true
        kind.queue = "reminders"
        kind.priority = .urgent
        kind.timeout = .seconds(600)
        kind.retry = RetryPolicy(base: .seconds(1), cap: .seconds(300))
        kind.maximumAttempts = 50
    }

    /// Nil: a task's own.
    let reminder: UUID?
    let record: UUID?
    /// What was due before this was over when the reminder became what it is. Seconds since 1970.
    let armed: Double

    var key: String { [reminder.map { "\($0)" } ?? "task", record.map { "\($0)" }].compactMap(\.self).joined(separator: " ") }

    /// `audit`: tells when the tenant was closed.
    static func handler(_ base: Catalog, _ audit: Audit) -> JobHandler {
        JobHandler(DueReminder.self) { job, context in
            let now = TenantClock.now(of: context.scope)
            guard let next = try await job.settle(in: context.scope, base, audit, now) else { return .done }
            return .again(
                after: .seconds(max(0, next.timeIntervalSince(TenantClock.now(of: context.scope)))), because: "It is due again.")
        }
    }

    /// Answers when to look again; nil: never.
    private func settle(in scope: TenantScope, _ base: Catalog, _ audit: Audit, _ now: Date) async throws -> Date? {
        let start = max(Date(timeIntervalSince1970: armed), try await TenantClock.beginning(of: scope))
        guard let reminder else {
            guard let record, let task = try await RemindingTask.find(record, in: scope) else { return nil }
            let due = task.occurrences.filter { $0.due.instant >= start && $0.due.instant <= now }
            let lateness = try await Lateness.of(due.first?.due.instant, now, in: scope, audit)
            try await enter(due.map { ($0, lateness.entry(for: $0.due)) }, scope)
            return task.occurrences.map(\.due.instant).first { $0 > now }
        }
        guard let desk = try await ReminderDesk.open(reminder, record: record, in: scope, base), desk.reminder.isActive else { return nil }
        if desk.isOfAllAtOnce { return try await settleAll(desk, from: max(start, desk.last ?? start), audit, now) }
        // What is due is entered in one transaction, so all up to the latest entry is settled: whoever became a recipient since is not told.
        let from = max(start, desk.last.map { $0 + 0.001 } ?? start)
        let about = try await desk.record(record)
        if desk.reminder.isByField {
            // It was about another record, or counted from something else, when this was promised.
            guard let about, record == about.id, desk.reminder.aboutID.map({ $0 == about.id }) ?? true else { return nil }
        } else if record != nil {
            return nil
        }
        let series = try await desk.series(about: about)
        let first = series.compactMap { $0.series.due(from: from).first { _ in true }?.instant }.min()
        let lateness = try await Lateness.of(first, now, in: scope, audit)
        let entries = series.flatMap { recipient, series in
            lateness.entries(series, from: from).map { (desk.occurrence($0.0, recipient, about: about), $0.1) }
        }
        try await enter(entries, scope)
        let next = series.compactMap { $0.series.due(from: now).first { $0.instant > now }?.instant }.min()
        // Clocks of recipients decide when it is near.
        return next.map { next in desk.reminder.isByField && next > now + 2 * ReminderDesk.widest ? next - ReminderDesk.widest : next }
    }

    /// Page by page; when it is interrupted the pages that were entered are entered again, which changes nothing.
    private func settleAll(_ desk: ReminderDesk, from: Date, _ audit: Audit, _ now: Date) async throws -> Date? {
        guard let series = desk.reminder.series(nil, in: desk.defaults.timeZone, desk.defaults) else { return nil }
        let first = series.due(from: from).first { _ in true }?.instant
        let due = try await Lateness.of(first, now, in: desk.scope, audit).entries(series, from: from)
        if !due.isEmpty {
            var last = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
            while let page = try await desk.records("r.id > \(last) AND r.deleted_at IS NULL", limit: 200), let end = page.last {
                try await enter(
                    page.flatMap { record in
                        Reminded.keys(of: desk.reminder, about: record).flatMap { key in
                            due.map { (desk.occurrence($0.0, key, about: record), $0.1) }
                        }
                    }, desk.scope)
                last = end.id
            }
        }
        return series.due(from: now).first { $0.instant > now }?.instant
    }

    private func enter(_ entries: [(Occurrence, Occurrence.Entry)], _ scope: TenantScope) async throws {
        let statements = Occurrence.entering(entries)
        if !statements.isEmpty { _ = try await scope.run(statements) }
    }
}

import Foundation
import Tenancy

/// What still goes out of that which is due, when workers come to it late.
struct Lateness: Sendable {
    private let now: Date
    private let closures: Closures
    /// Whether the tenant's clock stands still: it does not pass what is due but while the tenant is closed.
    private let isStill: Bool

    init(now: Date, _ closures: Closures, isStill: Bool = false) {
        self.now = now
        self.closures = closures
        self.isStill = isStill
    }

    /// - Parameter first: when the first was due that is to be judged. The audit is asked only where the account was changed after it: nobody
    ///   was closed else, and a hundred thousand that are due in one minute ask for nothing.
    static func of(_ first: Date?, _ now: Date, in scope: TenantScope, _ audit: Audit) async throws -> Lateness {
        let isStill = scope.clock != nil
        guard let first, first < now, isStill ? now - first > slack : scope.tenant.changedAt > first else {
            return Lateness(now: now, .none, isStill: isStill)
        }
        return Lateness(now: now, try await audit.closures(of: scope.tenant.slug), isStill: isStill)
    }

    /// Of missed times only the latest is made up for, and not after a day; what fell due while the tenant was closed never is.
    func entries(_ series: ReminderSeries, from start: Date) -> [(ReminderSeries.Due, Occurrence.Entry)] {
        let due = Array(series.due(from: start).prefix(Self.most).prefix { $0.instant <= now })
        return due.enumerated().map { index, one in
            (one, index == due.count - 1 ? entry(for: one) : .skipped(isClosed(at: one.instant) ? "suspended" : "past"))
        }
    }

    func entry(for due: ReminderSeries.Due) -> Occurrence.Entry {
        if isClosed(at: due.instant) { return .skipped("suspended") }
        return now.timeIntervalSince(due.instant) > Self.longest ? .skipped("past") : .toSend
    }

    /// Whether the mail of something that was due then was held up by a closure, and is not wanted any more.
    func isHeldUp(since instant: Date) -> Bool {
        guard now - instant > Self.slack else { return false }
        return isStill ? isClosed(at: instant) : closures.touches(from: instant, to: now)
    }

    private func isClosed(at instant: Date) -> Bool {
        // The audit knows real times only.
        isStill ? !closures.isEmpty && now - instant > Self.slack : closures.contains(instant)
    }

    private static let longest: TimeInterval = 86_400
    /// Retries take as long, and nobody calls that late.
    private static let slack: TimeInterval = 600
    private static let most = 5_000
}

private func - (end: Date, start: Date) -> TimeInterval { end.timeIntervalSince(start) }

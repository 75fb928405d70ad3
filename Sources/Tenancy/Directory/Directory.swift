import Foundation
import Logging
import Postgres
import Synchronization

/// Who the tenants are, in memory: which state and plan each has and where its schema is. Asking it costs no round trip.
///
/// It is at most a second or so behind the control schema: a notification comes with each change, and each second it asks what has
/// changed, which is the truth. While the control schema cannot be reached it goes on with what it knows.
package final class Directory: Sendable {
    private let control: Control
    private let identity: IdentityHolder
    private let cells: Cells
    private let log: Logger
    private let known = Mutex(Known())

    fileprivate struct Known {
        var tenants: [String: Tenant] = [:]
        var plans: [PlanKey: Plan] = [:]
        /// Changes up to here have been read, by the database's clock.
        var readUpTo: Date?
        var misses = MissLimit()
    }

    init(control: Control, identity: IdentityHolder, cells: Cells, log: Logger) {
        self.control = control
        self.identity = identity
        self.cells = cells
        self.log = log
    }

    /// The tenant of this name, if this process knows it and it still exists.
    package func known(slug: String) -> Tenant? {
        known.withLock { $0.tenants[slug] }
    }

    /// The tenant of this name. One that is not known, perhaps because it is a moment old, is looked for once in the control schema; who
    /// invents names is answered from memory soon.
    package func tenant(slug: String) async throws(PostgresError) -> Tenant? {
        if let tenant = known(slug: slug) { return tenant }
        guard Slug.isValid(slug), known.withLock({ $0.misses.allowsLookUp(of: slug) }) else { return nil }
        guard let found = try await find(slug: slug) else { return nil }
        // A cell as new as its tenant comes with the next look at everything.
        if cells.knows(found.cell) { try await learn(found) } else { await attempt { try await self.refresh() } }
        return known(slug: slug)
    }

    /// The tenant as the control schema has it now, one that was deleted included.
    package func find(slug: String) async throws(PostgresError) -> Tenant? {
        guard let row = try await control.rows("SELECT \(Tenant.columns) FROM tenants WHERE slug = \(slug)").first else { return nil }
        let tenant = try Tenant(row)
        try await know(tenant.plan)
        return tenant
    }

    /// Everyone who is served or about to be, by slug.
    package var tenants: [Tenant] {
        known.withLock { Array($0.tenants.values) }.sorted { $0.slug < $1.slug }
    }

    /// Whether a tenant is on its way to another cell, or came there a moment ago.
    package var hasMovedLately: Bool {
        let then = Date.now.addingTimeInterval(-Self.overlap)
        return known.withLock { $0.tenants.values.contains { $0.movingTo != nil || $0.changedAt > then } }
    }

    package func plan(_ key: PlanKey) -> Plan? {
        known.withLock { $0.plans[key] }
    }

    /// The plan of a tenant, as it was sold.
    package func plan(of tenant: Tenant) throws(TenancyError) -> Plan {
        guard let plan = plan(tenant.plan) else { throw .unknownPlan(tenant.plan.name) }
        return plan
    }

    /// What a tenant may use now. Throws `.unknownPlan` for a tenant that this process has not read itself.
    package func entitlements(of tenant: Tenant) throws(TenancyError) -> Entitlements {
        Entitlements(try plan(of: tenant), tenant.overrides, tightened: tenant.tightened)
    }

    /// The way to a tenant's schema. Refuses with `.maintenance` while its schema could not be migrated, and with `.unknownTenant` when it is
    /// not yet there or no longer.
    package func scope(for tenant: Tenant) throws(TenancyError) -> TenantScope {
        if let reason = tenant.quarantinedReason { throw .maintenance(slug: tenant.slug, reason: reason) }
        guard tenant.state.allowsReads else { throw .unknownTenant(tenant.slug) }
        return TenantScope(tenant, in: try cells.named(tenant.cell), try entitlements(of: tenant))
    }

    /// Takes over what the caller has just written or read. A tenant is never known without its plan: without it nothing would be limited.
    func learn(_ tenant: Tenant) async throws(PostgresError) {
        try await know(tenant.plan)
        known.withLock { $0.learn([tenant]) }
    }

    /// Reads a version that is new here.
    private func know(_ key: PlanKey) async throws(PostgresError) {
        guard plan(key) == nil else { return }
        let rows = try await control.rows("SELECT \(Plan.columns) FROM plans WHERE name = \(key.name) AND version = \(key.version)")
        guard let plan = try rows.first.map(Plan.init) else { return }
        known.withLock { $0.plans[key] = plan }
    }

    /// Reads everything anew.
    func load() async throws {
        let answers = try await control.run(
            [
                "SELECT clock_timestamp()",
                "SELECT \(Cell.columns) FROM cells",
                "SELECT \(Tenant.columns) FROM tenants WHERE state <> 'deleted'",
                // After the tenants: whatever plan one of them has is there by now.
                "SELECT \(Plan.columns) FROM plans",
            ], isRepeatable: true)
        try await learnCells(answers[1])
        let now = try answers[0][0].date(0)
        let tenants = try answers[2].map(Tenant.init)
        let plans = try answers[3].map(Plan.init)
        known.withLock { known in
            known.plans = Dictionary(plans.map { ($0.key, $0) }) { _, last in last }
            // Whom the control schema does not have any more was lost in a fail-over; whom it does not have yet is younger than the answer.
            let names = Set(tenants.map(\.slug))
            known.tenants = known.tenants.filter { names.contains($0.key) || $0.value.changedAt > now.addingTimeInterval(-Self.overlap) }
            known.learn(tenants)
            known.readUpTo = now
        }
    }

    /// Reads what has changed since the last time.
    package func refresh() async throws {
        guard let since = known.withLock({ $0.readUpTo }) else { return try await load() }
        // Back a little: a change becomes visible when its transaction ends, not when it was stamped.
        let from = since.addingTimeInterval(-Self.overlap)
        let answers = try await control.run(
            [
                "SELECT clock_timestamp(), (SELECT count(*) FROM plans)",
                "SELECT \(Cell.columns) FROM cells",
                "SELECT \(Tenant.columns) FROM tenants WHERE changed_at >= \(from)::timestamptz",
            ], isRepeatable: true)
        let tenants = try answers[2].map(Tenant.init)
        let (plans, count) = (known.withLock(\.plans), try answers[0][0].int(1))
        guard count == plans.count, tenants.allSatisfy({ plans[$0.plan] != nil }) else { return try await load() }
        try await learnCells(answers[1])
        let now = try answers[0][0].date(0)
        known.withLock { known in
            known.learn(tenants)
            known.readUpTo = max(now, known.readUpTo ?? now)
        }
    }

    /// Keeps the directory fresh until the task is cancelled.
    func follow(_ listener: Listener, every interval: Duration) async {
        await withTaskGroup { group in
            group.addTask {
                for await event in listener.events() {
                    switch event {
                    // What was said while nobody listened is not said again.
                    case .connected: await self.attempt { try await self.load() }
                    case .notification: await self.attempt { try await self.refresh() }
                    case .lost: break
                    }
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    // Cancellation ends the sleep and, with the next look at the condition, the loop.
                    try? await Task.sleep(for: interval)
                    await self.attempt { try await self.refresh() }
                }
            }
            await group.waitForAll()
        }
    }

    /// What fails now is tried again within a second; the log hears of it.
    private func attempt(_ reading: () async throws -> Void) async {
        do {
            try await reading()
        } catch PostgresError.cancelled {
            return
        } catch {
            log.warning("The directory could not be read and may be out of date.", metadata: ["error": "\(error.explained)"])
        }
    }

    private func learnCells(_ rows: Rows) async throws {
        cells.learn(try rows.map(Cell.init), identity: try await identity.identity())
    }

    /// Longer than any transaction that changes the control schema takes; in seconds.
    private static let overlap: TimeInterval = 10
}

extension Directory.Known {
    /// The younger word counts, whichever way it came.
    fileprivate mutating func learn(_ changed: [Tenant]) {
        for tenant in changed {
            if let before = tenants[tenant.slug], before.changedAt > tenant.changedAt { continue }
            tenants[tenant.slug] = tenant.state == .deleted ? nil : tenant
        }
    }
}

/// How often a process asks the control schema for names it does not know: once a second for the same name, fifty times a second for all.
struct MissLimit {
    private var asked: Set<String> = []
    private var second = ContinuousClock.now

    mutating func allowsLookUp(of slug: String, now: ContinuousClock.Instant = .now) -> Bool {
        if now - second >= .seconds(1) {
            asked = []
            second = now
        }
        return asked.count < 50 && asked.insert(slug).inserted
    }
}

import Foundation
import Postgres

/// The only value through which SQL reaches a tenant's schema; it comes from `Directory.scope(for:)`.
///
/// Each piece of work begins with a statement that takes on the tenant's role, its search path and a time limit, for this transaction
/// alone. The login role itself may do nothing and has no search path: work that did not come through here finds no table (42P01) or may
/// not read it (42501), and never another tenant's.
///
/// A tenant has at most a quarter of each pool at a time: its further work waits behind its own, until the pool's deadline (`.overloaded`).
///
/// It never changes; a class, so that handing it on does not copy its parts.
package final class TenantScope: Sendable {
    package let tenant: Tenant
    /// What the tenant may use.
    package let entitlements: Entitlements
    /// What a test tenant's clock showed when the work began that this scope is for; nil: it lives in real time. `TenantClock` reads it.
    package let clock: Date?
    private let cell: OpenCell
    private let timeLimit: Duration?
    private let preamble: SQL

    /// Only this room makes one, for a tenant that may be served.
    init(_ tenant: Tenant, in cell: OpenCell, _ entitlements: Entitlements, timeLimit: Duration? = nil, clock: Date? = nil) {
        self.tenant = tenant
        self.clock = clock
        self.entitlements = entitlements
        self.cell = cell
        self.timeLimit = timeLimit
        let timeLimit = timeLimit ?? cell.timeLimit
        // Whoever asks for more: the plan is the ceiling.
        let ceiling = entitlements.rates["statement_seconds"].map { Duration.seconds(max(1, $0)) }
        preamble = Self.preamble(for: tenant, timeLimit: ceiling.map { min($0, timeLimit) } ?? timeLimit)
    }

    /// The same with another limit for each statement, for instance for a report; never more than the plan allows.
    package func limited(to timeLimit: Duration) -> TenantScope {
        TenantScope(tenant, in: cell, entitlements, timeLimit: timeLimit, clock: clock)
    }

    /// The same with what the tenant's clock shows.
    package func at(_ clock: Date?) -> TenantScope {
        clock == self.clock ? self : TenantScope(tenant, in: cell, entitlements, timeLimit: timeLimit, clock: clock)
    }

    /// The most there may be, by resource; what is not here is unlimited.
    package var limits: [String: Int] { entitlements.limits }

    /// The statements in one flush, all or nothing; one answer for each. `isRepeatable` for units that only read: they are sent once more
    /// when a connection breaks before its answer.
    package func run(_ statements: [SQL], isRepeatable: Bool = false) async throws(PostgresError) -> [Rows] {
        let unit = Unit([preamble] + statements, namespace: tenant.namespace, isRepeatable: isRepeatable)
        try await cell.apiShares.enter(tenant.id)
        let began = ContinuousClock.now
        defer {
            cell.apiShares.leave(tenant.id)
            cell.slow.note(statements, of: tenant.id, since: began)
        }
        do {
            return Array(try await cell.api.run(unit, preferring: tenant.affinity).dropFirst())
        } catch {
            throw error.withoutPreamble
        }
    }

    /// One statement, by default one that reads.
    package func rows(_ statement: SQL, isRepeatable: Bool = true) async throws(PostgresError) -> Rows {
        guard let rows = try await run([statement], isRepeatable: isRepeatable).first else { throw .unexpected("An answer is missing.") }
        return rows
    }

    /// A transaction whose body decides by what it reads, on a connection of its own. The body cannot await; throwing rolls back.
    package func transaction<T: Sendable>(_ body: @escaping @Sendable (borrowing Transaction) throws -> T) async throws -> T {
        try await cell.workShares.run(for: tenant.id) {
            try await cell.work.transaction(preamble: [preamble], namespace: tenant.namespace, body)
        }
    }

    /// A large result in batches of at most `batch` rows; the next is fetched when `body` returns. Reads only.
    package nonisolated(nonsending) func stream(_ query: SQL, batch: Int = 500, _ body: (Rows) async throws -> Void) async throws {
        let began = ContinuousClock.now
        defer { cell.slow.note([query], of: tenant.id, since: began) }
        try await cell.workShares.run(for: tenant.id) {
            try await cell.work.stream(preamble: [preamble], query, batch: batch, body)
        }
    }

    /// The tenant's schema as it is at one moment, for reading much of it. `body` holds a connection and a snapshot: it should not wait for
    /// people.
    package nonisolated(nonsending) func reading<T>(_ body: (borrowing Reading) async throws -> T) async throws -> T {
        try await cell.workShares.run(for: tenant.id) {
            try await cell.work.reading(preamble: [preamble], body)
        }
    }

    /// Sends `chunks` to a `COPY ... FROM STDIN`, after the statements of `first`, and then does with the rows what `body` says, all in one
    /// transaction; answers how many came.
    package nonisolated(nonsending) func copyIn(
        after first: [SQL] = [], _ statement: SQL, from chunks: some AsyncSequence<[UInt8], any Error>,
        then body: @escaping @Sendable (borrowing Transaction) throws -> Void = { _ in }
    ) async throws -> Int {
        try await cell.workShares.run(for: tenant.id) {
            try await cell.work.copyIn(preamble: [preamble] + first, statement, from: chunks, then: body)
        }
    }

    /// What a `COPY ... TO STDOUT` sends, in chunks of whole rows. Reads only.
    package nonisolated(nonsending) func copyOut(_ statement: SQL, _ body: ([UInt8]) async throws -> Void) async throws {
        try await cell.workShares.run(for: tenant.id) {
            try await cell.work.copyOut(preamble: [preamble], statement, body)
        }
    }

    /// What the first statement of every piece of work says. Prepared once per connection for all tenants: only its values differ.
    private static func preamble(for tenant: Tenant, timeLimit: Duration) -> SQL {
        let path = "\(tenant.schema), \(Cell.schema)"
        let sql: SQL = """
            SELECT set_config('role', \(tenant.role), true), set_config('search_path', \(path), true), \
            set_config('statement_timeout', \(timeLimit.asSetting), true)
            """
        return sql.prepared(.shared)
    }
}

extension PostgresError {
    /// The same with the caller's own count of statements: the first of a unit is ours.
    fileprivate var withoutPreamble: PostgresError {
        guard case .refused(var refusal) = self else { return self }
        refusal.statement = max(0, refusal.statement - 1)
        return .refused(refusal)
    }
}

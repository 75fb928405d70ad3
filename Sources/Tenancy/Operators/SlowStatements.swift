import Foundation
import Postgres
import Synchronization

/// What this process saw taking long, by tenant, until it is written down.
final class SlowStatements: Sendable {
    /// From how long on it is worth a line.
    private let threshold: Duration
    private let seen = Mutex<[Entry]>([])

    private struct Entry {
        let tenant: UUID
        let at: Date
        let milliseconds: Int
        let statement: String
    }

    init(threshold: Duration) { self.threshold = threshold }

    /// More than these are not kept until the next writing: a storm of them says no more.
    private static let most = 200

    /// What a tenant's unit of statements took, with the time in the pool's line.
    func note(_ statements: [SQL], of tenant: UUID, since began: ContinuousClock.Instant) {
        let took = ContinuousClock.now - began
        guard took >= threshold else { return }
        let text = String(statements.map(\.text).joined(separator: ";\n").prefix(2000))
        let milliseconds = Int(took.components.seconds * 1000 + took.components.attoseconds / 1_000_000_000_000_000)
        seen.withLock { seen in
            guard seen.count < Self.most else { return }
            seen.append(Entry(tenant: tenant, at: .now, milliseconds: min(milliseconds, Int(Int32.max)), statement: text))
        }
    }

    /// Writes down what was seen. What cannot be written is lost: it is no more than a hint.
    func write(to control: Control) async throws(PostgresError) {
        let entries = seen.withLock { seen in
            defer { seen = [] }
            return seen
        }
        guard !entries.isEmpty else { return }
        _ = try await control.run([
            """
            INSERT INTO slow_statements (tenant_id, at, milliseconds, statement)
            SELECT t.id, e.at, e.milliseconds, e.statement
            FROM unnest(\(entries.map(\.tenant))::uuid[], \(entries.map { Optional($0.at) })::timestamptz[], \(entries.map(\.milliseconds))::integer[],
                \(entries.map(\.statement))::text[]) AS e (tenant, at, milliseconds, statement) JOIN tenants AS t ON t.id = e.tenant
            """,
            "DELETE FROM slow_statements WHERE at < now() - interval '7 days'",
        ])
    }
}

import Foundation
import Postgres
import Synchronization

/// Counts requests of tenants' people and programs: in memory, and every few seconds into the row of the running day. A process that is killed
/// forgets the last few seconds, in favour of the tenants.
package final class CallMeter: Sendable {
    private let control: Control
    private let counts = Mutex<[UUID: Int]>([:])

    init(control: Control) { self.control = control }

    /// How often what was counted is written down.
    static let rhythm: Duration = .seconds(10)

    package func count(_ tenant: UUID) { counts.withLock { $0[tenant, default: 0] += 1 } }

    /// Adds everything counted so far to the day that it is by the database's clock.
    package func flush() async throws(PostgresError) {
        let taken = counts.withLock { counts in
            defer { counts = [:] }
            return counts.sorted { $0.key.uuidString < $1.key.uuidString }
        }
        guard !taken.isEmpty else { return }
        do {
            _ = try await control.rows(
                """
                INSERT INTO api_calls AS known (tenant_id, day, calls)
                SELECT tenant_id, (now() AT TIME ZONE 'UTC')::date, calls
                FROM unnest(\(taken.map(\.key))::uuid[], \(taken.map(\.value))::bigint[]) AS counted (tenant_id, calls) ORDER BY tenant_id
                ON CONFLICT (tenant_id, day) DO UPDATE SET calls = known.calls + excluded.calls, last_at = now()
                """, isRepeatable: false)
        } catch {
            // What may have been written is not written twice.
            if case .outcomeUnknown = error { throw error }
            counts.withLock { counts in for (tenant, calls) in taken { counts[tenant, default: 0] += calls } }
            throw error
        }
    }
}

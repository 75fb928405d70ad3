import Foundation
import Postgres

/// The marks that all processes of the installation share: one row per subject in the control schema, by that database's clock.
struct RateMarks: Sendable {
    let control: Control

    /// What one subject pays and wants.
    struct Demand: Sendable {
        let subject: UUID
        let tenant: UUID
        let owed: Int64
        let wanted: Int64
        let burst: GCRA?
        let day: GCRA?
    }

    /// What it got, and how far ahead of now its marks stand, in nanoseconds.
    struct Grant: Sendable {
        let granted: Int64
        let burstAhead: Int64
        let dayAhead: Int64
    }

    /// One flush for all of them; a grant for each, in their order.
    func exchange(_ demands: [Demand]) async throws -> [Grant] {
        func numbers(_ of: (Demand) -> Int64?) -> [Int] { demands.map { Int(of($0) ?? 0) } }
        let rows = try await control.rows(
            """
            SELECT granted, burst_ahead, day_ahead
            FROM take_tokens(
                \(demands.map(\.subject))::uuid[], \(demands.map(\.tenant))::uuid[], \(numbers(\.owed))::bigint[], \(numbers(\.wanted))::bigint[],
                \(numbers(\.burst?.period))::bigint[], \(numbers(\.burst?.size))::bigint[],
                \(numbers(\.day?.period))::bigint[], \(numbers(\.day?.size))::bigint[])
            ORDER BY place
            """, isRepeatable: false)
        guard rows.count == demands.count else { throw PostgresError.unexpected("The marks answered for \(rows.count) subjects.") }
        return try rows.map {
            Grant(granted: Int64(try $0.int(0)), burstAhead: Int64(try $0.int(1)), dayAhead: Int64(try $0.int(2)))
        }
    }

    /// Forgets those whose allowances are whole again: that is what having no row means.
    func forgetWhole() async throws {
        _ = try await control.rows(
            """
            WITH moment AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint AS now)
            DELETE FROM rate_marks USING moment WHERE burst_mark < moment.now AND day_mark < moment.now
            """, isRepeatable: true)
    }

    /// Nothing remains of a deleted tenant.
    static func removal(of tenant: UUID) -> SQL {
        "DELETE FROM rate_marks WHERE tenant_id = \(tenant)"
    }
}

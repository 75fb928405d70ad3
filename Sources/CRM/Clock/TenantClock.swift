import Foundation
import Postgres
import Tenancy

/// What time it is for a tenant: its own clock where a test tenant has set one, real time everywhere else. Whatever is due by a calendar
/// asks here and nowhere else; when something was written is real time for everybody.
package enum TenantClock {
    /// When the request or the job began that the scope is for, by a clock that stands still; in real time now.
    package static func now(of scope: TenantScope) -> Date { scope.clock ?? .now }

    /// The same as an expression, for a statement that writes it.
    static func column(of scope: TenantScope) -> SQL { scope.clock.map { "\($0)::timestamptz" } ?? "clock_timestamp()" }

    /// What a test tenant's clock was set to first: what fell due before that is past. In real time nothing is.
    static func beginning(of scope: TenantScope) async throws -> Date {
        guard scope.clock != nil else { return .distantPast }
        return try await scope.rows("SELECT cell.tenant_clock_began()").first?.optionalDate(0) ?? .distantPast
    }

    /// What a credential's look-up selects: the clock, null in real time.
    package static let setting: SQL = "cell.tenant_clock()"
}

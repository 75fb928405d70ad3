import Foundation
import Postgres

/// What the payment provider knows of a tenant, as it was last read there.
///
/// Whoever reads draws a number before: what was read under a smaller number never overwrites what was read under a larger one. Each change at
/// the provider is followed by an event, and whoever acts upon that draws its number after the change; so in the end the newest stands here,
/// whatever the order in which events came and were acted upon.
extension BillingAccounts {
    /// A number for a reading that is about to begin, and whose the customer is.
    package struct Reading: Sendable {
        package let tenantID: UUID
        package let slug: String
        let number: Int
    }

    /// The account with what was last read, and a number that changes when something newer is written.
    package struct Known: Sendable {
        package let account: BillingAccount
        package let applied: Int
    }

    /// Remembers how the provider calls the tenant; the first name stays, and is answered.
    package func nameCustomer(_ customer: String, of tenant: UUID) async throws -> String {
        let rows = try await control.rows(
            """
            INSERT INTO billing_accounts AS known (tenant_id, customer_id) VALUES (\(tenant), \(customer))
            ON CONFLICT (tenant_id) DO UPDATE SET customer_id = coalesce(known.customer_id, excluded.customer_id) RETURNING customer_id
            """, isRepeatable: true)
        guard let row = rows.first else { throw PostgresError.unexpected("A customer was not written.") }
        return try row.text(0)
    }

    /// Nil for a customer who is none of ours.
    package func beginReading(of customer: String) async throws -> Reading? {
        try await control.rows(
            """
            UPDATE billing_accounts SET readings = readings + 1 FROM tenants
            WHERE customer_id = \(customer) AND tenants.id = tenant_id RETURNING tenant_id, slug, readings
            """, isRepeatable: false
        ).first.map { row throws(PostgresError) in Reading(tenantID: try row.uuid(0), slug: try row.text(1), number: try row.int(2)) }
    }

    /// Writes what was read, unless something newer stands there.
    package func write(_ subscription: BillingAccount.Subscription?, _ reading: Reading) async throws {
        let text = try subscription.map { String(decoding: try JSONEncoder.sorted.encode($0), as: UTF8.self) }
        let isLive = subscription?.status.isLive ?? false
        let today: SQL = "(now() AT TIME ZONE 'UTC')::date"
        let isRunning: SQL = "collected_from IS NOT NULL AND collected_until IS NULL"
        _ = try await control.rows(
            """
            UPDATE billing_accounts SET subscription = \(text)::jsonb, applied = \(reading.number), updated_at = now(),
                collected_from = CASE WHEN \(isLive)::boolean AND NOT (\(isRunning)) THEN \(today) ELSE collected_from END,
                collected_until = CASE WHEN \(isLive)::boolean THEN NULL WHEN \(isRunning) THEN \(today) ELSE collected_until END
            WHERE tenant_id = \(reading.tenantID) AND applied < \(reading.number)
            """, isRepeatable: true)
    }

    package func known(_ tenant: UUID) async throws -> Known? {
        try await control.rows("SELECT \(BillingAccount.columns), applied FROM billing_accounts WHERE tenant_id = \(tenant)").first
            .map { row throws(PostgresError) in Known(account: try BillingAccount(row), applied: try row.int(10)) }
    }
}

extension Audit {
    /// Whether the tenant, which is suspended, was so by the calendar because it had not paid; not by an operator.
    package func wasSuspendedByCalendar(_ slug: String) async throws -> Bool {
        try await control.rows(
            "SELECT actor = 'system' FROM audit WHERE target = \(slug) AND action = 'suspend' ORDER BY seq DESC LIMIT 1"
        ).first?.bool(0) ?? false
    }
}

import Foundation
import Postgres

/// Which blueprints tenants have.
package struct AppliedBlueprints: Sendable {
    let control: Control

    /// By name.
    package func names(of tenant: UUID) async throws -> [String] {
        try await control.rows("SELECT name FROM applied_blueprints WHERE tenant_id = \(tenant) ORDER BY name")
            .map { row throws(PostgresError) in try row.text(0) }
    }

    /// Notes that all of it is there, or that it was removed; the audit says who wanted it and why.
    package func note(_ name: String, of tenant: Tenant, isApplied: Bool, by instruction: Instruction) async throws {
        let (action, change): (String, SQL) =
            isApplied
            ? ("apply_blueprint", "INSERT INTO applied_blueprints (tenant_id, name) VALUES (\(tenant.id), \(name)) ON CONFLICT DO NOTHING")
            : ("remove_blueprint", "DELETE FROM applied_blueprints WHERE tenant_id = \(tenant.id) AND name = \(name)")
        _ = try await control.run([
            change,
            """
            SELECT append_audit(\(instruction.actor), \(action), \(tenant.slug), concat_ws(': ', \(name)::text, \(instruction.reason)::text),
                \(instruction.requestID))
            """,
        ])
    }
}

extension Installation {
    package var appliedBlueprints: AppliedBlueprints { AppliedBlueprints(control: control) }
}

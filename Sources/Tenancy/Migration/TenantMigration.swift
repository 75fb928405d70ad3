import Foundation
import Postgres
import Schema

/// Brings one tenant's schema up to date, file by file, as the tenant's own role.
struct TenantMigration: Sendable {
    let control: Control
    let files: [SchemaFile]
    let locks: LockPatience

    /// Nil when the tenant is up to date now; otherwise why not, and the tenant is closed for maintenance, unless its cell was not reached
    /// at all.
    ///
    /// Throws only what is no fault of the tenant: cancellation, a control schema that cannot be reached.
    func attempt(_ tenant: Tenant, in cell: OpenCell) async throws -> String? {
        do {
            try await bringUpToDate(tenant, in: cell)
            try await record(tenant, reason: nil)
            return nil
        } catch PostgresError.cancelled {
            throw PostgresError.cancelled
        } catch let error as PostgresError where error.refusal == nil {
            return error.explanation
        } catch let error where !(error is CancellationError) {
            try await record(tenant, reason: error.explained)
            return error.explained
        }
    }

    /// Runs what the cell's ledger does not name. The owner has to belong to the tenant's role.
    func bringUpToDate(_ tenant: Tenant, in cell: OpenCell) async throws {
        // The control schema's version may be older than the cell's ledger, which is the truth and is asked for each file.
        for file in files where file.number > tenant.schemaVersion {
            do {
                if file.runsOutsideTransaction, try await isWaiting(file, for: tenant, in: cell) {
                    try await ConcurrentStatements(file, for: tenant, in: cell).run()
                }
                try await locks.retrying { try await apply(file, to: tenant, in: cell) }
            } catch let error as PostgresError {
                guard error.refusal != nil else { throw error }
                throw TenancyError.maintenance(slug: tenant.slug, reason: "\(file.name): \(error.explanation)")
            }
        }
    }

    /// The file and the row that says so, in one transaction.
    private func apply(_ file: SchemaFile, to tenant: Tenant, in cell: OpenCell) async throws {
        try await cell.owner.transaction(
            preamble: [TenantScript.lock(tenant.id), TenantScript.asOwner, LockPatience.timeout], namespace: Cell.schema
        ) { transaction in
            guard try Self.isWaiting(file, for: tenant, transaction) else { return }
            if !file.runsOutsideTransaction {
                try OwnersMembership.renew(tenant.role, transaction)
                try transaction.flush([TenantScript.asTenant(role: tenant.role, schema: tenant.schema)])
                try transaction.script(file.text)
            }
            try transaction.flush([
                TenantScript.asOwner,
                "INSERT INTO tenant_migrations (tenant_id, number, name) VALUES (\(tenant.id), \(file.number), \(file.name))",
            ])
        }
    }

    private func isWaiting(_ file: SchemaFile, for tenant: Tenant, in cell: OpenCell) async throws -> Bool {
        try await cell.owner.transaction(preamble: [TenantScript.asOwner], namespace: Cell.schema) { transaction in
            try Self.isWaiting(file, for: tenant, transaction)
        }
    }

    /// Whether the cell's ledger does not name the file for the tenant. Throws when the cell does not know the tenant.
    private static func isWaiting(_ file: SchemaFile, for tenant: Tenant, _ transaction: borrowing Transaction) throws -> Bool {
        let found = try transaction.rows(
            """
            SELECT EXISTS (SELECT FROM tenant_migrations AS m WHERE m.tenant_id = t.id AND m.number = \(file.number))
            FROM tenants AS t WHERE t.id = \(tenant.id)
            """)
        guard let row = found.first else { throw TenancyError.notReady("Its schema is missing from the cell \"\(tenant.cell)\".") }
        return try !row.bool(0)
    }

    /// Tells the directory, and with it every process, whether the tenant may be let in.
    private func record(_ tenant: Tenant, reason: String?) async throws {
        let version: SQL = reason == nil ? "greatest(schema_version, \(files.latest))" : "schema_version"
        _ = try await control.run(
            [
                """
                UPDATE tenants SET schema_version = \(version), quarantined_reason = \(reason), changed_at = clock_timestamp()
                WHERE id = \(tenant.id) AND state <> 'deleted'
                """,
                Control.announcement(of: tenant.slug),
            ], isRepeatable: true)
    }
}

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
        // The cell's ledger is the truth; the control schema's copy may be older.
        let done = try await cell.owner.transaction(preamble: [TenantScript.asOwner], namespace: Cell.schema) { transaction in
            guard try !transaction.rows("SELECT 1 FROM tenants WHERE id = \(tenant.id)").isEmpty else {
                throw TenancyError.notReady("Its schema is missing from the cell \"\(tenant.cell)\".")
            }
            return try Set(transaction.rows("SELECT number FROM tenant_migrations WHERE tenant_id = \(tenant.id)").map { try $0.int(0) })
        }
        for file in files where !done.contains(file.number) {
            do {
                if file.runsOutsideTransaction { try await ConcurrentStatements(file: file, tenant: tenant, cell: cell).run() }
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
            let ledger = try transaction.rows("SELECT 1 FROM tenant_migrations WHERE tenant_id = \(tenant.id) AND number = \(file.number)")
            guard ledger.isEmpty else { return }
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

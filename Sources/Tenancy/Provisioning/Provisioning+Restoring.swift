import Foundation
import Postgres
import Schema

/// Fills a fresh schema with rows from elsewhere. Runs with the tenant's role and search path, in the transaction that builds the schema.
package typealias Fill = @Sendable (borrowing Transaction) throws -> Void

extension Provisioning {
    /// Makes a tenant of rows that were written at an older schema version, or at this one: the schema is built as it was then, filled, and
    /// migrated. Throws as `provision`, and what `fill` and `beforeOpening` throw; then nothing is left, and the name is free.
    ///
    /// - Parameters:
    ///   - belongings: write what the cell keeps for the tenant, as the tenant, in the transaction that builds its schema.
    ///   - beforeOpening: puts what is kept beside the database where the tenant will look for it, before anyone may enter.
    package func restore(
        _ request: ProvisionRequest, schemaVersion: Int, by instruction: Instruction, belongings: [SQL] = [], fill: @escaping Fill,
        beforeOpening: (Tenant) async throws -> Void
    ) async throws -> Provisioned {
        try Slug.check(request.slug)
        let reserved = try await reserve(request)
        guard reserved.state == .provisioning else {
            try await directory.learn(reserved)
            return Provisioned(tenant: reserved, isNew: false)
        }
        let built: Tenant
        do {
            if !cells.knows(reserved.cell) { try await directory.refresh() }
            let cell = try cells.named(reserved.cell)
            let files = settings.schema.tenant.filter { $0.number <= schemaVersion }
            built = try await build(reserved, in: cell, files: files, fill, belongings)
            if schemaVersion < settings.schema.tenant.latest { try await catchUp(built, in: cell) }
            try await beforeOpening(built)
        } catch {
            try await release(reserved)
            throw error
        }
        return try await open(built, request, instruction, as: "import")
    }

    private func build(
        _ tenant: Tenant, in cell: OpenCell, files: [SchemaFile], _ fill: @escaping Fill, _ belongings: [SQL]
    ) async throws -> Tenant {
        let script = TenantScript(tenant: tenant)
        // Only now does the cell know whose role it is.
        let belonging = [TenantScript.asTenant(role: tenant.role, schema: tenant.schema)] + belongings + [TenantScript.asOwner]
        return try await cell.founder.transaction(
            preamble: [TenantScript.lock(tenant.id), TenantScript.asOwner], namespace: Cell.schema
        ) { transaction in
            // The ledger knows whether an earlier attempt, or another process, got this far.
            if let row = try transaction.rows(script.standing).first { return try BuiltTenant(tenant, row).tenant }
            try transaction.script(script.creation(in: cell.cell, files))
            try fill(transaction)
            try transaction.flush(script.ledger(files) + belonging + [script.leaving])
            return tenant
        }
    }

    /// Gives the name back. What the cell has of it goes too: its transaction may have been committed when a later step failed.
    func release(_ tenant: Tenant) async throws {
        let released = try await control.rows(
            "UPDATE tenants SET state = 'deleted', deleted_at = now() WHERE id = \(tenant.id) AND state = 'provisioning' RETURNING id",
            isRepeatable: false)
        guard !released.isEmpty else { return }
        try await removal.drop(tenant)
        _ = try await control.rows("DELETE FROM tenants WHERE id = \(tenant.id) AND state = 'deleted'", isRepeatable: false)
    }
}

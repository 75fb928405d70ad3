import Blobs
import Foundation
import Postgres

/// Removes deleted tenants from their cells.
struct Removal: Sendable {
    let control: Control
    let cells: Cells
    let locks: LockPatience
    let blobs: any BlobStore

    /// Drops everything a deleted tenant had in its cell. Nothing there any more, or another process at it: fine.
    func drop(_ tenant: Tenant) async throws {
        let cell = try cells.named(tenant.cell)
        try await locks.retrying {
            try await cell.owner.transaction(
                preamble: [TenantScript.lock(tenant.id), TenantScript.asOwner, LockPatience.timeout], namespace: Cell.schema
            ) { transaction in
                guard let row = try transaction.rows("SELECT role FROM tenants WHERE id = \(tenant.id)").first else { return }
                _ = try transaction.flush(
                    TenantScript.removal(role: try row.text(0)) + ["DELETE FROM tenants WHERE id = \(tenant.id)"])
            }
        }
        try await removeBlobs(of: tenant)
        _ = try await control.run(
            [
                RateMarks.removal(of: tenant.id),
                "UPDATE tenants SET dropped_at = now() WHERE id = \(tenant.id) AND state = 'deleted' AND dropped_at IS NULL",
            ], isRepeatable: true)
    }

    /// Last, when no row knows of them any more. A store that does not answer is asked again with the tenant's next turn.
    private func removeBlobs(of tenant: Tenant) async throws {
        while true {
            let page = try await blobs.list(tenant.blobFolder, after: nil, limit: 1000)
            for entry in page { try await blobs.delete(entry.key) }
            if page.count < 1000 { return }
        }
    }
}

extension Tenant {
    /// What the keys of all blobs of the tenant begin with; with the tenant all of them go.
    package var blobFolder: String { "tenants/\(id.text)/" }
}

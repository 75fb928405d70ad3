import Blobs
import Foundation
import Jobs
import Postgres
import Records
import Tenancy

/// Deletes exports whose time is over, contents first, and entries of the audit that are older than the tenant's settings say
/// (`retention.audit_days`).
struct ForgetExports: Job {
    static let kind = JobKind("forget_exports") { kind in
        kind.queue = "maintenance"
        kind.priority = .bulk
        kind.timeout = .seconds(600)
        // What a suspended tenant has taken away expires too.
        kind.onlyReads = true
    }

    static func handler(_ blobs: any BlobStore) -> JobHandler {
        JobHandler(ForgetExports.self) { _, context in
            let scope = context.scope
            while true {
                let expired = try await scope.rows("SELECT id FROM exports WHERE expires_at <= now() ORDER BY id LIMIT \(batch)")
                for row in expired { try await blobs.delete(Exports.key(try row.uuid(0), of: scope.tenant)) }
                _ = try await scope.run(["DELETE FROM exports WHERE id = ANY (\(try expired.map { try $0.uuid(0) }))"])
                if expired.count < batch { break }
            }
            try await forgetExits(of: scope.tenant, blobs)
            let standard = TenantSettings.standard("retention.audit_days").integer ?? 730
            let days: SQL = "coalesce((SELECT (document #>> '{retention,audit_days}')::integer FROM settings), \(standard)::integer)"
            while try await scope.run([
                """
                DELETE FROM audit WHERE id = ANY (ARRAY(
                    SELECT id FROM audit WHERE at < now() - make_interval(days => \(days)) ORDER BY id LIMIT \(batch)))
                """
            ])[0].affected == batch {}
            return .done
        }
    }

    /// Files of the whole account that nobody took away.
    private static func forgetExits(of tenant: Tenant, _ blobs: any BlobStore) async throws {
        let found = try await blobs.list(ExportTenant.folder(of: tenant), after: nil, limit: batch)
        for entry in found where entry.modified < Date.now.addingTimeInterval(-ExportTenant.lifetime) { try await blobs.delete(entry.key) }
    }

    private static let batch = 1000
}

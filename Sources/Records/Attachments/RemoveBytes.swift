import Blobs
import Foundation
import Jobs
import Postgres
import Tenancy

/// Deletes the bytes of files that were removed, after the removal has committed. The rows say which, so it may run as often as it likes.
package struct RemoveBytes: Job {
    package static let kind = JobKind("remove_bytes") { kind in
        kind.queue = "maintenance"
        kind.timeout = .seconds(600)
    }

    package init() {}

    package static func handler(_ blobs: any BlobStore) -> JobHandler {
        JobHandler(RemoveBytes.self) { _, context in
            try await remove(in: context.scope, from: blobs)
            return .done
        }
    }

    static func remove(in scope: TenantScope, from blobs: any BlobStore) async throws {
        while true {
            let ids = try await scope.rows("SELECT id FROM attachments WHERE removed_at IS NOT NULL LIMIT 500").map { try $0.uuid(0) }
            for id in ids { try await blobs.delete(Attachment.key(id, of: scope.tenant)) }
            _ = try await scope.run(["DELETE FROM attachments WHERE id = ANY (\(ids)::uuid[]) AND removed_at IS NOT NULL"])
            if ids.count < 500 { return }
        }
    }
}

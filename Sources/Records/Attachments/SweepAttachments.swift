import Blobs
import Foundation
import Jobs
import Postgres
import Tenancy

/// What crashes have left behind, found every night: uploads whose process died give back their bytes, files of records that are gone go
/// too, and so do bytes of which no row knows.
package struct SweepAttachments: Job {
    package static let kind = JobKind("sweep_attachments") { kind in
        kind.queue = "maintenance"
        kind.priority = .bulk
        kind.timeout = .seconds(1800)
        kind.cellLimit = 2
    }

    package init() {}

    /// No upload lasts longer: what is older and not finished never will be.
    package static let patience: TimeInterval = 86_400

    package static func handler(_ base: Catalog, _ blobs: any BlobStore) -> JobHandler {
        JobHandler(SweepAttachments.self) { _, context in
            let scope = context.scope
            let shape = try await scope.rows("SELECT \(Shape.column)").first?.optionalText(0)
            let catalog = try shape.map { try Shape(parsing: $0).applied(to: base) } ?? base
            for type in catalog.types where type.operations.contains(.attachments) { try await leave(type, in: scope) }
            try await sweep(scope, blobs, catalog, before: .now.addingTimeInterval(-patience))
            return .done
        }
    }

    /// Files of records that went without telling, with their table or by an undo.
    private static func leave(_ type: RecordType, in scope: TenantScope) async throws {
        let gone = SQL(
            code: """
                ARRAY(SELECT DISTINCT a.record_id FROM attachments AS a
                WHERE a.type = '\(type.name)' AND a.removed_at IS NULL AND NOT EXISTS (SELECT FROM \(type.table) AS r WHERE r.id = a.record_id))
                """)
        _ = try await scope.run(Attachments.leaving(type, gone))
    }

    package static func sweep(_ scope: TenantScope, _ blobs: any BlobStore, _ catalog: Catalog, before: Date) async throws {
        let known = catalog.types.filter { $0.operations.contains(.attachments) }.map(\.name)
        _ = try await scope.run([
            """
            WITH removed AS (
                UPDATE attachments SET removed_at = now(), name = ''
                WHERE removed_at IS NULL AND (digest IS NULL AND created_at < \(before) OR type <> ALL (\(known)::text[])
                    AND NOT EXISTS (SELECT FROM custom_objects WHERE plural = attachments.type)) RETURNING size
            ), freed AS (SELECT sum(size)::bigint AS size FROM removed HAVING count(*) > 0)
            UPDATE usage SET used = used - freed.size FROM freed WHERE resource = \(Resource.storage)
            """
        ])
        try await RemoveBytes.remove(in: scope, from: blobs)
        try await removeOrphans(scope, blobs, before: before)
        try await blobs.removeUnfinished(before: before)
    }

    private static func removeOrphans(_ scope: TenantScope, _ blobs: any BlobStore, before: Date) async throws {
        let folder = Attachment.folder(of: scope.tenant)
        var last: BlobKey?
        while true {
            let page = try await blobs.list(folder, after: last, limit: 1000)
            let old = page.filter { $0.modified < before }
            let ids = old.compactMap { UUID(text: String($0.key.text.dropFirst(folder.count))) }
            let rows = try await scope.rows("SELECT id FROM attachments WHERE id = ANY (\(ids)::uuid[])")
            let owned = Set(try rows.map { Attachment.key(try $0.uuid(0), of: scope.tenant) })
            for entry in old where !owned.contains(entry.key) { try await blobs.delete(entry.key) }
            last = page.last?.key
            if page.count < 1000 { return }
        }
    }
}

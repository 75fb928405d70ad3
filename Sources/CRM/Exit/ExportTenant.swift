import Blobs
import Foundation
import Jobs
import Records
import Secrets
import Tenancy

/// Writes everything a tenant has into a file for an operator to take away; see `TenantExit`. The file is kept for two days.
package struct ExportTenant: Job {
    package static let kind = JobKind("export_tenant") { kind in
        kind.priority = .bulk
        kind.maximumAttempts = 5
        kind.timeout = .seconds(6 * 3600)
        kind.tenantLimit = 1
        kind.cellLimit = 2
        kind.onlyReads = true
    }

    /// Who ordered it; the audit has it too.
    let orderedBy: String

    package init(orderedBy: String) { self.orderedBy = orderedBy }

    static func handler(_ base: Catalog, _ installation: Installation) -> JobHandler {
        JobHandler(ExportTenant.self) { _, context in
            let (tenant, blobs) = (context.scope.tenant, installation.blobs)
            let pipe = BytePipe()
            async let made = write(context.scope, base, try await installation.audit.everything(about: tenant.slug), blobs, into: pipe)
            let blob: StoredBlob
            do {
                blob = try await blobs.put(file(context.id, of: tenant), pipe, limit: .max)
            } catch {
                pipe.finish(.failure(CancellationError()))
                throw error
            }
            let result: JSON = ["bytes": JSON(Int(blob.size)), "sha256": .string(blob.digest.hex), "types": try await made.types]
            // Last: whoever finds it finds the file.
            try await blobs.put(summary(context.id, of: tenant), result.bytes)
            return .done
        }
    }

    private static func write(
        _ scope: TenantScope, _ base: Catalog, _ operators: [Audit.Entry], _ blobs: any BlobStore, into pipe: BytePipe
    ) async throws -> TenantExit.Report {
        do {
            let report = try await TenantExit(scope, base).write(operators, files: blobs) { try await pipe.send($0) }
            pipe.finish()
            return report
        } catch {
            pipe.finish(.failure(error))
            throw error
        }
    }

    /// Where the file of a job lies, and what it says of itself.
    package static func file(_ job: UUID, of tenant: Tenant) -> BlobKey { key(tenant, "\(job.text).tar") }
    package static func summary(_ job: UUID, of tenant: Tenant) -> BlobKey { key(tenant, "\(job.text).json") }

    private static func key(_ tenant: Tenant, _ name: String) -> BlobKey {
        // UUIDs and short words: always a key.
        // swift-format-ignore: NeverForceUnwrap
        BlobKey(folder(of: tenant) + name)!
    }

    static func folder(of tenant: Tenant) -> String { "tenants/\(tenant.id.text)/exits/" }

    /// How long a file is kept.
    static let lifetime: TimeInterval = 2 * 86_400
}

extension Audit {
    /// All that was done to one tenant, the newest first.
    package func everything(about slug: String) async throws -> [Entry] {
        var all: [Entry] = []
        while true {
            let page = try await entries(before: all.last?.seq, target: slug, limit: 500)
            all += page
            if page.count < 500 { return all }
        }
    }
}

import Blobs
import Foundation
import Jobs
import Postgres
import Records
import Secrets
import Tenancy

/// Makes the content of an export that was ordered, with the rights that its maker has now.
///
/// A process that dies leaves nothing behind: the content is kept whole or not at all, and the next one begins anew.
struct MakeExport: Job {
    static let kind = JobKind("make_export") { kind in
        kind.priority = .bulk
        kind.maximumAttempts = 5
        kind.timeout = .seconds(3600)
        // Each holds a connection and a snapshot for its time.
        kind.tenantLimit = 1
        kind.cellLimit = 4
        kind.onlyReads = true
    }

    let export: UUID

    static func handler(_ base: Catalog, _ blobs: any BlobStore) -> JobHandler {
        JobHandler(MakeExport.self) { job, context in
            let row = ExportRow(job.export, in: context.scope)
            guard let order = try await row.begin() else { return .done }
            do {
                guard let maker = try await ExportMaker.find(order.userID, order.actor, base, in: context.scope) else {
                    throw Problem(.forbidden, "Who ordered it may not sign in any more.")
                }
                let (store, request) = try await order.order.request(in: context.scope, of: maker.catalog, for: maker.caller)
                let export = RecordExport(request, of: store, maker.dialect) { VCard.bytes(of: [VCard(contact: $0)]) }
                let (figures, blob) = try await job.write(export, row, blobs, order.key(of: context.scope.tenant))
                let limit = try await Self.alarmLimit(in: context.scope)
                try await row.finish(order, figures, blob, rights: maker.caller.exportRights, alarmLimit: limit)
                return .done
            } catch let problem as Problem where problem.code.status < 500 {
                // What it names is gone, or its maker lost the right: another try finds the same.
                try await row.fail(problem.errors.first?.detail ?? problem.detail)
                return .done
            } catch  where context.attempt >= context.maximumAttempts && !Task.isCancelled {
                try await row.fail("It failed \(context.attempt) times; order it again, and tell the operator if it fails again.")
                throw error
            }
        }
    }

    /// The database is read as fast as the content is kept, and no faster.
    private func write(
        _ export: RecordExport, _ row: ExportRow, _ blobs: any BlobStore, _ key: BlobKey
    ) async throws -> (RecordExport.Figures, StoredBlob) {
        let pipe = BytePipe()
        async let made = make(export, row, into: pipe)
        do {
            let blob = try await blobs.put(key, pipe, limit: .max)
            return (try await made, blob)
        } catch {
            pipe.finish(.failure(CancellationError()))
            throw error
        }
    }

    private func make(_ export: RecordExport, _ row: ExportRow, into pipe: BytePipe) async throws -> RecordExport.Figures {
        var last = ContinuousClock.now
        do {
            let figures = try await export.run { figures in
                guard last.duration(to: .now) > .seconds(1) else { return }
                last = .now
                try await row.tell(figures)
            } into: { bytes in
                try await pipe.send(bytes)
            }
            pipe.finish()
            return figures
        } catch {
            pipe.finish(.failure(error))
            throw error
        }
    }

    private static func alarmLimit(in scope: TenantScope) async throws -> Int {
        let document = try await scope.rows("SELECT document FROM settings").first.map { try SettingsDocument(parsing: $0.text(0)) }
        return (document ?? SettingsDocument())["security.export_alarm_rows"].integer ?? .max
    }
}

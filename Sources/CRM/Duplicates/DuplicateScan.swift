import Foundation
import Jobs
import Postgres
import Records
import Secrets
import Tenancy

/// A look through all records of a type for those that may be one: begun by a person, done by a worker, read group by group.
package struct DuplicateScan: Job {
    package static let kind = JobKind("duplicate_scan") { kind in
        kind.maximumAttempts = 3
        kind.timeout = .seconds(1800)
        kind.tenantLimit = 1
        kind.cellLimit = 2
    }

    let scan: UUID

    package init(_ scan: UUID) { self.scan = scan }

    static func handler(_ base: Catalog) -> JobHandler {
        JobHandler(DuplicateScan.self) { job, context in
            do {
                try await job.perform(base, in: context.scope)
                return .done
            } catch {
                // Nobody waits for what will not be tried again.
                if context.attempt >= context.maximumAttempts {
                    _ = try await context.scope.run([
                        "UPDATE duplicate_scans SET state = 'failed', finished_at = now() WHERE id = \(job.scan)"
                    ])
                }
                throw error
            }
        }
    }

    /// Looks for evidence, the strongest first, and writes the groups down in one go: who reads before that finds none. What an attempt before
    /// has left is begun anew.
    package func perform(_ base: Catalog, in scope: TenantScope) async throws {
        let scope = scope.limited(to: .seconds(600))
        let rows = try await scope.rows(
            "SELECT \(Shape.column), type FROM duplicate_scans WHERE id = \(scan) AND state IN ('queued', 'running')")
        guard let row = rows.first else { return }
        let catalog = try row.optionalText(0).map { try Shape(parsing: $0).applied(to: base) } ?? base
        guard let type = catalog[try row.text(1)] else {
            _ = try await scope.run(["UPDATE duplicate_scans SET state = 'failed', finished_at = now() WHERE id = \(scan)"])
            return
        }
        let evidence = DuplicateEvidence.all(of: type, in: catalog)
        var pairs = DuplicatePairs(evidence)
        for (index, part) in evidence.enumerated() {
            try await tell(Double(index) / Double(evidence.count + 1), in: scope)
            try await scope.stream(part.query(of: type), batch: 1_000) { rows in
                try Task.checkCancellation()
                for row in rows { pairs.note(try row.texts(0).compactMap { UUID(text: $0) }, try row.double(1), index) }
            }
        }
        try await tell(Double(evidence.count) / Double(evidence.count + 1), in: scope)
        try await write(pairs.groups(), evidence, in: scope)
    }

    private func tell(_ progress: Double, in scope: TenantScope) async throws {
        _ = try await scope.run([
            "UPDATE duplicate_scans SET state = 'running', progress = \("\(progress)")::real WHERE id = \(scan) AND state IN ('queued', 'running')"
        ])
    }

    private func write(_ groups: [DuplicateGroup], _ evidence: [DuplicateEvidence], in scope: TenantScope) async throws {
        let entries = groups.enumerated().map { number, group -> JSON in
            [
                "number": JSON(number), "ids": JSON(group.ids.map { $0.text }), "score": .number("\(group.score)"),
                "reasons": .array(group.reasons.map { ["reason": .string(evidence[$0].reason), "fields": JSON(evidence[$0].paths)] }),
            ]
        }
        let scan = scan
        let inserts = stride(from: 0, to: entries.count, by: 500).map { start -> SQL in
            let batch = JSON.array(Array(entries[start..<min(start + 500, entries.count)]))
            return """
                INSERT INTO duplicate_groups (scan_id, number, ids, score, reasons)
                SELECT \(scan), (entry ->> 'number')::integer, ARRAY(SELECT jsonb_array_elements_text(entry -> 'ids'))::uuid[],
                    (entry ->> 'score')::real, entry -> 'reasons'
                FROM jsonb_array_elements(\(batch.text)::jsonb) AS entry
                """
        }
        try await scope.transaction { transaction in
            try transaction.flush(["DELETE FROM duplicate_groups WHERE scan_id = \(scan)"])
            for insert in inserts { try transaction.flush([insert]) }
            try transaction.flush([
                "UPDATE duplicate_scans SET state = 'done', progress = 1, finished_at = now() WHERE id = \(scan)"
            ])
        }
    }
}

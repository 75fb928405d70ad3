import Blobs
import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// A tenant as it is at one moment, in a file that `TenantRestore` brings back: rows as PostgreSQL copies them, keys and sealed secrets
/// included, and the files on records.
///
/// It is a backup of one tenant for this installation; what another installation takes in is written by `TenantExit`.
package struct TenantSnapshot: Sendable {
    private let exit: TenantExit

    package static let format = "tenantry.snapshot"

    /// What begins anew after a restore: sessions, kept answers, files that expire, what is counted from the rows themselves.
    static let left: Set<String> = ["sessions", "idempotent_requests", "usage", "usage_slots", "exports"]

    package init(_ scope: TenantScope, _ base: Catalog) {
        exit = TenantExit(scope, base)
    }

    /// The file's bytes go to `sink` in pieces of some megabytes. Answers how many there are.
    package func write(
        files blobs: any BlobStore, progress: (String, Int) -> Void = { _, _ in }, into sink: ([UInt8]) async throws -> Void
    ) async throws -> Int {
        let written = try await rows(progress, into: sink)
        var parts = written.parts
        for (number, file) in written.files.enumerated() {
            try await exit.write(file, from: blobs, &parts, into: sink)
            progress(ExitAttachment.folder, number + 1)
        }
        try await sink(parts.end(written.catalog))
        return parts.size
    }

    private func rows(_ progress: (String, Int) -> Void, into sink: ([UInt8]) async throws -> Void) async throws -> (
        parts: ExitParts, files: [ExitAttachment], catalog: Catalog
    ) {
        try await exit.scope.limited(to: TenantExit.timeLimit).reading { reading in
            var parts = ExitParts(time: Int(Date.now.timeIntervalSince1970))
            let (tables, catalog) = try await self.tables(reading)
            try await sink(parts.member(TenantExit.head, head(tables).bytes))
            for table in tables {
                var digest = RunningDigest()
                var (part, number, rows) = ([UInt8](), 0, 0)
                let list = Self.columns(of: table).map { SQL.quoted(identifier: $0) }.joined(separator: ", ")
                let statement = SQL(code: "COPY (SELECT \(list) FROM \(SQL.quoted(identifier: table.name))) TO STDOUT")
                try await reading.copyOut(statement) { chunk in
                    digest.add(chunk)
                    rows += chunk.count(where: { $0 == UInt8(ascii: "\n") })
                    part += chunk
                    guard part.count >= TenantExit.partSize else { return }
                    number += 1
                    try await sink(parts.member(TenantExit.part(number, of: table.name, "copy"), part))
                    part.removeAll(keepingCapacity: true)
                    progress(table.name, rows)
                }
                if !part.isEmpty { try await sink(parts.member(TenantExit.part(number + 1, of: table.name, "copy"), part)) }
                parts.note(TableSum(table: table.name, rows: rows, hash: digest.finish().hex))
                progress(table.name, rows)
            }
            var files: [ExitAttachment] = []
            try await reading.stream(ExitAttachment.all, batch: 1000) { rows in files += try rows.map(ExitAttachment.init) }
            return (parts, files, catalog)
        }
    }

    private func tables(_ reading: borrowing Reading) async throws -> ([CopyTable], Catalog) {
        let answers = try await reading.rows([ExitTable.canonical, CopyTable.all, "SELECT \(Shape.column)"])
        let shape = try answers[2].first?.optionalText(0).map { try Shape(parsing: $0) }
        let all = try answers[1].map(CopyTable.init).filter {
            !$0.isPassing && !Self.left.contains($0.name) && !$0.name.hasPrefix("import")
        }
        // Their definitions come first: whoever reads the file needs them for the rest.
        let first = all.filter { ExitTable.first.contains($0.name) }
        return (first + all.filter { !ExitTable.first.contains($0.name) }, shape?.applied(to: exit.base) ?? exit.base)
    }

    private static func columns(of table: CopyTable) -> [String] {
        table.name == "changes" ? table.columns.filter { $0 != "transaction" } : table.columns
    }

    private func head(_ tables: [CopyTable]) -> JSON {
        let columns = JSON.object(tables.map { .init($0.name, .array(Self.columns(of: $0).map { .string($0) })) })
        return .object((exit.head(Self.format).members ?? []) + [.init("columns", columns)])
    }
}

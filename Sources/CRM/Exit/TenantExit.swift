import Blobs
import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// Everything a tenant has, as one file that another installation takes in: a tar archive of JSON Lines and of the files on its records, with
/// a manifest of sums.
///
/// No more than a few megabytes of it are in memory. Ways in (sessions, API keys) and sealed secrets of the
/// settings stay behind; passwords go along as the digests they are, so that people sign in at the new place as they do here. So the file
/// is to be guarded like a backup of the database.
package struct TenantExit: Sendable {
    let scope: TenantScope
    let base: Catalog

    /// What a file says of itself. Version 1 had no files of records.
    package static let format = "tenantry.tenant"
    static let formatVersion = 2
    static let head = "tenant.json"
    /// The picture in its mails, where it has one: it is kept beside the tables.
    static let logo = "mail-logo"

    /// - Parameter base: the built-in record types.
    package init(_ scope: TenantScope, _ base: Catalog) {
        (self.scope, self.base) = (scope, base)
    }

    /// What was written.
    package struct Report: Sendable {
        package let bytes: Int
        package let tables: [TableSum]
        /// Records and digest of each type.
        package let types: JSON
    }

    /// The file's bytes go to `sink` in pieces of some megabytes; after each, `progress` hears of which table how many rows are written.
    ///
    /// The rows are read at one moment. The files of the records are read after it, so that no snapshot lasts as long as they take; one
    /// that was removed meanwhile stays behind.
    ///
    /// - Parameter blobs: where the files of the records are.
    package func write(
        _ operators: [Audit.Entry] = [], files blobs: any BlobStore, progress: (String, Int) -> Void = { _, _ in },
        into sink: ([UInt8]) async throws -> Void
    ) async throws -> Report {
        let written = try await rows(progress, into: sink)
        var parts = written.parts
        for (number, file) in written.files.enumerated() {
            try await write(file, from: blobs, &parts, into: sink)
            progress(ExitAttachment.folder, number + 1)
        }
        if let logo = try await MailLogo.bytes(in: scope) { try await sink(parts.member(Self.logo, logo)) }
        try await sink(parts.member("operators-audit.jsonl", operators.flatMap { Array($0.json.utf8) + [UInt8(ascii: "\n")] }))
        try await sink(parts.end(written.catalog))
        let tables = parts.manifest.tables
        return Report(bytes: parts.size, tables: tables, types: Manifest.types(tables, written.catalog))
    }

    /// The tables; answers what is left to be written.
    private func rows(_ progress: (String, Int) -> Void, into sink: ([UInt8]) async throws -> Void) async throws -> (
        parts: ExitParts, files: [ExitAttachment], catalog: Catalog
    ) {
        try await scope.limited(to: Self.timeLimit).reading { reading in
            var parts = ExitParts(time: Int(Date.now.timeIntervalSince1970))
            let (tables, catalog) = try await self.tables(reading)
            try await sink(parts.member(Self.head, head.bytes))
            for table in tables {
                var digest = TableDigest()
                var (part, number) = ([UInt8](), 0)
                try await reading.stream(table.lines, batch: Self.batch) { rows in
                    part += try digest.add(rows, of: table)
                    progress(table.name, digest.rows)
                    guard part.count >= Self.partSize else { return }
                    number += 1
                    try await sink(parts.member(Self.part(number, of: table), part))
                    part.removeAll(keepingCapacity: true)
                }
                if !part.isEmpty { try await sink(parts.member(Self.part(number + 1, of: table), part)) }
                let rows = digest.rows
                parts.note(TableSum(table: table.name, rows: rows, hash: digest.finish()))
            }
            var files: [ExitAttachment] = []
            try await reading.stream(ExitAttachment.all, batch: Self.batch) { rows in files += try rows.map(ExitAttachment.init) }
            return (parts, files, catalog)
        }
    }

    func write(
        _ file: ExitAttachment, from blobs: any BlobStore, _ parts: inout ExitParts, into sink: ([UInt8]) async throws -> Void
    ) async throws {
        let key = Attachment.key(file.id, of: scope.tenant)
        guard let size = try await blobs.size(of: key), size == file.size else { return }
        try await sink(parts.beginning(of: file.name, size: file.size))
        var digest = RunningDigest()
        for try await piece in blobs.pieces(of: key, 0..<size) {
            digest.add(piece)
            try await sink(piece)
        }
        try await sink(parts.end(of: Manifest.Member(file.name, bytes: file.size, digest: digest.finish())))
    }

    /// The digests alone, without a file.
    package func sums() async throws -> Report {
        try await scope.limited(to: Self.timeLimit).reading { reading in
            let (tables, catalog) = try await self.tables(reading)
            var sums: [TableSum] = []
            for table in tables {
                var digest = TableDigest()
                try await reading.stream(table.lines, batch: Self.batch) { rows in _ = try digest.add(rows, of: table) }
                let rows = digest.rows
                sums.append(TableSum(table: table.name, rows: rows, hash: digest.finish()))
            }
            return Report(bytes: 0, tables: sums, types: Manifest.types(sums, catalog))
        }
    }

    private func tables(_ reading: borrowing Reading) async throws -> ([ExitTable], Catalog) {
        let answers = try await reading.rows([ExitTable.canonical, ExitTable.all, "SELECT \(Shape.column)"])
        let shape = try answers[2].first?.optionalText(0).map { try Shape(parsing: $0) }
        return (try answers[1].compactMap { try ExitTable($0) }, shape?.applied(to: base) ?? base)
    }

    private var head: JSON { head(Self.format) }

    func head(_ format: String) -> JSON {
        let tenant = scope.tenant
        return [
            "format": .string(format), "version": JSON(Self.formatVersion), "schema_version": JSON(tenant.schemaVersion),
            "written_at": .string(Date.now.apiText),
            "tenant": [
                "id": .string(tenant.id.text), "slug": .string(tenant.slug), "name": .string(tenant.name),
                "test": .bool(tenant.isTest),
                "plan": .string(tenant.plan.name), "blueprint": JSON(tenant.blueprint),
                "admin": ["id": .string(tenant.adminID.text), "email": .string(tenant.adminEmail)],
            ],
        ]
    }

    private static func part(_ number: Int, of table: ExitTable) -> String { part(number, of: table.name, "jsonl") }

    static func part(_ number: Int, of table: String, _ form: String) -> String {
        "tables/\(table)/\(String(format: "%06d", number)).\(form)"
    }

    private static let batch = 1_000
    static let partSize = 4 << 20
    /// Of each statement.
    static let timeLimit = Duration.seconds(3600)
}

import Archive
import Foundation
import Postgres
import Records
import Tenancy

/// Everything a tenant has, as one file that another installation takes in: a tar archive of JSON Lines with a manifest of sums.
///
/// It is read at one moment, and no more than a few megabytes of it are in memory. Ways in (sessions, API keys) and sealed secrets of the
/// settings stay behind; passwords go along as the digests they are, so that people sign in at the new place as they do here. So the file
/// is to be guarded like a backup of the database.
package struct TenantExit: Sendable {
    private let scope: TenantScope
    private let base: Catalog

    /// What a file says of itself.
    static let format = "tenantry.tenant"
    static let formatVersion = 1
    static let head = "tenant.json"

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
    package func write(
        _ operators: [Audit.Entry] = [], progress: (String, Int) -> Void = { _, _ in }, into sink: ([UInt8]) async throws -> Void
    ) async throws -> Report {
        let tar = TarWriter(time: Int(Date.now.timeIntervalSince1970))
        return try await scope.limited(to: Self.timeLimit).reading { reading in
            var (manifest, size) = (Manifest(), 0)
            func put(_ name: String, _ content: [UInt8]) async throws {
                manifest.members.append(Manifest.Member(name, content))
                let bytes = tar.file(name, content)
                size += bytes.count
                try await sink(bytes)
            }
            let (tables, catalog) = try await self.tables(reading)
            try await put(Self.head, head.bytes)
            for table in tables {
                var digest = TableDigest()
                var (part, number) = ([UInt8](), 0)
                try await reading.stream(table.lines, batch: Self.batch) { rows in
                    part += try digest.add(rows, of: table)
                    progress(table.name, digest.rows)
                    guard part.count >= Self.partSize else { return }
                    number += 1
                    try await put(Self.part(number, of: table), part)
                    part.removeAll(keepingCapacity: true)
                }
                if !part.isEmpty { try await put(Self.part(number + 1, of: table), part) }
                let rows = digest.rows
                manifest.tables.append(TableSum(table: table.name, rows: rows, hash: digest.finish()))
            }
            try await put("operators-audit.jsonl", operators.flatMap { Array($0.json.utf8) + [UInt8(ascii: "\n")] })
            let last = manifest.document(catalog).bytes
            let end = tar.file(Manifest.name, last) + tar.file(Manifest.sumName, Manifest.sum(of: last)) + tar.end
            try await sink(end)
            return Report(bytes: size + end.count, tables: manifest.tables, types: Manifest.types(manifest.tables, catalog))
        }
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

    private var head: JSON {
        let tenant = scope.tenant
        return [
            "format": .string(Self.format), "version": JSON(Self.formatVersion), "schema_version": JSON(tenant.schemaVersion),
            "written_at": .string(Date.now.apiText),
            "tenant": [
                "slug": .string(tenant.slug), "name": .string(tenant.name), "test": .bool(tenant.isTest),
                "plan": .string(tenant.plan.name), "blueprint": JSON(tenant.blueprint),
                "admin": ["id": .string(tenant.adminID.uuidString.lowercased()), "email": .string(tenant.adminEmail)],
            ],
        ]
    }

    private static func part(_ number: Int, of table: ExitTable) -> String {
        "tables/\(table.name)/\(String(format: "%06d", number)).jsonl"
    }

    private static let batch = 1_000
    private static let partSize = 4 << 20
    /// Of each statement.
    private static let timeLimit = Duration.seconds(3600)
}

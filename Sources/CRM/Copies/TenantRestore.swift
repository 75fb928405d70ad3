import Blobs
import Foundation
import Postgres
import Records
import Tenancy

/// Brings a tenant back to what a snapshot of it says. What was written since is gone.
///
/// The schema is built beside the one that is there and takes its place in one transaction, so the tenant is either as it was before or as the
/// file says. Everybody has to sign in again; an API key that was revoked since stays revoked; waiting jobs go, and what reminds is planned
/// anew from now on.
package struct TenantRestore: Sendable {
    private let file: ExitFile
    private let base: Catalog

    package init(_ file: ExitFile, _ base: Catalog) {
        (self.file, self.base) = (file, base)
    }

    /// Throws `ExitFile.Refused` for another tenant's snapshot.
    package func run(
        _ tenant: Tenant, _ installation: Installation, by instruction: Instruction, progress: @escaping @Sendable (String, Int) -> Void
    ) async throws -> Tenant {
        guard file.head["tenant"]?["id"]?.string == tenant.id.text else {
            throw ExitFile.Refused("This is a snapshot of \(file.slug), which is another tenant than \(tenant.slug) of this installation.")
        }
        let restored = try await installation.provisioning.refill(tenant, schemaVersion: file.schemaVersion, by: instruction) {
            transaction in
            try fill(transaction, progress)
        } beforeOpening: { tenant in
            try await file.place(in: installation.blobs, of: tenant)
        }
        let scope = try installation.directory.scope(for: restored)
        _ = try await scope.run(PlanReminders.everything(armed: "extract(epoch FROM cell.tenant_now())"))
        _ = try await Recount(installation).run(restored)
        return restored
    }

    private func fill(_ transaction: borrowing Transaction, _ progress: (String, Int) -> Void) throws {
        try transaction.flush([ExitTable.canonical])
        var again = try SchemaParts.takeReferences(transaction)
        for table in file.tables(over: 8 << 20) { again += try SchemaParts.takeIndexes(of: table, transaction) }
        var rows: [String: Int] = [:]
        var isBuilt = false
        // Tables that a fresh schema has rows in already.
        for sum in file.manifest.tables where !sum.table.hasPrefix("c_") {
            try transaction.flush([SQL(code: "DELETE FROM \(SQL.quoted(identifier: sum.table))").prepared(.none)])
        }
        try file.parts { table, part in
            if !isBuilt, !ExitTable.first.contains(table) {
                isBuilt = true
                try OwnTables.build(transaction, base: base)
                again += try SchemaParts.takeReferences(transaction)
            }
            let columns = (file.head["columns"]?[table]?.elements ?? []).compactMap(\.string)
            let list = columns.map { SQL.quoted(identifier: $0) }.joined(separator: ", ")
            let statement = SQL(code: "COPY \(SQL.quoted(identifier: table)) (\(list)) FROM STDIN")
            rows[table, default: 0] += try transaction.copyIn(statement) { put in
                for start in stride(from: 0, to: part.count, by: 1 << 20) { try put(Array(part[start..<min(start + 1 << 20, part.count)])) }
            }
            progress(table, rows[table] ?? 0)
        }
        for statement in again { try transaction.flush([statement]) }
        for sum in file.manifest.tables where rows[sum.table, default: 0] != sum.rows {
            throw ExitFile.Refused("Of \(sum.table) there are \(rows[sum.table, default: 0]) rows instead of \(sum.rows).")
        }
        try transaction.flush(["DELETE FROM attachments WHERE id <> ALL (\(file.contents.map(\.id))::uuid[])"])
    }
}

extension ExitFile {
    /// Tables whose members have more bytes than these.
    fileprivate func tables(over limit: Int) -> [String] {
        var sizes: [String: Int] = [:]
        for member in manifest.members {
            let words = member.name.split(separator: "/")
            if words.count == 3 { sizes[String(words[1]), default: 0] += member.bytes }
        }
        return sizes.filter { $0.value > limit && !$0.key.hasPrefix("c_") }.keys.sorted()
    }
}

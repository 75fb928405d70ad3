import Records
import Secrets

/// What a tenant's file holds, written last: a sum for each of its members, and for each table a digest of its rows.
struct Manifest: Sendable {
    struct Member: Sendable, Hashable {
        let name: String
        let bytes: Int
        let sha256: String

        init(_ name: String, _ content: [UInt8]) {
            (self.name, bytes, sha256) = (name, content.count, Digest.sha256(content).hex)
        }

        /// - Parameter digest: SHA-256 of the content.
        init(_ name: String, bytes: Int, digest: [UInt8]) {
            (self.name, self.bytes, sha256) = (name, bytes, digest.hex)
        }

        fileprivate init?(_ document: JSON) {
            guard let name = document["name"]?.string, let bytes = document["bytes"]?.integer, let sum = document["sha256"]?.string else {
                return nil
            }
            (self.name, self.bytes, sha256) = (name, bytes, sum)
        }
    }

    static let name = "manifest.json"
    /// The manifest's own sum stands behind it, as `sha256sum -c` reads it.
    static let sumName = "manifest.sha256"

    static func sum(of manifest: [UInt8]) -> [UInt8] { Array("\(Digest.sha256(manifest).hex)  \(name)\n".utf8) }

    var members: [Member] = []
    var tables: [TableSum] = []

    init() {}

    /// Nil for what is no manifest.
    init?(_ document: JSON) {
        guard let members = document["members"]?.elements, let tables = document["tables"]?.elements else { return nil }
        self.members = members.compactMap(Member.init)
        self.tables = tables.compactMap { table in
            guard let name = table["table"]?.string, let rows = table["rows"]?.integer, let hash = table["hash"]?.string else { return nil }
            return TableSum(table: name, rows: rows, hash: hash)
        }
        guard self.members.count == members.count, self.tables.count == tables.count else { return nil }
    }

    /// - Parameter catalog: which table holds which record type.
    func document(_ catalog: Catalog) -> JSON {
        [
            "members": .array(members.map { ["name": .string($0.name), "bytes": JSON($0.bytes), "sha256": .string($0.sha256)] }),
            "tables": .array(tables.map { ["table": .string($0.table), "rows": JSON($0.rows), "hash": .string($0.hash)] }),
            "types": Self.types(tables, catalog),
        ]
    }

    /// The sums by record type.
    static func types(_ tables: [TableSum], _ catalog: Catalog) -> JSON {
        .object(
            catalog.types.compactMap { type in
                tables.first { $0.table == type.table }.map {
                    .init(type.name, ["records": JSON($0.rows), "hash": .string($0.hash)])
                }
            })
    }
}

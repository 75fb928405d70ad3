import Postgres
import Secrets

/// Up to where an export has read: the snapshot of its transaction, which tells of every other transaction whether the export saw it.
///
/// Changes carry the transaction that made them (`changes.transaction`), so what an earlier export did not see is exactly what its snapshot
/// calls invisible, however late a transaction committed whose changes have early times and ids. Times and sequences cannot tell that: they
/// are given when a row is written, in another order than that in which rows become visible.
///
/// Transactions are numbered by a cluster of PostgreSQL, so a mark is bound to its cluster as well as to tenant and record type.
package struct ExportMark: Sendable, Hashable {
    /// As `pg_snapshot` writes it: `xmin:xmax:xip,xip`.
    let snapshot: String
    /// The oldest transaction that was running: whatever came before was seen.
    let oldest: String
    /// Which cluster (`pg_control_system().system_identifier`).
    let cluster: String

    /// Selects the two parts of the mark of the transaction that asks.
    static let now: SQL = "SELECT pg_current_snapshot()::text, system_identifier::text FROM pg_control_system()"

    /// Reads a row of `now`.
    init?(_ row: Row) throws {
        self.init(snapshot: try row.text(0), cluster: try row.text(1))
    }

    /// Nil for what no export of this tenant and type has answered.
    init?(_ text: String, of store: RecordStore) {
        guard let bytes = Base64.url.decode(text), let parts = (try? JSON(parsing: bytes))?.elements,  // no JSON, no mark
            parts.count == 3, parts[0].string == Self.owner(store), let snapshot = parts[1].string, let cluster = parts[2].string
        else { return nil }
        self.init(snapshot: snapshot, cluster: cluster)
    }

    func text(of store: RecordStore) -> String {
        Base64.url.encode(JSON.array([.string(Self.owner(store)), .string(snapshot), .string(cluster)]).bytes)
    }

    private init?(snapshot: String, cluster: String) {
        let parts = snapshot.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let least = UInt64(parts[0]), let end = UInt64(parts[1]), (1...end).contains(least) else { return nil }
        // A forged one must not reach the server: ascending, between its ends (pg_snapshot_in).
        var last: UInt64?
        for word in parts[2].split(separator: ",", omittingEmptySubsequences: !parts[2].contains(",")) {
            guard let running = UInt64(word), running >= least, running < end, last.map({ $0 < running }) ?? true else { return nil }
            last = running
        }
        (self.snapshot, oldest, self.cluster) = (snapshot, String(least), cluster)
    }

    private static func owner(_ store: RecordStore) -> String {
        Cursor.fingerprint([store.scope.tenant.id.uuidString, store.type.name, "export"])
    }
}

import Foundation
import Postgres
import Secrets

/// What the change log calls a write that is part of something larger; other writes bear the name of their call.
package enum Purpose: String, Sendable, Hashable { case merge, undo, `import` }

extension RecordType.Change {
    /// An UPDATE of other records that follows from this change. Each that is changed gets a version and a change-log row of its own,
    /// under the same operation.
    ///
    /// - Parameters:
    ///   - source: a further relation that the condition and the assignments may name; the record is `r`.
    package func cascade(_ type: RecordType, set assignments: SQL, with source: SQL? = nil, where condition: SQL) -> SQL {
        let table = SQL(code: type.table)
        let others: SQL = source.map { ", " + $0 } ?? ""
        return """
            WITH before AS (SELECT r.* FROM \(table) AS r\(others) WHERE \(condition) FOR UPDATE OF r),
                record AS (
                    UPDATE \(table) AS r SET \(assignments), \(caller.stamp)
                    FROM before\(others) WHERE r.id = before.id AND \(condition) RETURNING r.*)
            \(caller.logging(.update, in: type, type.changedFields))
            """
    }
}

extension RecordStore {
    /// The same store for one write that changes other records with it, so that all of it can be undone together.
    var operating: RecordStore {
        guard caller.operationID == nil else { return self }
        var caller = caller
        caller.operationID = UUID.v7()
        return RecordStore(type, of: catalog, in: scope, for: caller)
    }
}

import Postgres

/// A record that was erased: nothing is known of it any more but when.
///
/// There is no table of them. Of all that the change log told of the record one row is left, which says so.
package struct Tombstone: Sendable {
    package let id: String
    /// As RFC 3339 writes it.
    package let erasedAt: String

    /// How the change log calls it.
    package static let member = "erased_at"

    /// What is told at the record's address: 410.
    package func problem(of type: RecordType) -> Problem {
        Problem(
            .gone, "This \(type.singular) was erased, and everything about it.",
            members: [.init("id", .string(id)), .init(Self.member, .string(erasedAt))])
    }

    /// Selects when the record was erased, for those who may read every record of the type: for others it was never there.
    static func query(_ id: SQL, of type: RecordType) -> SQL {
        SQL(code: "SELECT log.fields #>> '{\(member),after}' AS erased_at FROM changes AS log WHERE log.record_id = ") + id
            + " AND log.type = \(type.name)" + SQL(code: " AND log.fields ? '\(member)' LIMIT 1")
    }

    /// An INSERT of the row for each of the records, from outside the trash or from within it, where they are still there.
    package static func making(_ ids: [String], of type: RecordType, by caller: Caller, reason: SQL) -> SQL {
        let table = SQL(code: type.table)
        let moment = SQL(code: CommonFields.deletedAt.json("moment"))
        return """
            WITH moment AS (SELECT now() AS deleted_at), record AS (
                SELECT given.id, coalesce(r.version, 1) AS version, r.id IS NOT NULL AND r.deleted_at IS NULL AS is_counted
                FROM unnest(\(ids)::uuid[]) AS given (id) LEFT JOIN \(table) AS r USING (id))
            \(caller.logging(
                .purge, in: type,
                """
                jsonb_build_object(\(member)::text, jsonb_build_object('before', NULL, 'after', \(moment)),
                    'reason', jsonb_build_object('before', NULL, 'after', \(reason)))
                || CASE WHEN record.is_counted
                    THEN jsonb_build_object('deleted_at', jsonb_build_object('before', NULL, 'after', \(moment))) ELSE '{}' END
                FROM record, moment
                """))
            """
    }
}

import Jobs
import Postgres
import Tenancy

extension Attachments {
    /// For a transaction that deletes records for good: their files go too. The last statements of the transaction, since they lock what
    /// counts the tenant's bytes. `records` is an expression of type `uuid[]`.
    package static func leaving(_ type: RecordType, _ records: SQL) -> [SQL] {
        let ofRecords: SQL = "record_id = ANY (\(records)) AND type = \(type.name)"
        return [
            """
            WITH removed AS (
                UPDATE attachments SET removed_at = now(), name = '' WHERE \(ofRecords) AND removed_at IS NULL RETURNING size
            ), freed AS (SELECT sum(size)::bigint AS size FROM removed HAVING count(*) > 0)
            UPDATE usage SET used = used - freed.size FROM freed WHERE resource = \(Resource.storage)
            """,
            // Only where something was removed: most records have no files.
            SQL.enqueue(RemoveBytes())
                + " WHERE EXISTS (SELECT FROM attachments WHERE \(ofRecords) AND removed_at = now()::timestamptz(3))",
        ]
    }
}

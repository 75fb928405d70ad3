import Postgres
import Tenancy

/// How much a tenant has of what its plan limits: rows of `usage`, written in the transaction of the write that they count, and right
/// whatever the plan, so that another plan finds them so.
///
/// The rows are the last locks that a transaction takes, and always in the order of their names: writers wait for one another no longer
/// than a commit takes, and never in a circle.
package enum Usage {
    /// Counts the records that this transaction has made, trashed, restored and purged, as its rows in the change log tell; refuses with
    /// `PlanLimit` what there is no room for, the narrowest limit first. Once per transaction, at its end.
    package static func settled(_ catalog: Catalog, _ entitlements: Entitlements) -> SQL {
        records(
            moved: """
                SELECT \(Resource.records(of: ""))::text || type AS resource, sum(\(step)) AS moved FROM changes
                WHERE transaction = pg_current_xact_id() AND type <> ALL (\(catalog.uncounted)::text[]) GROUP BY type
                """, entitlements)
    }

    /// Adds to the records of types and to their sum, and refuses what is too much. `moved` selects resource and difference.
    package static func records(moved: SQL, _ entitlements: Entitlements) -> SQL {
        let limits = entitlements.limits.filter { $0.key.hasPrefix(Resource.records) }.sorted { $0.key < $1.key }
        return """
            WITH moved AS (\(moved)), due AS (
                SELECT resource, moved FROM moved WHERE moved <> 0
                UNION ALL SELECT \(Resource.records)::text, sum(moved)::bigint FROM moved HAVING sum(moved) <> 0
            ), counted AS (
                INSERT INTO usage (resource, used) SELECT resource, moved FROM due ORDER BY resource
                ON CONFLICT (resource) DO UPDATE SET used = usage.used + excluded.used
                RETURNING resource, used
            )
            SELECT \(PlanLimit.refusal("resource", limit: "allowed.most", used: "counted.used - due.moved", plan: entitlements.plan.name))
            FROM counted JOIN due USING (resource)
                JOIN unnest(\(limits.map(\.key))::text[], \(limits.map(\.value))::bigint[]) AS allowed (resource, most) USING (resource)
            WHERE counted.used > allowed.most AND due.moved > 0
            ORDER BY length(resource) DESC LIMIT 1
            """
    }

    /// What one row of the change log adds.
    private static let step = SQL(
        code: """
            CASE WHEN fields ? 'deleted_at' THEN CASE WHEN fields #>> '{deleted_at,after}' IS NULL THEN 1 ELSE -1 END
                WHEN version = 1 AND action <> 'purge' THEN 1 ELSE 0 END
            """)

    /// Counts anew what there are few of; refuses what makes them more than the plan allows. `rows` is what stands after FROM.
    ///
    /// The row is locked by a statement of its own: the next one sees everything that whoever had it before has written.
    package static func recounted(_ resource: String, of rows: SQL, _ entitlements: Entitlements) -> [SQL] {
        let lock: SQL = """
            INSERT INTO usage (resource, used) VALUES (\(resource), 0) ON CONFLICT (resource) DO UPDATE SET used = usage.used
            """
        let counting: SQL = "UPDATE usage SET used = (SELECT count(*) FROM \(rows)) WHERE resource = \(resource)"
        guard let limit = entitlements.limits[resource] else { return [lock, counting] }
        let refusal = PlanLimit.refusal(
            "\(resource)::text", limit: "\(limit)::bigint", used: "before.used", plan: entitlements.plan.name)
        return [
            lock,
            """
            WITH before AS (SELECT used FROM usage WHERE resource = \(resource)), counted AS (\(counting) RETURNING used)
            SELECT \(refusal) FROM counted, before WHERE counted.used > \(limit)::bigint AND counted.used > before.used
            """,
        ]
    }
}

extension Catalog {
    /// Types whose records are no business of the tenant's: how the account is furnished.
    var uncounted: [String] { types.filter { $0.standing == .furniture }.map(\.name) }

    /// Types whose records count as such.
    package var counted: [RecordType] { types.filter { $0.standing != .furniture } }
}

extension RecordStore {
    /// For the end of a transaction that writes records of any type.
    var counting: SQL { Usage.settled(catalog, scope.entitlements) }

    /// For the end of a unit that makes, trashes, restores or purges a record of this type.
    var ownCounting: SQL? { type.standing == .furniture ? nil : counting }
}

extension PostgresError {
    /// What a refusal by a limit of the plan means; nil for any other.
    package var planLimit: Problem? { refusal?.constraint.flatMap(PlanLimit.init)?.problem }
}

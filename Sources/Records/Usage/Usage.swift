import Postgres
import Tenancy

/// How much a tenant has of what its plan limits: rows of `usage` and `usage_slots`, written in the transaction of the write that they count, and
/// right whatever the plan, so that another plan finds them so.
///
/// Records are counted in slots, a row for each of sixteen groups of connections, so that writers of one tenant do not wait for one another's
/// commit (the escrow method: O'Neil, "The Escrow Transactional Method", ACM TODS 11:4, 1986). What one writer cannot see are the uncommitted
/// numbers of the others: at most one transaction in each slot, each of `few` records. As long as that much room is left beside what is seen,
/// the limit holds. Nearer to it, and for more records at once, a transaction counts alone, with everyone else's numbers committed.
///
/// The rows and the turn are the last locks that a transaction takes, and always in the order of their names: writers wait for one another
/// no longer than a commit takes, and never in a circle.
package enum Usage {
    /// How many groups of connections count side by side.
    private static let slots = 16

    /// Up to so many records a transaction may count beside others.
    private static let few = 8

    /// What others may have counted that cannot be seen yet.
    private static let unseen = slots * few

    /// Who comes as near to a limit as that asks for the turn at once. Far more than `unseen`: what others commit while a transaction waits for
    /// its slot must not bring it to the point where it ought to have been alone.
    private static let near = 1_000

    /// Every resource with how much of it is used, to read from: `resource`, `used`, `month`.
    package static let rows: SQL = """
        (SELECT resource, sum(used)::bigint AS used, max(month) AS month
        FROM (SELECT resource, used, month FROM usage UNION ALL SELECT resource, used, NULL::date FROM usage_slots) AS parts GROUP BY resource)
        """

    /// How much there is of a resource, an expression.
    package static func total(of resource: SQL) -> SQL {
        """
        (coalesce((SELECT part.used FROM usage AS part WHERE part.resource = \(resource)), 0)
            + coalesce((SELECT sum(part.used) FROM usage_slots AS part WHERE part.resource = \(resource)), 0))
        """
    }

    /// Counts the records that this transaction has made, trashed, restored and purged, as its rows in the change log tell; refuses with
    /// `PlanLimit` what there is no room for, the narrowest limit first. Once per transaction, at its end.
    package static func settled(_ catalog: Catalog, _ entitlements: Entitlements) -> [SQL] {
        counted(
            """
            SELECT \(Resource.records(of: ""))::text || type AS resource, sum(\(step)) AS moved FROM changes
            WHERE transaction = pg_current_xact_id() AND type <> ALL (\(catalog.uncounted)::text[]) GROUP BY type
            """, entitlements,
            isMuch:
                "(SELECT count(*) FROM (SELECT FROM changes WHERE transaction = pg_current_xact_id() LIMIT \(few + 1)::bigint) AS made) > \(few)::bigint"
        )
    }

    /// Adds to the records of types and to their sum, and refuses what is too much. `moved` selects resource and difference.
    package static func records(moved: SQL, _ entitlements: Entitlements) -> [SQL] {
        counted(moved, entitlements, isMuch: "true")
    }

    /// A type is gone for good, with what was counted of it.
    package static func forgotten(_ resource: String) -> [SQL] {
        ["DELETE FROM usage WHERE resource = \(resource)", "DELETE FROM usage_slots WHERE resource = \(resource)"]
    }

    /// Whoever counts what `usage` should say waits until nobody else counts, and then nobody does until the transaction ends.
    package static let alone: SQL = "SELECT pg_advisory_xact_lock(\(turn))"

    private static let turn: SQL = "hashtextextended(current_schema() || '.usage', 0)"

    /// What this transaction has counted, and whether alone: known until it ends.
    private static let note = "tenantry.counted"

    private static func counted(_ moved: SQL, _ entitlements: Entitlements, isMuch: SQL) -> [SQL] {
        let limits = entitlements.limits.filter { $0.key.hasPrefix(Resource.records) }.sorted { $0.key < $1.key }
        let allowed: SQL = "unnest(\(limits.map(\.key))::text[], \(limits.map(\.value))::bigint[]) AS allowed (resource, most)"
        let isNear: SQL =
            limits.isEmpty
            ? isMuch
            : "\(isMuch) OR EXISTS (SELECT FROM \(allowed) WHERE \(total(of: "allowed.resource")) + \(near)::bigint > allowed.most)"
        let count: SQL = """
            WITH moved AS (\(moved)), due AS (
                SELECT resource, moved FROM moved WHERE moved <> 0
                UNION ALL SELECT \(Resource.records)::text, sum(moved)::bigint FROM moved HAVING sum(moved) <> 0
            ), turn AS MATERIALIZED (
                SELECT
                    (CASE WHEN look.is_near THEN pg_advisory_xact_lock(\(turn)) ELSE pg_advisory_xact_lock_shared(\(turn)) END)::text AS taken,
                    set_config(\(note), jsonb_build_object(
                        'alone', look.is_near, 'due', (SELECT jsonb_object_agg(resource, moved) FROM due))::text, true) AS noted
                FROM (SELECT \(isNear) AS is_near) AS look
            )
            INSERT INTO usage_slots AS u (resource, slot, used)
            SELECT due.resource, pg_backend_pid() % \(slots)::integer, due.moved FROM turn CROSS JOIN due WHERE turn.taken IS NOT NULL
            ORDER BY due.resource
            ON CONFLICT (resource, slot) DO UPDATE SET used = u.used + excluded.used
            """
        guard !limits.isEmpty else { return [count] }
        // A statement of its own: it sees what others have committed while the first one waited.
        let check: SQL = """
            WITH noted AS (SELECT current_setting(\(note))::jsonb AS note), counted AS (
                SELECT due.resource, due.moved::bigint AS moved, allowed.most, \(total(of: "due.resource")) AS used,
                    (noted.note ->> 'alone')::boolean AS is_alone
                FROM noted CROSS JOIN jsonb_each_text(CASE jsonb_typeof(noted.note -> 'due') WHEN 'object' THEN noted.note -> 'due' ELSE '{}' END)
                    AS due (resource, moved) JOIN \(allowed) USING (resource)
                WHERE due.moved::bigint > 0
            )
            SELECT CASE WHEN is_alone
                THEN \(PlanLimit.refusal("resource", limit: "most", used: "used - moved", plan: entitlements.plan.name))
                ELSE cell.refuse('40001', 'usage') END
            FROM counted WHERE used + CASE WHEN is_alone THEN 0 ELSE \(unseen)::bigint END > most
            ORDER BY length(resource) DESC LIMIT 1
            """
        return [count, check]
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
    var counting: [SQL] { Usage.settled(catalog, scope.entitlements) }

    /// For the end of a unit that makes, trashes, restores or purges a record of this type.
    var ownCounting: [SQL] { type.standing == .furniture ? [] : counting }
}

extension PostgresError {
    /// What a refusal by a limit of the plan means; nil for any other.
    package var planLimit: Problem? { refusal?.constraint.flatMap(PlanLimit.init)?.problem }
}

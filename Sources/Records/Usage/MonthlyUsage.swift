import Postgres
import Tenancy

/// What a plan allows so many of in each month (UTC): a row of `usage` that knows its month, taken before the thing is done and given back
/// when it was not.
extension Usage {
    private static let thisMonth: SQL = "date_trunc('month', now() AT TIME ZONE 'UTC')::date"

    /// How much of a resource is used, as a column of `usage`: what belongs to an earlier month is none.
    package static let used: SQL = "CASE WHEN month < \(thisMonth) THEN 0 ELSE used END"

    /// A statement that takes one for each row of `rows` (a name) and returns `used`. The row stays locked until the transaction ends.
    package static func oneMore(_ resource: String, for rows: SQL) -> SQL {
        """
        INSERT INTO usage (resource, used, month) SELECT \(resource)::text, 1, \(thisMonth) FROM \(rows)
        ON CONFLICT (resource) DO UPDATE
        SET used = CASE WHEN usage.month = excluded.month THEN usage.used + 1 ELSE 1 END, month = excluded.month
        RETURNING used
        """
    }

    /// An expression over `counted.used` that ends the unit when it is more than the plan allows; null otherwise.
    package static func refusal(_ resource: String, _ entitlements: Entitlements) -> SQL {
        guard let limit = entitlements.limits[resource] else { return "NULL::boolean" }
        let refusal = PlanLimit.refusal(
            "\(resource)::text", limit: "\(limit)::bigint", used: "counted.used - 1", plan: entitlements.plan.name)
        return "CASE WHEN counted.used > \(limit)::bigint THEN \(refusal) END"
    }

    /// A statement that gives one back if there are `rows` (a name). One that was taken in an earlier month is nobody's any more.
    package static func oneLess(_ resource: String, for rows: SQL) -> SQL {
        """
        UPDATE usage SET used = used - 1
        WHERE resource = \(resource) AND month = \(thisMonth) AND used > 0 AND EXISTS (SELECT FROM \(rows))
        """
    }
}

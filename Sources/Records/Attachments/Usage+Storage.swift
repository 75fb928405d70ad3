import Postgres
import Tenancy

extension Usage {
    /// Adds bytes to what the tenant stores; refuses with `PlanLimit` what there is no room for. Less is always possible.
    static func stored(_ bytes: Int, _ entitlements: Entitlements) -> SQL {
        let counted: SQL = """
            INSERT INTO usage (resource, used) VALUES (\(Resource.storage), \(bytes))
            ON CONFLICT (resource) DO UPDATE SET used = usage.used + excluded.used
            """
        guard bytes > 0, let limit = entitlements.limits[Resource.storage] else { return counted }
        let refusal = PlanLimit.refusal(
            "\(Resource.storage)::text", limit: "\(limit)::bigint", used: "counted.used - \(bytes)::bigint", plan: entitlements.plan.name)
        return "WITH counted AS (\(counted) RETURNING used) SELECT \(refusal) FROM counted WHERE counted.used > \(limit)::bigint"
    }
}

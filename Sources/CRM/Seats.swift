import Postgres
import Records
import Tenancy

/// Who of more users than the plan allows may sign in: administrators first, then whoever has been there longest. Nobody is deleted or
/// disabled; with a larger plan everyone is back.
package enum Seats {
    /// The condition that the user of this id has a seat; nil when nobody can be without one.
    package static func isTaken(by user: SQL, _ entitlements: Entitlements) -> SQL? {
        guard entitlements.tightened.contains(Resource.users), let limit = entitlements.limits[Resource.users] else { return nil }
        return """
            \(user) IN (
                SELECT users.id FROM users JOIN roles ON roles.id = users.role_id
                WHERE users.deleted_at IS NULL AND users.status IN ('active', 'invited')
                ORDER BY (users.status = 'active' AND roles.key IS NOT DISTINCT FROM 'admin') DESC, users.created_at, users.id
                LIMIT \(limit)::bigint)
            """
    }

    /// Refuses with `.planLimit` when the user has none.
    package static func check(_ user: SQL, in scope: TenantScope) async throws {
        guard let isTaken = isTaken(by: user, scope.entitlements), let limit = scope.limits[Resource.users] else { return }
        let rows = try await scope.rows("SELECT \(isTaken), used FROM usage WHERE resource = \(Resource.users)")
        guard let row = rows.first, try !row.bool(0) else { return }
        throw PlanLimit(resource: Resource.users, limit: limit, used: try row.int(1), plan: scope.entitlements.plan.name).problem
    }

    /// Ends the sessions of those who have none.
    static func vacated(_ scope: TenantScope) -> [SQL] {
        guard let isTaken = isTaken(by: "sessions.user_id", scope.entitlements) else { return [] }
        return ["DELETE FROM sessions WHERE NOT (\(isTaken))", Credentials.changed(scope.tenant.slug)]
    }
}

extension Installation {
    /// Gives the tenant another plan and ends the sessions of those for whom it has no seat.
    ///
    /// Throws as `Lifecycle.changePlan`.
    package func changePlan(of slug: String, to change: PlanChange, by instruction: Instruction) async throws -> Tenant {
        let tenant = try await lifecycle.changePlan(of: slug, to: change, by: instruction)
        guard tenant.state.allowsReads, tenant.quarantinedReason == nil else { return tenant }
        let scope = try directory.scope(for: tenant)
        let ending = Seats.vacated(scope)
        if !ending.isEmpty { _ = try await scope.run(ending) }
        return tenant
    }
}

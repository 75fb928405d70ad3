import Postgres

/// Another plan for a tenant.
package struct PlanChange: Sendable {
    /// The plan's name.
    package var plan: String
    /// Nil for the newest.
    package var version: Int?
    /// What is agreed beside the plan, as a JSON object; nil leaves it as it was.
    package var overrides: Overrides?

    package init(plan: String, version: Int? = nil, overrides: Overrides? = nil) {
        self.plan = plan
        self.version = version
        self.overrides = overrides
    }
}

extension Lifecycle {
    /// Gives the tenant another plan, or other overrides; every process knows within a second or two. What it has already is nothing new.
    ///
    /// Throws `.unknownTenant`, also of one that is not usable yet or no longer, `.unknownPlan` and `.unknownPlanVersion`.
    package func changePlan(of slug: String, to change: PlanChange, by instruction: Instruction) async throws -> Tenant {
        let tenant = try await control.transaction { transaction in
            guard let row = try transaction.rows("SELECT \(Tenant.columns) FROM tenants WHERE slug = \(slug) FOR UPDATE").first else {
                throw TenancyError.unknownTenant(slug)
            }
            let before = try Tenant(row)
            guard before.state != .deleted, before.state != .provisioning else { throw TenancyError.unknownTenant(slug) }
            let new = try Self.plan(change, transaction)
            let overrides = change.overrides ?? before.overrides
            guard new.key != before.plan || overrides != before.overrides else { return before }
            let old = try Self.plan(PlanChange(plan: before.plan.name, version: before.plan.version), transaction)
            let tightened = Entitlements(new, overrides).tightened(
                since: Entitlements(old, before.overrides, tightened: before.tightened))
            let rows = try transaction.flush([
                """
                UPDATE tenants
                SET plan = \(new.key.name), plan_version = \(new.key.version), overrides = \(overrides.text)::jsonb,
                    tightened = \(tightened.sorted())::text[], changed_at = clock_timestamp()
                WHERE slug = \(slug) RETURNING \(Tenant.columns)
                """,
                """
                SELECT append_audit(\(instruction.actor), 'change_plan', \(slug), \(instruction.reason), \(instruction.requestID))
                """,
                Control.announcement(of: slug),
            ])
            return try rows[0].first.map(Tenant.init) ?? before
        }
        try await directory.learn(tenant)
        return tenant
    }

    /// The tenant is within its limits again, except for these: reads need not look any more. Does nothing to one that has another plan by
    /// now.
    package func relax(_ tenant: Tenant, except tightened: Set<String>) async throws {
        let answers = try await control.run(
            [
                """
                UPDATE tenants SET tightened = \(tightened.sorted())::text[], changed_at = clock_timestamp()
                WHERE id = \(tenant.id) AND plan = \(tenant.plan.name) AND plan_version = \(tenant.plan.version)
                    AND overrides = \(tenant.overrides.text)::jsonb AND tightened <> \(tightened.sorted())::text[]
                RETURNING \(Tenant.columns)
                """,
                Control.announcement(of: tenant.slug),
            ])
        if let tenant = try answers[0].first.map(Tenant.init) { try await directory.learn(tenant) }
    }

    private static func plan(_ change: PlanChange, _ transaction: borrowing Transaction) throws -> Plan {
        let rows = try transaction.rows(
            """
            SELECT \(Plan.columns) FROM plans WHERE name = \(change.plan) AND version = coalesce(\(change.version)::integer, version)
            ORDER BY version DESC LIMIT 1
            """)
        if let plan = try rows.first.map(Plan.init) { return plan }
        let isKnown = try !transaction.rows("SELECT FROM plans WHERE name = \(change.plan) LIMIT 1").isEmpty
        guard isKnown, let version = change.version else { throw TenancyError.unknownPlan(change.plan) }
        throw TenancyError.unknownPlanVersion(change.plan, version)
    }
}

extension Entitlements {
    /// What is limited more tightly than before, or was so already and is still limited: of this there may be too much.
    fileprivate func tightened(since before: Entitlements) -> Set<String> {
        Set(
            limits.filter { resource, limit in
                before.tightened.contains(resource) || limit < before.limits[resource] ?? .max
            }.keys)
    }
}

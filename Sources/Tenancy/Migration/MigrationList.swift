import Postgres

/// How far the schema of each tenant is, for operators.
extension Migrator {
    package enum Standing: String, Sendable, CaseIterable {
        case current, pending
        /// It could not be migrated and is closed until that is mended.
        case quarantined
    }

    /// The newest version of a tenant's schema that this program knows.
    package var latest: Int { settings.schema.tenant.latest }

    package func standing(of tenant: Tenant) -> Standing {
        tenant.quarantinedReason != nil ? .quarantined : tenant.schemaVersion < latest ? .pending : .current
    }

    /// Tenants after a slug, in the order of slugs.
    package func page(after slug: String?, _ standing: Standing?, limit: Int) async throws -> [Tenant] {
        let condition: SQL =
            switch standing {
            case nil: "true"
            case .quarantined: "quarantined_reason IS NOT NULL"
            case .pending: "quarantined_reason IS NULL AND schema_version < \(latest)"
            case .current: "quarantined_reason IS NULL AND schema_version >= \(latest)"
            }
        return try await control.rows(
            """
            SELECT \(Tenant.columns) FROM tenants
            WHERE state NOT IN ('provisioning', 'deleted') AND (\(slug)::text IS NULL OR slug > \(slug)::text) AND \(condition)
            ORDER BY slug LIMIT \(limit)
            """
        ).map(Tenant.init)
    }

    /// Migrates one tenant: one that waits, or again one that failed. Answers how it stands then; one that is up to date stays as it is.
    package func retry(_ slug: String, by instruction: Instruction) async throws -> Tenant {
        guard let tenant = try await directory.find(slug: slug), ![.provisioning, .deleted].contains(tenant.state) else {
            throw TenancyError.unknownTenant(slug)
        }
        guard standing(of: tenant) != .current else { return tenant }
        _ = try await control.rows(
            "SELECT append_audit(\(instruction.actor), 'migrate', \(slug), \(instruction.reason), \(instruction.requestID))",
            isRepeatable: false)
        let cell = try cells.named(tenant.cell)
        let membership = OwnersMembership(tenants: [tenant], cells: cells, locks: locks)
        try await membership.begin()
        do {
            _ = try await TenantMigration(control: control, files: settings.schema.tenant, locks: locks).attempt(tenant, in: cell)
        } catch {
            // What ended it is thrown; the next migration takes up the membership.
            try? await membership.end()
            throw error
        }
        try await membership.end()
        try await directory.refresh()
        return try await directory.find(slug: slug) ?? tenant
    }
}

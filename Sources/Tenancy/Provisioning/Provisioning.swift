import Foundation
import Postgres
import Schema
import Secrets

/// Makes tenants: a row in the directory that takes the name, one transaction in the cell that builds the schema or takes one that stands
/// ready (`Spare`), and the row again, which opens it.
///
/// Each step can be done again: after a crash at any point the same order goes on where it ended. Until the last step the tenant is in the
/// state `provisioning`, which nobody is routed to.
package struct Provisioning: Sendable {
    let control: Control
    let identity: IdentityHolder
    let cells: Cells
    let directory: Directory
    let removal: Removal
    let settings: InstallationSettings
    private let line = ProvisioningLine()
    /// Called after each step; tests stop here as a crash would.
    var afterStep: @Sendable (Step) throws -> Void = { _ in }

    enum Step: CaseIterable, Sendable { case reserved, filled, built, opened }

    /// A tenant that is usable, and whether this order made it so or found it.
    package struct Provisioned: Sendable {
        package let tenant: Tenant
        package let isNew: Bool
    }

    /// Makes the tenant, or finds what the same order made before.
    ///
    /// Throws `.invalidSlug`, `.slugTaken` for a deleted tenant's name, `.conflict` for another order of the same name, `.unknownPlan`,
    /// `.unknownCell` and `.cellFull`. Any number of callers may place the same order at once.
    package func provision(_ request: ProvisionRequest, by instruction: Instruction) async throws -> Provisioned {
        try Slug.check(request.slug)
        let reserved = try await reserve(request)
        try afterStep(.reserved)
        guard reserved.state == .provisioning else {
            try await directory.learn(reserved)
            return Provisioned(tenant: reserved, isNew: false)
        }
        let built = try await build(reserved, request)
        try afterStep(.built)
        let opened = try await open(built, request, instruction)
        try afterStep(.opened)
        return opened
    }

    /// Takes the name and a place in a cell, or finds the row of the same order. Schema and role have the names with which they would be made.
    func reserve(_ request: ProvisionRequest) async throws -> Tenant {
        let identity = try await identity.identity()
        let fingerprint = identity.keyed("provision", request.fingerprint)
        let plan: SQL = "coalesce(\(request.plan ?? settings.defaultPlan)::text, (SELECT default_plan FROM installation), 'free')"
        let answers = try await control.run(
            [
                // One after another, so that a cell is filled to its limit and no further.
                "SELECT pg_advisory_xact_lock(hashtext('tenantry placement'))",
                """
                INSERT INTO tenants (id, slug, name, cell, plan, plan_version, test, blueprint, fingerprint, admin_id, admin_email)
                SELECT \(UUID.v7()), \(request.slug), \(request.name), place.cell, plan.name, plan.version, \(request.isTest),
                    \(request.blueprint), \(SQLValue.bytes(fingerprint)), \(request.adminID ?? UUID.v7()), \(request.admin.email)
                FROM (
                    SELECT cells.name AS cell
                    FROM cells LEFT JOIN tenants ON tenants.cell = cells.name AND tenants.dropped_at IS NULL
                    WHERE cells.state = 'open' AND cells.schema_version > 0 AND cells.name = coalesce(\(request.cell), cells.name)
                    GROUP BY cells.name
                    HAVING count(tenants.id) < cells.tenant_limit
                    ORDER BY count(tenants.id)::float / cells.tenant_limit, cells.name
                    LIMIT 1
                ) AS place, (
                    SELECT name, version FROM plans WHERE name = \(plan) ORDER BY version DESC LIMIT 1
                ) AS plan
                ON CONFLICT (slug) DO NOTHING
                """,
                "SELECT \(Tenant.columns), fingerprint FROM tenants WHERE slug = \(request.slug)",
            ])
        guard let row = answers[2].first else { throw try await whyNotPlaced(plan: plan, cell: request.cell) }
        let tenant = try Tenant(row)
        guard tenant.state != .deleted else { throw TenancyError.slugTaken(request.slug) }
        let found = try row.bytes(Tenant.columnCount)
        let known = [fingerprint] + identity.formerlyKeyed("provision", request.fingerprint)
        guard known.contains(where: { Digest.isEqual(found, $0) }) else { throw TenancyError.conflict(request.slug) }
        return tenant
    }

    private func whyNotPlaced(plan: SQL, cell: String?) async throws -> TenancyError {
        let wanted = try await control.rows("SELECT plan, EXISTS (SELECT FROM plans WHERE name = plan) FROM \(plan) AS plan")
        if let row = wanted.first, try !row.bool(1) { return .unknownPlan(try row.text(0)) }
        guard let cell else { return .cellFull(nil) }
        return try await control.rows("SELECT 1 FROM cells WHERE name = \(cell)").isEmpty ? .unknownCell(cell) : .cellFull(cell)
    }

    /// Role, schema, first rows and ledger in one transaction: all of it is there or nothing. Answers with the tenant as its cell has it.
    private func build(_ tenant: Tenant, _ request: ProvisionRequest) async throws -> Tenant {
        if !cells.knows(tenant.cell) { try await directory.refresh() }
        let cell = try cells.named(tenant.cell)
        let newcomer = NewTenant(
            tenant: tenant, adminID: tenant.adminID, admin: request.admin, settings: request.settings,
            key: TenantKey(try await identity.identity(), tenant: tenant.id))
        var found = try await line.run { try await build(newcomer, in: cell, from: .spare) }
        // Those for whom no schema stands ready wait in the founder's line, which those who find one do not.
        if found == nil { found = try await build(newcomer, in: cell, from: .files) }
        guard let built = found else { throw PostgresError.unexpected("A schema was neither found nor made.") }
        if built.version < settings.schema.tenant.latest { try await catchUp(built.tenant, in: cell) }
        return built.tenant
    }

    private enum Source { case spare, files }

    /// Nil if there is no spare one.
    private func build(_ newcomer: NewTenant, in cell: OpenCell, from source: Source) async throws -> BuiltTenant? {
        let (files, seed, afterStep, tenant) = (settings.schema.tenant, settings.seed, afterStep, newcomer.tenant)
        return try await settings.locks.retrying {
            try await (source == .spare ? cell.owner : cell.founder).transaction(
                preamble: [TenantScript.lock(tenant.id), TenantScript.asOwner], namespace: Cell.schema
            ) { transaction in
                // The ledger knows whether an earlier attempt, or another process, got this far.
                if let row = try transaction.rows(TenantScript(tenant: tenant).standing).first { return try BuiltTenant(tenant, row) }
                var newcomer = newcomer
                switch source {
                case .spare:
                    guard let names = try Spare.take(for: tenant, version: files.latest, transaction) else { return nil }
                    newcomer.tenant = tenant.living(in: names)
                case .files:
                    try transaction.script(TenantScript(tenant: tenant).creation(in: cell.cell, files))
                }
                let script = TenantScript(tenant: newcomer.tenant)
                let rows = try seed(newcomer).map { $0.preparation == .perNamespace ? $0.prepared(.none) : $0 }
                try transaction.flush(rows + script.ledger(files) + (source == .files ? [script.leaving] : []))
                try afterStep(.filled)
                return BuiltTenant(newcomer.tenant, version: files.latest)
            }
        }
    }

    /// The earlier attempt was an older program's.
    func catchUp(_ tenant: Tenant, in cell: OpenCell) async throws {
        let membership = OwnersMembership(tenants: [tenant], cells: cells, locks: settings.locks)
        try await membership.begin()
        try await TenantMigration(control: control, files: settings.schema.tenant, locks: settings.locks).bringUpToDate(tenant, in: cell)
        try await membership.end()
    }

    /// From here on the tenant is routed to, by the names that it has in its cell.
    func open(
        _ tenant: Tenant, _ request: ProvisionRequest, _ instruction: Instruction, as action: String = "provision"
    ) async throws -> Provisioned {
        let state: TenantState = request.trialDays == nil ? .active : .trial
        let answers = try await control.run(
            [
                """
                WITH opened AS (
                    UPDATE tenants SET state = \(state.rawValue), schema_version = \(settings.schema.tenant.latest),
                        schema_name = \(tenant.schema), role_name = \(tenant.role),
                        trial_ends_at = now() + make_interval(days => \(request.trialDays)::integer), changed_at = clock_timestamp()
                    WHERE id = \(tenant.id) AND state = 'provisioning' RETURNING slug
                )
                SELECT append_audit(\(instruction.actor), \(action), slug, \(instruction.reason), \(instruction.requestID)) FROM opened
                """,
                "SELECT \(Tenant.columns) FROM tenants WHERE id = \(tenant.id)",
                Control.announcement(of: tenant.slug),
            ], isRepeatable: true)
        guard let opened = try answers[1].first.map(Tenant.init), opened.state != .deleted else {
            // Given up by an operator while it was being built: what was built goes too.
            try await removal.drop(tenant)
            throw TenancyError.slugTaken(tenant.slug)
        }
        try await directory.learn(opened)
        return Provisioned(tenant: opened, isNew: !answers[0].isEmpty)
    }
}

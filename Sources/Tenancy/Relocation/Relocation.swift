import Foundation
import Postgres
import Schema

/// Moves a tenant to another cell, on this server or elsewhere.
///
/// Nothing of it is ever in two places for its people: until one transaction in the cell that it leaves has ended, it lives there, and from
/// then on in the other. Its rows are copied as they were at one moment while everybody goes on writing. Then writers wait or are sent away,
/// that transaction holds the tables still, what was written since is brought, and the tables are removed when the copy is kept. Waiting jobs
/// go along in it, so each is done once, here or there. Readers go on all the time.
///
/// Broken off at any point it is taken up by saying it again: what a broken attempt has left in the new cell is removed first; when the old
/// cell has nothing any more, only the directory is still to be told.
package struct Relocation: Sendable {
    let control: Control
    let cells: Cells
    let directory: Directory
    let files: [SchemaFile]
    let locks: LockPatience

    /// Who brings the rows of a tenant; on the same server transactions keep their numbers.
    package typealias Porter = (_ sameServer: Bool) -> any RelocatedRows

    /// Moves the tenant; one that is there already stays as it is. Saying its own cell takes back a move that has not come to its end.
    ///
    /// Throws `.unknownTenant`, `.unknownCell`, `.cellFull` and `.cannotMove`.
    ///
    /// - Parameter job: the job that does it, which goes along.
    package func move(
        _ slug: String, to cell: String, by instruction: Instruction, asJob job: UUID? = nil, porter: Porter
    ) async throws -> Tenant {
        let tenant = try await begin(slug, to: cell, instruction)
        if tenant.movingTo == nil, tenant.writesPausedAt == nil, tenant.cell == cell { return tenant }
        guard let name = tenant.movingTo else { return tenant }
        if !cells.knows(name) { try await directory.refresh() }
        let (old, new) = (try cells.named(tenant.cell), try cells.named(name))
        if cell == tenant.cell {
            // Taken back.
            if try await stands(tenant, in: old) {
                try await clear(tenant, in: new)
                return try await settle(tenant, in: tenant.cell)
            }
        }
        if try await stands(tenant, in: old) {
            try await clear(tenant, in: new)
            do {
                let sameServer = try await isSameServer(old, new)
                try await admit(tenant, to: new)
                try await OwnersMembership(tenants: [tenant], cells: cells, locks: locks).begin()
                try await transfer(tenant, from: old, to: new, job: job, porter(sameServer))
            } catch {
                // Its people go on writing where they are; the next attempt begins anew. Whether the last step was done is looked at there.
                if try await stands(tenant, in: old) { try await resumeWrites(of: tenant) }
                throw error
            }
        }
        try await dismiss(tenant, from: old, to: new)
        return try await settle(tenant, in: name)
    }

    // MARK: The directory

    private func begin(_ slug: String, to cell: String, _ instruction: Instruction) async throws -> Tenant {
        let latest = files.latest
        let tenant = try await control.transaction { transaction in
            let found = try transaction.flush([
                "SELECT pg_advisory_xact_lock(hashtext('tenantry placement'))",
                "SELECT \(Tenant.columns) FROM tenants WHERE slug = \(slug) FOR UPDATE",
                """
                SELECT state, tenant_limit - (SELECT count(*) FROM tenants WHERE (cell = cells.name OR moving_to = cells.name) AND dropped_at IS NULL)
                FROM cells WHERE name = \(cell) AND schema_version > 0
                """,
            ])
            guard let tenant = try found[1].first.map(Tenant.init) else { throw TenancyError.unknownTenant(slug) }
            guard let place = found[2].first else { throw TenancyError.unknownCell(cell) }
            if tenant.cell == cell || tenant.movingTo == cell { return tenant }
            if let other = tenant.movingTo { throw TenancyError.cannotMove(slug, reason: "It is on its way to \(other).") }
            guard tenant.state.allowsReads else { throw TenancyError.cannotMove(slug, reason: "It is \(tenant.state.rawValue).") }
            if let reason = tenant.quarantinedReason {
                throw TenancyError.cannotMove(slug, reason: "It is closed for maintenance: \(reason)")
            }
            guard tenant.schemaVersion == latest else {
                throw TenancyError.cannotMove(slug, reason: "Its schema has to be migrated first.")
            }
            guard try place.text(0) == Cell.State.open.rawValue, try place.int(1) > 0 else { throw TenancyError.cellFull(cell) }
            let moved = try transaction.flush([
                """
                UPDATE tenants SET moving_to = \(cell), changed_at = clock_timestamp() WHERE slug = \(slug) RETURNING \(Tenant.columns)
                """,
                "SELECT append_audit(\(instruction.actor), 'move', \(slug), \(instruction.reason), \(instruction.requestID))",
                Control.announcement(of: slug),
            ])
            return try moved[0].first.map(Tenant.init) ?? tenant
        }
        try await directory.learn(tenant)
        return tenant
    }

    private func pauseWrites(of tenant: Tenant) async throws {
        _ = try await change(tenant, "writes_paused_at = coalesce(writes_paused_at, clock_timestamp())")
    }

    private func resumeWrites(of tenant: Tenant) async throws {
        _ = try await change(tenant, "writes_paused_at = NULL")
    }

    /// The tenant lives in this cell; whoever asks is sent there.
    private func settle(_ tenant: Tenant, in cell: String) async throws -> Tenant {
        try await change(tenant, "cell = \(cell), moving_to = NULL, writes_paused_at = NULL")
    }

    private func change(_ tenant: Tenant, _ assignments: SQL) async throws -> Tenant {
        let answers = try await control.run(
            [
                "UPDATE tenants SET \(assignments), changed_at = clock_timestamp() WHERE id = \(tenant.id) RETURNING \(Tenant.columns)",
                Control.announcement(of: tenant.slug),
            ], isRepeatable: true)
        guard let changed = try answers[0].first.map(Tenant.init) else { throw TenancyError.unknownTenant(tenant.slug) }
        try await directory.learn(changed)
        return changed
    }

    // MARK: The cells

    private func stands(_ tenant: Tenant, in cell: OpenCell) async throws -> Bool {
        try await cell.owner.transaction(preamble: [TenantScript.asOwner], namespace: Cell.schema) { transaction in
            try !transaction.rows("SELECT 1 FROM tenants WHERE id = \(tenant.id)").isEmpty
        }
    }

    /// Removes what a broken attempt has left, but not the role, which another cell of the server may need.
    private func clear(_ tenant: Tenant, in cell: OpenCell) async throws {
        try await locks.retrying {
            try await cell.owner.transaction(
                preamble: [TenantScript.lock(tenant.id), TenantScript.asOwner, LockPatience.timeout], namespace: Cell.schema
            ) { transaction in
                guard try !transaction.rows("SELECT 1 FROM tenants WHERE id = \(tenant.id)").isEmpty else { return }
                try OwnersMembership.renew(tenant.role, transaction)
                try transaction.flush([
                    SQL("DROP OWNED BY \(identifier: tenant.role) CASCADE").prepared(.none), "DELETE FROM tenants WHERE id = \(tenant.id)",
                ])
            }
        }
    }

    /// No job of the tenant is claimed any more; those that run end.
    private func waitForJobs(of tenant: Tenant, in cell: OpenCell, but job: UUID?) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        // Workers hear of the pause by notification or within a second; the last look, under a lock, is in the transfer.
        try await Task.sleep(for: .seconds(1))
        while try await cell.queueRuns(for: tenant, but: job) > 0 {
            guard ContinuousClock.now < deadline else { throw TenancyError.cannotMove(tenant.slug, reason: "A job of it does not end.") }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func isSameServer(_ old: OpenCell, _ new: OpenCell) async throws -> Bool {
        func identifier(_ cell: OpenCell) async throws -> String {
            try await cell.owner.transaction(preamble: [TenantScript.asOwner], namespace: Cell.schema) { transaction in
                try transaction.rows("SELECT system_identifier::text FROM pg_control_system()").first?.text(0) ?? ""
            }
        }
        return try await identifier(old) == identifier(new)
    }

    /// The role exists there, and whoever has to acts as it. In a transaction of its own: roles belong to the whole server, and the two that
    /// follow must not wait for each other.
    private func admit(_ tenant: Tenant, to cell: OpenCell) async throws {
        try await locks.retrying {
            try await cell.owner.transaction(preamble: [TenantScript.asOwner, LockPatience.timeout], namespace: Cell.schema) {
                transaction in
                _ = try transaction.rows(OwnersMembership.turn)
                let role = SQL.quoted(identifier: tenant.role)
                if try transaction.rows("SELECT 1 FROM pg_roles WHERE rolname = \(tenant.role)").isEmpty {
                    try transaction.script("CREATE ROLE \(role) NOLOGIN")
                }
                try transaction.script(
                    """
                    GRANT \(role) TO CURRENT_USER, \(SQL.quoted(identifier: cell.cell.loginRole));
                    GRANT \(SQL.quoted(identifier: cell.cell.tenantsRole)) TO \(role)
                    """)
            }
        }
    }

    /// The old cell has nothing to do with the role any more, and the owner neither here nor there.
    private func dismiss(_ tenant: Tenant, from old: OpenCell, to new: OpenCell) async throws {
        let sameServer = try await isSameServer(old, new)
        let role = SQL.quoted(identifier: tenant.role)
        for cell in [old, new] {
            try await locks.retrying {
                try await cell.owner.transaction(preamble: [TenantScript.asOwner, LockPatience.timeout], namespace: Cell.schema) {
                    transaction in
                    _ = try transaction.rows(OwnersMembership.turn)
                    guard try !transaction.rows("SELECT 1 FROM pg_roles WHERE rolname = \(tenant.role)").isEmpty else { return }
                    let (login, tenants) = (cell.cell.loginRole, cell.cell.tenantsRole)
                    try transaction.script("REVOKE \(role) FROM CURRENT_USER")
                    guard cell === old else { return }
                    try transaction.script(
                        "REVOKE \(role) FROM \(SQL.quoted(identifier: login)); REVOKE \(SQL.quoted(identifier: tenants)) FROM \(role)")
                    if !sameServer { try transaction.script("DROP ROLE \(role)") }
                }
            }
        }
    }

    /// The one transaction of the old cell, with that of the new one inside it. Writes are paused from its middle on.
    ///
    /// Of the old cell's pools each lends one connection: one for this transaction, one for whatever is asked beside it.
    private func transfer(
        _ tenant: Tenant, from old: OpenCell, to new: OpenCell, job: UUID?, _ rows: any RelocatedRows
    ) async throws {
        let asTenant = TenantScript.asTenant(role: tenant.role, schema: tenant.schema)
        try await old.founder.assembling(
            preamble: [TenantScript.asOwner, "SELECT set_config('lock_timeout', '10000', true)"]
        ) { source in
            try await new.founder.assembling(preamble: [TenantScript.lock(tenant.id), TenantScript.asOwner]) { target in
                var rows = rows
                try await build(tenant, target)
                let horizon = try await old.owner.reading(preamble: [TenantScript.asOwner, asTenant]) { reading in
                    let horizon = try await reading.rows(["SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"])[0]
                    try await rows.copy(from: reading, into: target)
                    return try horizon[0].int(0)
                }
                try await pauseWrites(of: tenant)
                try await waitForJobs(of: tenant, in: old, but: job)
                let tables = try await source.rows([
                    "SELECT 1 FROM tenants WHERE id = \(tenant.id) FOR UPDATE", asTenant,
                    "SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'",
                ])[2].map { try $0.text(0) }
                _ = try await source.rows([SQL(code: "LOCK TABLE \(tables.joined(separator: ", ")) IN SHARE MODE")])
                guard try await rows.catchUp(from: source, into: target, since: horizon) else {
                    throw TenancyError.cannotMove(tenant.slug, reason: "Its tables changed while they were copied; say it again.")
                }
                _ = try await target.rows(TenantScript(tenant: tenant).ledger(files))
                _ = try await source.rows([TenantScript.asOwner])
                try await CellBelongings(tenant: tenant.id).move(from: source, to: target, but: job)
            }
            _ = try await source.rows([
                SQL("DROP OWNED BY \(identifier: tenant.role) CASCADE"), "DELETE FROM tenants WHERE id = \(tenant.id)",
            ])
        }
    }

    private func build(_ tenant: Tenant, _ target: borrowing Assembly) async throws {
        let (role, schema) = (SQL.quoted(identifier: tenant.role), SQL.quoted(identifier: tenant.schema))
        let text = """
            CREATE SCHEMA \(schema) AUTHORIZATION \(role);
            SET LOCAL ROLE \(role);
            \(TenantScript(tenant: tenant).label(tenant.schema));
            SET LOCAL search_path = \(schema), \(Cell.schema);
            \(files.map(\.textForEmptyTables).joined(separator: "\n;\n"))
            """
        try await target.perform { try $0.script(text) }
    }
}

extension OpenCell {
    /// How many jobs of the tenant run, beside one.
    fileprivate func queueRuns(for tenant: Tenant, but job: UUID?) async throws -> Int {
        try await owner.transaction(preamble: [TenantScript.asOwner], namespace: Cell.schema) { transaction in
            let rows = try transaction.rows(
                """
                SELECT count(*) FROM job_lanes AS l JOIN jobs AS j ON j.lane_id = l.id AND j.state = 'running'
                WHERE l.tenant_id = \(tenant.id) AND j.id IS DISTINCT FROM \(job)::uuid
                """)
            return try rows.first?.int(0) ?? 0
        }
    }
}

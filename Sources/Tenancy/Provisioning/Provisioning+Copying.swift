import Foundation
import Postgres
import Schema

extension Provisioning {
    /// Makes a tenant whose rows come from elsewhere while its schema is built, piece by piece: the schema is built as it was at that version,
    /// filled, and migrated. Placed again it finds what it made, or goes on where it ended.
    ///
    /// Throws as `provision`, and what `fill` and `beforeOpening` throw; then nothing is left, and the name is free.
    ///
    /// - Parameters:
    ///   - fill: writes into the schema; acts as the tenant, in the transaction that builds it.
    ///   - beforeOpening: puts what is kept beside the schema where the tenant will look for it, before anyone may enter.
    package func assemble(
        _ request: ProvisionRequest, schemaVersion: Int, as action: String, by instruction: Instruction,
        fill: (Tenant, borrowing Assembly) async throws -> Void, beforeOpening: (Tenant) async throws -> Void
    ) async throws -> Provisioned {
        try Slug.check(request.slug)
        let reserved = try await reserve(request)
        guard reserved.state == .provisioning else {
            try await directory.learn(reserved)
            return Provisioned(tenant: reserved, isNew: false)
        }
        let built: Tenant
        do {
            if !cells.knows(reserved.cell) { try await directory.refresh() }
            let cell = try cells.named(reserved.cell)
            let files = settings.schema.tenant.filter { $0.number <= schemaVersion }
            built = try await cell.founder.assembling(preamble: [TenantScript.lock(reserved.id), TenantScript.asOwner]) { assembly in
                let script = TenantScript(tenant: reserved)
                // The ledger knows whether an earlier attempt, or another process, got this far.
                if let row = try await assembly.rows([script.standing])[0].first { return try BuiltTenant(reserved, row).tenant }
                let creation = script.creation(in: cell.cell, files)
                try await assembly.perform { try $0.script(creation) }
                try await fill(reserved, assembly)
                _ = try await assembly.rows(script.ledger(files) + [script.leaving])
                return reserved
            }
            if schemaVersion < settings.schema.tenant.latest { try await catchUp(built, in: cell) }
            try await beforeOpening(built)
        } catch {
            try await release(reserved)
            throw error
        }
        return try await open(built, request, instruction, as: action)
    }

    /// Puts other rows in the place of those that a tenant has: a schema of that version is built beside its own, filled, and takes its name in
    /// the same transaction; then it is migrated. Nothing is written for the tenant meanwhile. Broken off, the tenant is as it was or as it
    /// should be; said again, all of it is done again.
    package func refill(
        _ tenant: Tenant, schemaVersion: Int, by instruction: Instruction, fill: @escaping Fill,
        beforeOpening: (Tenant) async throws -> Void
    ) async throws -> Tenant {
        let cell = try cells.named(tenant.cell)
        _ = try await control.run([
            "UPDATE tenants SET writes_paused_at = clock_timestamp(), changed_at = clock_timestamp() WHERE id = \(tenant.id)",
            "SELECT append_audit(\(instruction.actor), 'restore', \(tenant.slug), \(instruction.reason), \(instruction.requestID))",
            Control.announcement(of: tenant.slug),
        ])
        do {
            try await replace(tenant, in: cell, files: settings.schema.tenant.filter { $0.number <= schemaVersion }, fill)
            if schemaVersion < settings.schema.tenant.latest { try await catchUp(tenant, in: cell) }
            try await beforeOpening(tenant)
        } catch {
            // It goes on as it is.
            _ = try await reopened(tenant)
            throw error
        }
        return try await reopened(tenant)
    }

    private func reopened(_ tenant: Tenant) async throws -> Tenant {
        let answers = try await control.run(
            [
                """
                UPDATE tenants SET writes_paused_at = NULL, changed_at = clock_timestamp() WHERE id = \(tenant.id) RETURNING \(Tenant.columns)
                """,
                Control.announcement(of: tenant.slug),
            ], isRepeatable: true)
        guard let reopened = try answers[0].first.map(Tenant.init) else { throw TenancyError.unknownTenant(tenant.slug) }
        try await directory.learn(reopened)
        return reopened
    }

    private func replace(_ tenant: Tenant, in cell: OpenCell, files: [SchemaFile], _ fill: @escaping Fill) async throws {
        let (script, role, schema) = (
            TenantScript(tenant: tenant), SQL.quoted(identifier: tenant.role), SQL.quoted(identifier: tenant.schema)
        )
        let (made, old) = (
            SQL.quoted(identifier: "r_\(tenant.id.lastEightDigits)"), SQL.quoted(identifier: "o_\(tenant.id.lastEightDigits)")
        )
        try await settings.locks.retrying {
            try await cell.founder.transaction(
                preamble: [
                    TenantScript.lock(tenant.id), TenantScript.asOwner, "SELECT set_config('lock_timeout', '20000', true)",
                ], namespace: Cell.schema
            ) { transaction in
                try OwnersMembership.renew(tenant.role, transaction)
                try transaction.script(
                    """
                    CREATE SCHEMA \(made) AUTHORIZATION \(role);
                    SET LOCAL ROLE \(role);
                    SET LOCAL search_path = \(made), \(Cell.schema);
                    \(files.map(\.textForEmptyTables).joined(separator: "\n;\n"))
                    """)
                try fill(transaction)
                if files.latest == tenant.schemaVersion { try transaction.script(Self.keeping(schema)) }
                // A key that was revoked since, and one that is not known any more, opens nothing.
                try transaction.script(
                    """
                    UPDATE api_keys SET revoked_at = now()
                    WHERE revoked_at IS NULL AND id NOT IN (SELECT id FROM \(schema).api_keys WHERE revoked_at IS NULL);
                    SET LOCAL ROLE NONE;
                    SET LOCAL search_path = \(Cell.schema);
                    ALTER SCHEMA \(schema) RENAME TO \(old);
                    ALTER SCHEMA \(made) RENAME TO \(schema);
                    \(script.label(tenant.schema));
                    DROP SCHEMA \(old) CASCADE
                    """)
                let ledger: [SQL] = [
                    "DELETE FROM tenant_migrations WHERE tenant_id = \(tenant.id)",
                    """
                    INSERT INTO tenant_migrations (tenant_id, number, name)
                    SELECT \(tenant.id), number, name
                    FROM unnest(\(files.map(\.number))::integer[], \(files.map(\.name))::text[]) AS file (number, name)
                    """,
                    """
                    DELETE FROM jobs USING job_lanes AS l
                    WHERE l.tenant_id = \(tenant.id) AND jobs.lane_id = l.id AND jobs.state <> 'running'
                    """,
                    script.leaving,
                ]
                try transaction.flush(ledger)
            }
        }
    }

    /// What a restore does not take back, from the schema that goes into the one at hand: nobody who objected
    /// to mail gets any, nothing that was sent is sent again, what counts for a month counts on, and the audit stays whole.
    private static func keeping(_ schema: String) -> String {
        """
        INSERT INTO suppressions (address, reason, detail, mail_id, created_at)
        SELECT address, reason, detail, mail_id, created_at FROM \(schema).suppressions ON CONFLICT DO NOTHING;
        UPDATE contacts SET email_opt_out = true FROM \(schema).contacts AS later
        WHERE later.id = contacts.id AND later.email_opt_out AND NOT contacts.email_opt_out;
        DELETE FROM occurrences WHERE status = 'planned';
        INSERT INTO occurrences (id, reminder_id, about_type, about_id, recipient, due_at, local, time_zone, status, reason, attempts,
            message_id, settled_at)
        SELECT id, reminder_id, about_type, about_id, recipient, due_at, local, time_zone, status, reason, attempts, message_id, settled_at
        FROM \(schema).occurrences WHERE status <> 'planned' ON CONFLICT DO NOTHING;
        INSERT INTO usage (resource, used, month) SELECT resource, used, month FROM \(schema).usage WHERE month IS NOT NULL
        ON CONFLICT (resource) DO UPDATE SET used = excluded.used, month = excluded.month;
        INSERT INTO audit (id, at, actor_type, actor_id, action, about_type, about_id, address, request_id, detail)
        SELECT id, at, actor_type, actor_id, action, about_type, about_id, address, request_id, detail FROM \(schema).audit
        ON CONFLICT DO NOTHING
        """
    }

    /// Gives a tenant that is not open yet what was agreed with another: plan, version and what stands beside it.
    package func takeOver(agreementOf other: Tenant, for tenant: Tenant) async throws {
        _ = try await control.rows(
            """
            UPDATE tenants SET plan = \(other.plan.name), plan_version = \(other.plan.version), changed_at = clock_timestamp(),
                overrides = (SELECT overrides FROM tenants WHERE id = \(other.id)), tightened = (SELECT tightened FROM tenants WHERE id = \(other.id))
            WHERE id = \(tenant.id) AND state = 'provisioning'
            """, isRepeatable: true)
    }

    /// Whether the order could be placed, or was placed before. Throws as `provision` what would refuse it.
    package func check(_ request: ProvisionRequest) async throws {
        try Slug.check(request.slug)
        let identity = try await identity.identity()
        let fingerprint = identity.keyed("provision", request.fingerprint)
        let rows = try await control.rows("SELECT state, fingerprint FROM tenants WHERE slug = \(request.slug)")
        guard let row = rows.first else { return }
        guard try row.text(0) != TenantState.deleted.rawValue else { throw TenancyError.slugTaken(request.slug) }
        guard try row.bytes(1) == fingerprint else { throw TenancyError.conflict(request.slug) }
    }
}

extension Installation {
    /// What texts of a copy are disguised with: the same for the same copy, and known to nobody else.
    package func disguiseKey(for slug: String) async throws -> [UInt8] {
        try await identity.identity().keyed("disguise", Array(slug.utf8))
    }
}

import Postgres

/// The cells as an operator sees them, and the adding of new ones.
package struct CellList: Sendable {
    let control: Control
    let identity: IdentityHolder
    let cells: Cells
    let migrator: Migrator

    /// A cell and how full it is.
    package struct Entry: Sendable {
        package let cell: Cell
        package let tenants: Int
    }

    /// Every cell, by name; always what the control schema says now.
    package func all() async throws -> [Entry] {
        try await control.rows(
            """
            SELECT \(Cell.columns), (SELECT count(*) FROM tenants WHERE tenants.cell = cells.name AND dropped_at IS NULL)
            FROM cells ORDER BY name
            """
        ).map { Entry(cell: try Cell($0), tenants: try $0.int(8)) }
    }

    /// Makes a cell of another database, on this server or elsewhere, where new tenants may live at once.
    ///
    /// `url` is the owner's way to it: a role with CREATEROLE that owns the database, better not the one of another cell on the same server,
    /// since a role with thousands of memberships is slow. Saying it again with the same words does nothing; throws `.invalidCell` for a name
    /// or database that is in use, and the server's refusal when the database cannot be prepared.
    package func add(name: String, url: String, tenantLimit: Int = 1000, by instruction: Instruction) async throws -> Cell {
        guard name.wholeMatch(of: /[a-z][a-z0-9]{0,19}/) != nil else {
            throw TenancyError.invalidCell(name, reason: "Its name needs 1 to 20 lower-case letters and digits, a letter first.")
        }
        guard tenantLimit > 0 else { throw TenancyError.invalidCell(name, reason: "Its limit must be at least one tenant.") }
        let identity = try await identity.identity()
        let known = try await control.run(
            [
                """
                INSERT INTO cells (name, url, login_role, tenants_role, tenant_limit)
                VALUES (\(name), \(url), \(identity.loginRole(of: name)), \(identity.tenantsRole(of: name)), \(tenantLimit))
                ON CONFLICT DO NOTHING
                """,
                "SELECT \(Cell.columns) FROM cells WHERE name = \(name)",
            ])
        guard let cell = try known[1].first.map(Cell.init), cell.url == url else {
            throw TenancyError.invalidCell(name, reason: "The name or the database belongs to another cell.")
        }
        do {
            try await migrator.prepare(cell, identity)
        } catch {
            // Nobody lives there yet; the same words, or better ones, may be said again.
            _ = try await control.rows("DELETE FROM cells WHERE name = \(name) AND schema_version = 0", isRepeatable: true)
            await cells.forget(name)
            throw error
        }
        let answers = try await control.run([
            "SELECT \(Cell.columns) FROM cells WHERE name = \(name)",
            "SELECT append_audit(\(instruction.actor), 'add_cell', \(name), \(instruction.reason), \(instruction.requestID))",
            Control.announcement(of: ""),
        ])
        guard let ready = try answers[0].first.map(Cell.init) else { throw TenancyError.unknownCell(name) }
        cells.learn([ready], identity: identity)
        return ready
    }
}

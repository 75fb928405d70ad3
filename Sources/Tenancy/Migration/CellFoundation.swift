import Postgres
import Secrets

/// What a cell stands on before its first table: its roles, its schema, and nothing left to everyone.
struct CellFoundation: Sendable {
    let cell: Cell
    let identity: InstallationIdentity
    let pool: ExclusivePool
    let locks: LockPatience

    /// Roles and rights; may be laid again. Throws `.notReady` when the database belongs to someone else's cell.
    func lay(settingPassword: Bool) async throws {
        try await locks.retrying {
            try await pool.transaction(preamble: preamble) { transaction in
                try refuseForeignDatabase(transaction)
                let login = SQL.quoted(identifier: cell.loginRole)
                let tenants = SQL.quoted(identifier: cell.tenantsRole)
                if try !roleExists(cell.loginRole, transaction) { try transaction.script("CREATE ROLE \(login) LOGIN NOINHERIT") }
                if try !roleExists(cell.tenantsRole, transaction) { try transaction.script("CREATE ROLE \(tenants) NOLOGIN") }
                if settingPassword { try transaction.script("ALTER ROLE \(login) PASSWORD '\(passwordVerifier)'") }
                let database = SQL.quoted(identifier: try text("SELECT current_database()", transaction))
                // A plan is kept for as long as nobody analyses its tables. With PostgreSQL's own idea of a disk (a page out of turn costs four) the
                // tables of a young tenant, some pages each, were read in full, and by the same plans when they had grown.
                try transaction.script(
                    """
                    ALTER ROLE \(login) SET search_path = '';
                    ALTER ROLE \(login) SET random_page_cost = 1.1;
                    CREATE SCHEMA IF NOT EXISTS cell;
                    GRANT USAGE ON SCHEMA cell TO \(tenants);
                    REVOKE ALL ON DATABASE \(database) FROM PUBLIC;
                    GRANT CONNECT ON DATABASE \(database) TO \(login);
                    REVOKE ALL ON SCHEMA public FROM PUBLIC;
                    """)
            }
        }
    }

    /// Whose cell this is, once there is a table to write it in.
    func sign() async throws {
        try await pool.transaction(preamble: preamble + [TenantScript.asOwner], namespace: Cell.schema) { transaction in
            _ = try transaction.rows(
                "INSERT INTO this_cell (installation, name) VALUES (\(identity.id), \(cell.name)) ON CONFLICT DO NOTHING")
        }
    }

    private func refuseForeignDatabase(_ transaction: borrowing Transaction) throws {
        guard try text("SELECT coalesce(to_regclass('cell.this_cell')::text, '')", transaction) != "",
            let row = try transaction.rows("SELECT installation, name FROM cell.this_cell").first
        else { return }
        guard try row.uuid(0) == identity.id, try row.text(1) == cell.name else {
            throw TenancyError.invalidCell(cell.name, reason: "Its database already holds a cell, \"\(try row.text(1))\".")
        }
    }

    private func roleExists(_ name: String, _ transaction: borrowing Transaction) throws -> Bool {
        try !transaction.rows("SELECT 1 FROM pg_roles WHERE rolname = \(name)").isEmpty
    }

    private func text(_ query: SQL, _ transaction: borrowing Transaction) throws -> String {
        try transaction.rows(query).first?.text(0) ?? ""
    }

    /// Letters, digits and punctuation of base64 only: it stands in the statement as it is.
    private var passwordVerifier: String {
        ScramVerifier.make(password: identity.loginPassword(of: cell.loginRole))
    }

    private var preamble: [SQL] {
        [SQL("SELECT pg_advisory_xact_lock(hashtextextended('tenantry migration of cell', 0))").prepared(.shared), LockPatience.timeout]
    }
}

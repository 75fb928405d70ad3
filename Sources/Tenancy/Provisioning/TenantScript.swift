import Foundation
import Postgres
import Schema

/// The SQL that makes a tenant's schema out of nothing, and the one that removes it without a trace.
///
/// The owner belongs to a tenant's role only while it builds, migrates or removes it (and a while after, if the schema stood ready: see
/// `Spare`): with a thousand memberships every change of role after a new one takes it 12 ms (PostgreSQL 15), and several are needed for
/// each tenant.
struct TenantScript {
    let tenant: Tenant

    /// Role, schema and everything in it, as one message: the role stays on for what fills the schema.
    static func creation(of schema: String, role name: String, in cell: Cell, _ files: [SchemaFile]) -> String {
        let role = SQL.quoted(identifier: name)
        return """
            CREATE ROLE \(role) NOLOGIN;
            GRANT \(role) TO CURRENT_USER, \(SQL.quoted(identifier: cell.loginRole));
            GRANT \(SQL.quoted(identifier: cell.tenantsRole)) TO \(role);
            CREATE SCHEMA \(SQL.quoted(identifier: schema)) AUTHORIZATION \(role);
            SET LOCAL ROLE \(role);
            SET LOCAL search_path = \(SQL.quoted(identifier: schema)), \(Cell.schema);
            \(files.map(\.textForEmptyTables).joined(separator: "\n;\n"))
            """
    }

    /// The same for this tenant; whoever lists the schemas (`\dn+`) sees whose it is.
    func creation(in cell: Cell, _ files: [SchemaFile]) -> String {
        Self.creation(of: tenant.schema, role: tenant.role, in: cell, files) + ";\n" + label(tenant.schema)
    }

    /// Whose a schema is. Other than by a name nobody's connection is disturbed by it: PostgreSQL keeps comments in no cache.
    func label(_ schema: String) -> String {
        "COMMENT ON SCHEMA \(SQL.quoted(identifier: schema)) IS \(SQL.quoted(literal: tenant.slug))"
    }

    /// Back to the owner and to the cell's own tables, for the rows that say what was done.
    func ledger(_ files: [SchemaFile]) -> [SQL] {
        [
            Self.asOwner,
            "INSERT INTO tenants (id, slug, schema, role) VALUES (\(tenant.id), \(tenant.slug), \(tenant.schema), \(tenant.role))",
            """
            INSERT INTO tenant_migrations (tenant_id, number, name)
            SELECT \(tenant.id), number, name FROM unnest(\(files.map(\.number))::integer[], \(files.map(\.name))::text[]) AS file (number, name)
            """,
        ]
    }

    /// What `ledger` has written: names and version of the schema that an earlier attempt, or another process, has built; no row until then.
    var standing: SQL {
        """
        SELECT schema, role, (SELECT max(number) FROM tenant_migrations WHERE tenant_id = tenants.id)
        FROM tenants WHERE id = \(tenant.id)
        """
    }

    /// The owner leaves the role it has built for.
    var leaving: SQL { SQL("REVOKE \(identifier: tenant.role) FROM CURRENT_USER").prepared(.none) }

    /// Everything the role owns, then the role.
    static func removal(role: String) -> [SQL] {
        let statements: [SQL] = [
            OwnersMembership.turn,
            "GRANT \(identifier: role) TO CURRENT_USER",
            "DROP OWNED BY \(identifier: role) CASCADE",
            "DROP ROLE \(identifier: role)",
        ]
        return statements.map { $0.prepared(.none) }
    }

    /// Takes on the tenant's role and path within a transaction of the owner.
    static func asTenant(role: String, schema: String) -> SQL {
        let path = "\(schema), \(Cell.schema)"
        return SQL("SELECT set_config('role', \(role), true), set_config('search_path', \(path), true)").prepared(.shared)
    }

    /// Takes them off again.
    static let asOwner = SQL("SELECT set_config('role', 'none', true), set_config('search_path', 'cell', true)").prepared(.shared)

    /// One at a time for each tenant, whichever process comes. Held until the transaction ends.
    static func lock(_ id: UUID) -> SQL {
        let name = "tenantry tenant \(id)"
        return SQL("SELECT pg_advisory_xact_lock(hashtextextended(\(name), 0))").prepared(.shared)
    }
}

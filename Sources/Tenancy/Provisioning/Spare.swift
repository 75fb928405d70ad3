import Foundation
import Postgres
import Schema

/// A schema that was made before anyone ordered it, under a name that whoever takes it keeps; see `SparesKeeper`.
///
/// Measured on PostgreSQL 15 with two cores and a cell of 1,000 tenants: making a schema takes 0.2 to 0.4 s and makes every connection plan
/// again; taking one that is ready is a few rows, none of them of the catalogue's that connections keep in memory.
struct Spare {
    let id: UUID
    let schema: String
    let role: String

    init(id: UUID = .v7()) {
        self.id = id
        schema = "s_" + id.lastEightDigits
        role = schema
    }

    private init(_ row: Row) throws(PostgresError) {
        id = try row.uuid(0)
        schema = try row.text(1)
        role = try row.text(2)
    }

    /// Takes one that is as the given files make it: from now on it is the tenant's, and its role is acted as. Nil if there is none.
    ///
    /// The owner stays a member of the role for now, see `spares.taken_at`. Belongs into the owner's transaction.
    static func take(for tenant: Tenant, version: Int, _ transaction: borrowing Transaction) throws -> SchemaNames? {
        let found = try transaction.rows(
            """
            SELECT id, schema, role FROM spares WHERE taken_at IS NULL AND schema_version = \(version)
            ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
            """)
        guard let spare = try found.first.map(Spare.init) else { return nil }
        _ = try transaction.flush([
            "UPDATE spares SET taken_at = clock_timestamp() WHERE id = \(spare.id)",
            TenantScript.asTenant(role: spare.role, schema: spare.schema),
            SQL(code: TenantScript(tenant: tenant).label(spare.schema)).prepared(.none),
        ])
        return SchemaNames(schema: spare.schema, role: spare.role)
    }

    /// Makes it. Ends as its own role, like every making of a tenant's schema.
    func make(_ files: [SchemaFile], in cell: Cell, _ transaction: borrowing Transaction) throws {
        try transaction.script(TenantScript.creation(of: schema, role: role, in: cell, files))
        _ = try transaction.flush([
            TenantScript.asOwner,
            "INSERT INTO spares (id, schema, role, schema_version) VALUES (\(id), \(schema), \(role), \(files.latest))",
        ])
    }

    /// Removes one that an older program made.
    static func removeOutdated(version: Int, _ transaction: borrowing Transaction) throws -> Bool {
        let found = try transaction.rows(
            """
            SELECT id, schema, role FROM spares WHERE taken_at IS NULL AND schema_version < \(version)
            ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
            """)
        guard let spare = try found.first.map(Spare.init) else { return false }
        _ = try transaction.flush(TenantScript.removal(role: spare.role))
        _ = try transaction.rows("DELETE FROM spares WHERE id = \(spare.id)")
        return true
    }

    /// The owner leaves the roles of those that have been handed over, all at once.
    static func leaveTaken(_ transaction: borrowing Transaction) throws {
        let taken = try transaction.rows(
            """
            DELETE FROM spares WHERE id IN (SELECT id FROM spares WHERE taken_at IS NOT NULL FOR UPDATE SKIP LOCKED)
            RETURNING role
            """)
        guard !taken.isEmpty else { return }
        _ = try transaction.rows(OwnersMembership.turn)
        let roles = try taken.map { try $0.text(0) }
        // A tenant may have been removed meanwhile, and its role with it.
        let existing = try transaction.rows("SELECT rolname FROM pg_roles WHERE rolname = ANY (\(roles)::text[])")
        guard !existing.isEmpty else { return }
        let list = try existing.map { SQL.quoted(identifier: try $0.text(0)) }.joined(separator: ", ")
        try transaction.script("REVOKE \(list) FROM CURRENT_USER")
    }
}

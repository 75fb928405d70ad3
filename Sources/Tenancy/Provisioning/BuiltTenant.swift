import Postgres

/// A tenant whose schema stands in its cell. After a crash the cell alone knows under which names, until the directory repeats them.
struct BuiltTenant: Sendable {
    /// Under the names that the cell has written down.
    let tenant: Tenant
    /// The number of the last file that its schema has had.
    let version: Int

    init(_ tenant: Tenant, version: Int) {
        self.tenant = tenant
        self.version = version
    }

    /// A row of `TenantScript.standing`.
    init(_ tenant: Tenant, _ row: Row) throws(PostgresError) {
        self.tenant = tenant.living(in: SchemaNames(schema: try row.text(0), role: try row.text(1)))
        version = try row.optionalInt(2) ?? 0
    }
}

import Foundation
import Postgres

/// One database with a login role of its own, where up to a thousand tenants live side by side.
///
/// The limit is not arbitrary: after any new membership the next change of role on every connection costs 12 ms when the login role
/// has 1,000 memberships and 400 ms when it has 10,000 (PostgreSQL 15). An installation grows by cells.
package struct Cell: Sendable, Hashable {
    package enum State: String, Sendable { case open, closed }

    package let name: String
    /// The owner's way to the database; nil for the one the control schema is in. May hold a password: never show it.
    let url: String?
    package let loginRole: String
    package let tenantsRole: String
    package let tenantLimit: Int
    /// Whether new tenants may come.
    package let state: State
    package let schemaVersion: Int
    /// Whose password the login role has; see `InstallationIdentity.loginKeyCheck`.
    let loginKeyCheck: [UInt8]?

    static let columns: SQL = "name, url, login_role, tenants_role, tenant_limit, state, schema_version, login_key_check"

    init(_ row: Row) throws(PostgresError) {
        name = try row.text(0)
        url = row.optionalText(1)
        loginRole = try row.text(2)
        tenantsRole = try row.text(3)
        tenantLimit = try row.int(4)
        state = State(rawValue: try row.text(5)) ?? .closed
        schemaVersion = try row.int(6)
        loginKeyCheck = try row.optionalBytes(7)
    }

    /// The schema of what belongs to the cell as a whole.
    static let schema = "cell"
}

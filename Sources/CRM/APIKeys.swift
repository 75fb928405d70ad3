import Postgres

/// Credentials for programs, as the plan counts them.
package enum APIKeys {
    /// A key takes a place until it is revoked.
    package static let counted: SQL = "api_keys WHERE revoked_at IS NULL"
}

import Postgres

/// Statements that tell every process of a change to credentials, users or roles. Add them to the unit that makes the change: they are
/// said when it commits.
package enum Credentials {
    /// Where they are said, in each cell.
    package static let channel = "tenantry_credentials"

    /// Something about the people, roles or credentials of a tenant has changed: whoever comes next is looked up anew.
    package static func changed(_ slug: String) -> SQL {
        SQL("SELECT pg_notify(\(channel), \(slug))").prepared(.shared)
    }

    /// One session or key has ended.
    package static func ended(_ hash: [UInt8], of slug: String) -> SQL {
        "SELECT \(endedCall(of: slug, hash: "\(SQLValue.bytes(hash))::bytea"))"
    }

    /// The same as an expression, where the statement itself finds the hash.
    package static func endedCall(of slug: String, hash: SQL) -> SQL {
        "pg_notify(\(channel), \(slug)::text || ':' || encode(\(hash), 'hex'))"
    }
}

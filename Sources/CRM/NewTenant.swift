import Foundation
import Postgres
import Records
import Secrets

/// What stands in a tenant's schema before anyone has signed in.
package enum NewTenant {
    /// The first person, who runs the account. Without a password the person is invited and cannot sign in yet.
    package static func seeds(adminID: UUID, email: String, name: String, passwordHash: String?, settings: JSON) -> [SQL] {
        Roles.seeds() + [
            """
            INSERT INTO users (id, email, name, role_id, status, password_hash, owner_id)
            SELECT \(adminID), \(email), \(name), id, \(passwordHash == nil ? "invited" : "active"), \(passwordHash.sqlValue), \(adminID)
            FROM roles WHERE key = 'admin'
            """,
            "INSERT INTO settings (document) VALUES (\(settings.text)::jsonb)",
        ]
    }
}

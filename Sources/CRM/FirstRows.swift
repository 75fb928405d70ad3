import Postgres
import Records
import Secrets
import Tenancy

/// What stands in a tenant's schema before anyone has signed in: the four roles, the first person, the settings,
/// a pipeline.
package enum FirstRows {
    /// Without a password the first person is invited and cannot sign in yet.
    package static let seed: Seed = { new in
        let status = new.admin.passwordHash == nil ? "invited" : "active"
        return Roles.seeds() + [
            """
            INSERT INTO users (id, email, name, role_id, status, password_hash, owner_id)
            SELECT \(new.adminID), \(new.admin.email), \(new.admin.name), id, \(status), \(new.admin.passwordHash.sqlValue), \(new.adminID)
            FROM roles WHERE key = 'admin'
            """,
            "INSERT INTO settings (document) VALUES (\(new.settings ?? "{}")::jsonb)",
        ] + Pipelines.first(currency: currency(new.settings), owner: new.adminID)
    }

    private static func currency(_ settings: String?) -> String {
        // Settings were checked when they came in; without any there is no currency to know.
        let document = settings.flatMap { try? JSON(parsing: $0) }
        return document?["currency"]?.string ?? "EUR"
    }
}

import Postgres
import Records
import Secrets
import Tenancy

/// What stands in a tenant's schema before anyone has signed in: the four roles, the first person, the settings, a
/// pipeline.
package enum FirstRows {
    /// Without a password the first person is invited and cannot sign in yet.
    package static let seed: Seed = { new in
        let status = new.admin.passwordHash == nil ? "invited" : "active"
        let settings = try SettingsDocument(first: new.settings, new.key)
        return Roles.seeds() + [
            """
            INSERT INTO users (id, email, name, role_id, status, password_hash, owner_id)
            SELECT \(new.adminID), \(new.admin.email), \(new.admin.name), id, \(status), \(new.admin.passwordHash.sqlValue), \(new.adminID)
            FROM roles WHERE key = 'admin'
            """,
            "INSERT INTO settings (document) VALUES (\(settings.stored.text)::jsonb)",
            """
            INSERT INTO settings_history (version, document, changed)
            SELECT version, document, \(settings.decided)::text[] FROM settings
            """,
        ] + Pipelines.first(currency: settings.stored["currency"]?.string ?? "EUR", owner: new.adminID)
            + Usage.recounted(Resource.users, of: Users.counted, Entitlements(plan: new.tenant.plan))
    }
}

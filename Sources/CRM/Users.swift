import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// A person who works for the tenant and signs in.
package enum Users {
    package static let email = Field.email("email", "Signs in with it; compared in lower case.").required.unique.title
    package static let fullName = Field.text("name", "What colleagues call the person.").required.title
    package static let role = Field.reference("role_id", to: "roles", "What the person may do.").required
    package static let teams = Field.references("team_ids", to: "teams", "The teams the person belongs to.")
    package static let timeZone = Field.timeZone("time_zone", "Zone the person works in (IANA).")
    package static let locale = Field.language("locale", "Language and region of pages, mails and CSV files (BCP 47).")
    package static let status = Field.choice("status", ["invited", "active", "disabled"], "Only active users sign in.").filled
    package static let digest = Field.choice("digest", ["none", "daily", "weekly"], "Reminders in one mail instead of many.").filled
    package static let emailOptOut = Field.flag("email_opt_out", "True: no reminders go to this person by mail; a click in one sets it.")
    package static let emailConfirmedAt = Field.time("email_confirmed_at", "When the person showed that the address is theirs.").readOnly
    package static let password = Field.secret("password", "Write-only; makes an invited user active.")

    /// Checks a password against the rules and gives its hash; refuses with pointer `/password`.
    package typealias PasswordHashing = @Sendable (String) async throws(Problem) -> String

    package static func type(hashing: @escaping PasswordHashing) -> RecordType {
        RecordType(
            "users", singular: "user",
            fields: [
                email, fullName, role, teams, timeZone, locale, status, digest, emailOptOut, emailConfirmedAt, password,
            ],
            staysWhileUsed: true, standing: .furniture, isSearchable: false
        ) { rules in
            rules.refusals = [
                "users_last_admin": Problem(
                    .conflict, "One active administrator always remains; make another user an administrator first."),
                "users_role_above_own": .invalid([
                    .init("/role_id", .reference, "Only someone with the same administrative rights gives this role.")
                ]),
                "users_password_too_short": .invalid([
                    .init("/password", .range, "The password is shorter than this account's settings allow (security.password_min).")
                ]),
                "users_active_has_password": .invalid([.init("/password", .required, "An active user needs a password.")]),
            ]
            rules.preparing = { draft, change throws(Problem) in try await prepare(&draft, change, hashing) }
            rules.cascades = true
            // A changed address is one that is not confirmed.
            rules.settlesLast = true
            rules.saving = { change throws(Problem) in
                try saving(change) + mailing(change) + gathering(change) + Teams.following(change) + counting(change)
                    + [AuditTrail.telling(of: change.id, "users", "user")]
            }
        }
    }

    /// Who takes a place of the plan's: everyone who may sign in, or who is invited to.
    package static let counted: SQL = "users WHERE deleted_at IS NULL AND status IN ('active', 'invited')"

    private static func counting(_ change: RecordType.Change) -> [SQL] {
        guard change.action != .update || change[status] != nil || change[password] != nil else { return [] }
        return Usage.recounted(Resource.users, of: counted, change.scope.entitlements)
    }

    /// What everyone may change of oneself; the rest is for those who run the account's users.
    private static let profile: Set<String> = Set(
        [fullName.definition, timeZone.definition, locale.definition, digest.definition, emailOptOut.definition].map(\.name))

    /// Who comes without a password is invited; whose address has changed is asked whether it is theirs, and links sent to the old one end.
    private static func mailing(_ change: RecordType.Change) -> [SQL] {
        guard let id = UUID(text: change.id) else { return [] }
        switch change.action {
        case .create:
            guard case nil = change[password], [nil, "invited"].contains(change[status] ?? nil) else { return [] }
            return [SendMail.promised(.invitation(by: change.caller.userID), to: id)]
        case .update:
            guard change[email] != nil else { return [] }
            let isOther: SQL = """
                EXISTS (SELECT FROM changes WHERE transaction = pg_current_xact_id() AND type = 'users' AND record_id = \(id)
                    AND fields ? 'email')
                """
            return [
                "UPDATE users SET email_confirmed_at = NULL, links = '{}' WHERE id = \(id) AND " + isOther,
                (SendMail.promised(.emailConfirmation, to: id) + " WHERE " + isOther).prepared(.perNamespace),
            ]
        case .trash, .restore, .purge: return []
        }
    }

    /// Reminders that wait for a digest follow a changed wish, and a changed clock.
    private static func gathering(_ change: RecordType.Change) -> [SQL] {
        guard change.action == .update, change[digest] != nil || change[timeZone] != nil, let id = UUID(text: change.id) else {
            return []
        }
        return [SendDigest.looked(at: id)]
    }

    private static func prepare(_ draft: inout Draft, _ change: RecordType.Change, _ hashing: PasswordHashing) async throws(Problem) {
        if !change.caller.rights.admin.users {
            guard change.action == .update, change.id == change.caller.userID.text,
                profile.isSuperset(of: draft.inputs.keys)
            else { throw Problem(.forbidden, "Only those who run the account's users may do this.") }
        }
        if change.action == .create { draft.assign("owner_id", .text(change.id)) }
        guard case .string(let text)? = draft.inputs[password.definition.name] else { return }
        draft.assign("password_hash", .text(try await hashing(text)))
        if draft.inputs[status.definition.name] == nil { draft.assign(status.definition.name, .text("active")) }
    }

    /// One active administrator always remains, whoever is demoted, disabled or deleted; nobody gives more than he has; and whoever is
    /// signed in as the user learns of the change.
    private static func saving(_ change: RecordType.Change) throws(Problem) -> [SQL] {
        var statements: [SQL] = []
        if case .some(.some(let role)) = change[role] {
            let own = change.caller.rights.adminDocument.text
            statements.append(
                """
                SELECT cell.refuse('TN002', 'users_role_above_own')
                WHERE EXISTS (
                    SELECT FROM roles, jsonb_each(roles.admin) AS flag
                    WHERE roles.id = \(role) AND flag.value = 'true' AND \(own)::jsonb -> flag.key IS DISTINCT FROM 'true')
                """)
        }
        if case .some(.some(let text)) = change[password] {
            let least = TenantSettings.standard("security.password_min").integer ?? 0
            statements.append(
                """
                SELECT cell.refuse('TN002', 'users_password_too_short') FROM settings
                WHERE coalesce((document #>> '{security,password_min}')::integer, \(least)::integer) > \(text.unicodeScalars.count)::integer
                """)
        }
        guard change.action != .create else { return statements }
        if change[password] != nil || change[status] != nil || change.action != .update {
            statements.append("DELETE FROM sessions WHERE user_id = \(change.id)")
        }
        return statements + [
            Turn.of("users.admin"),
            """
            SELECT cell.refuse('TN002', 'users_last_admin')
            WHERE NOT EXISTS (
                SELECT FROM users JOIN roles ON roles.id = users.role_id
                WHERE users.status = 'active' AND users.deleted_at IS NULL AND roles.key = 'admin')
            """,
            Credentials.changed(change.slug),
        ]
    }
}

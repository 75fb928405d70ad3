import CRM
import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// What the links in mails to users open: a way in for someone invited, a new password, a confirmed address. Each opens once.
struct LinkOpening: Sendable {
    private let directory: Directory
    private let passwords: PasswordPolicy
    private let scryptCost: ScryptCost

    init(_ house: House) {
        directory = house.installation.directory
        passwords = house.passwords
        scryptCost = house.settings.scryptCost
    }

    /// Whose link it was.
    struct Opened: Sendable {
        let slug: String
        let email: String

        var document: JSON { ["tenant": .string(slug), "email": .string(email)] }
    }

    /// The same for one that was used, has expired, or never was.
    static let dead = Problem.invalid([
        .init(
            "/token", .reference, "This link has been used or replaced by a newer one, has expired, or is none of ours. Ask for a new one.")
    ])

    /// Whose link it is, while it can be opened; reading changes nothing.
    func account(of token: String, _ purpose: PersonalLink.Purpose) async throws -> TenantScope? {
        let (link, scope): (PersonalLink, TenantScope)
        do {
            (link, scope) = try await find(token)
        } catch is Problem {
            return nil
        }
        return try await scope.rows("SELECT FROM users WHERE " + link.opens(purpose)).isEmpty ? nil : scope
    }

    /// Makes an invited user active, with this password.
    func accept(_ token: String, _ password: String, from address: String) async throws -> Opened {
        try await choosePassword(token, .invitation, status: "invited", password, from: address)
    }

    /// Gives an active user this password and ends all sessions.
    func reset(_ token: String, _ password: String, from address: String) async throws -> Opened {
        try await choosePassword(token, .passwordReset, status: "active", password, from: address)
    }

    func confirmEmail(_ token: String, requestID: String) async throws -> Opened {
        let (link, scope) = try await find(token)
        let rows = try await scope.run([
            """
            UPDATE users SET email_confirmed_at = now(), links = links - \(PersonalLink.Purpose.emailConfirmation.rawValue)::text
            WHERE \(link.opens(.emailConfirmation)) RETURNING email
            """
        ])
        guard let row = rows[0].first else { throw Self.dead }
        return Opened(slug: link.slug, email: try row.text(0))
    }

    private func choosePassword(
        _ token: String, _ purpose: PersonalLink.Purpose, status: String, _ password: String, from address: String
    ) async throws -> Opened {
        let (link, scope) = try await find(token)
        let mayOpen: SQL = link.opens(purpose) + " AND users.status = \(status)"
        let found = try await scope.rows("SELECT email FROM users WHERE " + mayOpen)
        guard let email = try found.first?.text(0) else { throw Self.dead }
        // Said only to whoever has the link.
        guard purpose != .invitation || scope.tenant.state.allowsWrites else { throw Door.suspended }
        let policy = try await TenantPolicy.of(scope)
        try policy.admit(address)
        var rules = passwords
        rules.minimum = max(rules.minimum, policy.passwordMinimum)
        if let refusal = rules.refusal(password, at: "/password") { throw Problem.invalid([refusal]) }
        let hash = await PasswordHash.of(password, cost: scryptCost)
        let answers = try await scope.run(Self.statements(link, purpose, mayOpen, status: status, hash))
        // Whoever was faster has used it.
        guard answers[0].affected == 1 else { throw Self.dead }
        return Opened(slug: link.slug, email: email)
    }

    /// The password, the change log and the end of all sessions in one transaction. The address the link came to is the person's.
    private static func statements(
        _ link: PersonalLink, _ purpose: PersonalLink.Purpose, _ mayOpen: SQL, status: String, _ hash: PasswordHash
    ) -> [SQL] {
        let fields =
            status == "active"
            ? #"{"password": {"before": null, "after": null}}"#
            : #"{"status": {"before": "invited", "after": "active"}, "password": {"before": null, "after": null}}"#
        return [
            """
            WITH changed AS (
                UPDATE users SET password_hash = \(hash.text), status = 'active', links = links - \(purpose.rawValue)::text,
                    email_confirmed_at = now(), version = version + 1, updated_at = now(), updated_by_type = 'user', updated_by_id = id
                WHERE \(mayOpen) RETURNING id, version)
            INSERT INTO changes (id, type, record_id, version, action, actor_type, actor_id, request_id, fields)
            SELECT \(UUID.v7()), 'users', id, version, 'update', 'user', id, \(purpose.rawValue), \(fields)::jsonb FROM changed
            """,
            """
            DELETE FROM sessions WHERE user_id = \(link.user)
                AND EXISTS (SELECT FROM changes WHERE record_id = \(link.user) AND transaction = pg_current_xact_id())
            """,
            Credentials.changed(link.slug),
        ]
    }

    private func find(_ token: String) async throws -> (PersonalLink, TenantScope) {
        guard let link = PersonalLink(parsing: token), let tenant = try await directory.tenant(slug: link.slug), tenant.state.allowsSignIn
        else { throw Self.dead }
        return (link, try directory.scope(for: tenant))
    }
}

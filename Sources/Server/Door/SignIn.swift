import CRM
import Foundation
import Postgres
import Records
import Secrets
import Synchronization
import Tenancy

/// Checks a password and begins a session. What an outsider sees of a failure - its words and its time - does not tell what was wrong.
final class SignIn: Sendable {
    private let directory: Directory
    private let limit: SignInLimit
    private let sessionLength: Duration
    private let scryptCost: ScryptCost
    private let checking = Mutex(0)

    /// How many passwords may be in line to be checked: more than a few seconds of work would only be given up on.
    private static let longestLine = 100

    init(_ installation: Installation, settings: ServerSettings) {
        directory = installation.directory
        limit = installation.signIns
        sessionLength = settings.sessionLength
        scryptCost = settings.scryptCost
    }

    struct Session: Sendable {
        let credential: Credential
        let expires: Date
        let length: Duration
        let user: SignedInUser
    }

    /// Refuses with `.unauthenticated`, with `.rateLimited` after too many failures (the right password included), with `.maintenance` while
    /// the tenant's schema cannot be used, with `.planLimit` when the plan has no seat for the user, with `.forbidden` when the tenant lets nobody in from this address: said only to who knows the
    /// password.
    func signIn(slug: String, email: String, password: String, address: String, userAgent: String?) async throws -> Session {
        let attempt = try await limit.attempt(slug: slug, email: email, address: AddressRange.neighbourhood(of: address))
        try Self.refuse(try await limit.wait(attempt))
        let found = try await find(slug: slug, email: email)
        guard try await isRight(password, for: found?.user), let scope = found?.scope, let user = found?.user, user.isActive else {
            // Side by side, so that an account that exists takes no longer.
            async let told: Void = tell(of: found?.user, address, in: found?.scope)
            let wait = try await limit.failed(attempt)
            await told
            try Self.refuse(wait)
            throw Door.unauthenticated
        }
        try Self.refuse(try await limit.succeeded(attempt))
        let policy = try await TenantPolicy.of(scope)
        try policy.admit(address)
        try await Seats.check("\(user.id)::uuid", in: scope)
        await renewHash(of: user, password, in: scope)
        let length = policy.sessionHours.map { .seconds($0 * 3600) } ?? sessionLength
        return try await begin(user, for: length, in: scope, address: address, userAgent: userAgent)
    }

    /// Whether this is the user's password now; wrong tries count as failed sign-ins.
    func confirm(_ password: String, of user: SignedInUser, in scope: TenantScope, address: String) async throws -> Bool {
        let attempt = try await limit.attempt(
            slug: scope.tenant.slug, email: user.email, address: AddressRange.neighbourhood(of: address))
        try Self.refuse(try await limit.wait(attempt))
        guard try await isRight(password, for: user) else {
            try Self.refuse(try await limit.failed(attempt))
            return false
        }
        try Self.refuse(try await limit.succeeded(attempt))
        return true
    }

    private static func refuse(_ wait: Duration?) throws(Problem) {
        guard let wait else { return }
        let seconds = max(1, Int(wait.seconds.rounded(.up)))
        throw Problem(.rateLimited, "Too many failed sign-ins. Try again in \((seconds + 59) / 60) minutes.", retryAfter: seconds)
    }

    private func find(slug: String, email: String) async throws -> (scope: TenantScope, user: SignedInUser?)? {
        guard let tenant = try await directory.tenant(slug: slug), tenant.state.allowsSignIn else { return nil }
        guard tenant.writesPausedAt == nil else { throw Door.moving }
        let scope = try directory.scope(for: tenant)
        return (scope, try await SignedInUser.find(email: email, in: scope))
    }

    /// A failure stands in the tenant's audit: whose account it was, if it is one, and never what was typed.
    private func tell(of user: SignedInUser?, _ address: String, in scope: TenantScope?) async {
        guard let scope else { return }
        let entry = AuditTrail.entry(.signInFailed, by: nil, about: user.map { .init("users", $0.id) }, from: address)
        // Whoever may not come in learns nothing from an audit that cannot be written; its metrics and log tell.
        _ = try? await scope.run([entry])
    }

    /// The same work whether there is such a user or not.
    private func isRight(_ password: String, for user: SignedInUser?) async throws -> Bool {
        let place = checking.withLock { count in
            count += 1
            return count
        }
        defer { checking.withLock { $0 -= 1 } }
        guard place <= Self.longestLine else {
            throw Problem(.overloaded, "Too many people sign in at this moment. Try again shortly.", retryAfter: 5)
        }
        guard let hash = user?.passwordHash.flatMap(PasswordHash.init) else {
            await PasswordHash.decoy(password, cost: scryptCost)
            return false
        }
        return await hash.matches(password)
    }

    /// A hash that was made at another cost is made anew now that the password is known. Only an improvement: should it fail, the old one
    /// still holds.
    private func renewHash(of user: SignedInUser, _ password: String, in scope: TenantScope) async {
        guard let old = user.passwordHash.flatMap(PasswordHash.init), old.cost != scryptCost, scope.tenant.state.allowsWrites else {
            return
        }
        let new = await PasswordHash.of(password, cost: scryptCost)
        _ = try? await scope.run(["UPDATE users SET password_hash = \(new.text) WHERE id = \(user.id) AND password_hash = \(old.text)"])
    }

    private func begin(
        _ user: SignedInUser, for length: Duration, in scope: TenantScope, address: String, userAgent: String?
    ) async throws -> Session {
        let credential = Credential.mint(.session, slug: scope.tenant.slug)
        let expires = Date.now.addingTimeInterval(length.seconds)
        // The status once more: who was disabled while the password was being checked does not come in.
        let place = SignInPlace(address: address, program: userAgent)
        let rows = try await scope.run(
            [
                """
                INSERT INTO sessions (token_hash, user_id, expires_at, address, user_agent)
                SELECT \(SQLValue.bytes(credential.hash)), id, \(expires)::timestamptz, \(address), \(userAgent.map { String($0.prefix(500)) })
                FROM users WHERE id = \(user.id) AND status = 'active' AND deleted_at IS NULL
                """,
                "DELETE FROM sessions WHERE user_id = \(user.id) AND expires_at < now()",
                AuditTrail.entry(
                    .signIn, by: Actor(.user, user.id), about: .init("users", user.id), from: address,
                    "FROM sessions WHERE token_hash = \(SQLValue.bytes(credential.hash))"),
            ] + place.news(to: user))
        guard rows[0].affected == 1 else { throw Door.unauthenticated }
        return Session(credential: credential, expires: expires, length: length, user: user)
    }
}

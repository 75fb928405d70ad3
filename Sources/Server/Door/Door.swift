import Foundation
import HTTPTypes
import Records
import Secrets
import Tenancy

/// Decides who may enter: reads the credential a request shows and finds who stands behind it.
///
/// Whoever is not let in hears the same 401, whatever was wrong.
struct Door: Sendable {
    let directory: Directory
    let operators: Operators
    let grants: Grants
    let principals: PrincipalCache
    let catalogs: Catalogs
    let baseDomain: String?
    let cookie: SessionCookie

    static let unauthenticated = Problem(
        .unauthenticated, "Show a valid credential: sign in at /v1/session, or send an API key as Authorization: Bearer.")

    /// Someone of one tenant. Refuses with `.unauthenticated`; with `.maintenance` while the tenant's schema cannot be used, with
    /// `.tenantSuspended` when it may not write, with `.forbidden` when a browser does not prove that our own page asked, or when the
    /// tenant's settings let nobody in from the caller's address.
    ///
    /// - Parameter proof: what a form brought in place of the header `X-CSRF-Token`.
    func person(_ call: Call, effect: Endpoint.Effect, proof: String? = nil) async throws -> Person {
        guard let (credential, cameAsCookie) = credential(in: call), let slug = credential.slug,
            TenantHint(call, baseDomain: baseDomain).agrees(with: slug),
            let tenant = try await directory.tenant(slug: slug), tenant.state.allowsSignIn
        else { throw Self.unauthenticated }
        let scope = try directory.scope(for: tenant)
        guard tenant.writesPausedAt == nil || (effect == .reads && credential.kind != .grant) else { throw Self.moving }
        if credential.kind == .grant { return try await visitor(call, credential, in: scope, effect) }
        guard let principal = try await principal(credential, in: scope) else { throw Self.unauthenticated }
        guard principal.expires.map({ $0 > .now }) ?? true,
            principal.allowedAddresses.isEmpty || principal.allowedAddresses.contains(where: { $0.contains(call.address) })
        else { throw Self.unauthenticated }
        try principal.policy.admit(call.address)
        if cameAsCookie && effect != .reads && !CSRFToken.isValid(proof ?? call.headers[.csrfToken], for: credential) {
            throw Problem(.forbidden, "A write with a cookie needs the header X-CSRF-Token; GET /v1/session tells its value.")
        }
        guard effect.isAllowed(in: tenant.state) else { throw Self.suspended }
        return Person(
            scope: scope.at(principal.policy.clock), caller: principal.caller(requestID: call.requestID), credential: credential,
            credentialID: principal.keyID ?? credential.sessionID, cameAsCookie: cameAsCookie,
            policy: principal.policy, catalog: principal.catalog)
    }

    /// An operator who was let in for a while: may do what an administrator may, from anywhere, but change nobody's way in. The account's own
    /// audit has a line of each request before anything comes of it.
    private func visitor(_ call: Call, _ credential: Credential, in scope: TenantScope, _ effect: Endpoint.Effect) async throws -> Person {
        guard let grant = try await grants.holder(of: credential), grant.tenantID == scope.tenant.id,
            let principal = try await principal(credential, in: scope)
        else { throw Self.unauthenticated }
        guard effect.isAllowed(in: scope.tenant.state) else { throw Self.suspended }
        let visit = GrantedVisit(grant)
        try visit.admit(call, effect)
        _ = try await scope.run([visit.entry(for: call)])
        return Person(
            scope: scope.at(principal.policy.clock), caller: visit.caller(principal, requestID: call.requestID),
            credential: credential, credentialID: grant.id, cameAsCookie: false, policy: principal.policy, catalog: principal.catalog)
    }

    /// The same person with the record types as the tenant has them now; nil when they are as this process knew them.
    func anew(_ person: Person) async throws -> Person? {
        guard let principal = try await CredentialLookup.find(person.credential, in: person.scope, catalogs),
            principal.catalog.shape != person.catalog.shape
        else { return nil }
        principals.forgetAll(of: person.tenant.slug)
        return Person(
            scope: person.scope,
            caller: principal.caller(requestID: person.caller.requestID).acting(as: person.caller.actor), credential: person.credential,
            credentialID: person.credentialID, cameAsCookie: person.cameAsCookie, policy: principal.policy,
            catalog: principal.catalog)
    }

    /// Whose calendar an address reads. Refuses with `.notFound`, whatever was wrong, with `.maintenance` while the tenant's schema cannot be
    /// used, and with `.forbidden` when its settings let nobody in from there.
    func subscriber(_ call: Call, _ token: Credential?) async throws -> Person {
        guard let token, let slug = token.slug, TenantHint(call, baseDomain: baseDomain).agrees(with: slug),
            let tenant = try await directory.tenant(slug: slug), tenant.state.allowsReads
        else { throw Problem.notFound }
        let scope = try directory.scope(for: tenant)
        guard let principal = try await principal(token, in: scope) else { throw Problem.notFound }
        try principal.policy.admit(call.address)
        return Person(
            scope: scope.at(principal.policy.clock), caller: principal.caller(requestID: call.requestID), credential: token,
            credentialID: token.sessionID, cameAsCookie: false, policy: principal.policy, catalog: principal.catalog)
    }

    /// Someone who runs the installation. Refuses with `.unauthenticated`, or with `.forbidden` when the role is too low.
    func `operator`(_ call: Call, atLeast role: Operator.Role) async throws -> Operator {
        guard let credential = bearer(call), credential.kind == .operator, let caller = try await operators.holder(of: credential) else {
            throw Self.unauthenticated
        }
        guard caller.role >= role else { throw Problem(.forbidden, "This needs an operator with the role \(role.rawValue).") }
        return caller
    }

    static let moving = Problem(
        .maintenance, "This account is just being moved: it can be read, and in a few seconds written again.", retryAfter: 3)

    static let suspended = Problem(
        .tenantSuspended, "This account is suspended: it can be read and exported, but nothing can be changed. Its operator knows more.")

    /// `Authorization` wins over the cookie: a program that sends both means the former.
    private func credential(in call: Call) -> (Credential, cameAsCookie: Bool)? {
        let found: (Credential, cameAsCookie: Bool)? =
            call.headers.contains(.authorization)
            ? bearer(call).map { ($0, false) } : cookie.value(in: call.headers).flatMap { Credential(parsing: $0) }.map { ($0, true) }
        guard let found, found.0.kind == .session || ([.apiKey, .grant].contains(found.0.kind) && !found.cameAsCookie) else { return nil }
        return found
    }

    private func bearer(_ call: Call) -> Credential? {
        guard let header = call.headers[.authorization] else { return nil }
        guard let space = header.utf8.firstIndex(of: UInt8(ascii: " ")), header[..<space].lowercased() == "bearer" else { return nil }
        return Credential(parsing: header[space...].trimmedOfSpaces)
    }

    private func principal(_ credential: Credential, in scope: TenantScope) async throws -> Principal? {
        let hash = credential.hash
        let tenant = scope.tenant
        switch principals.answer(hash, of: tenant.slug, in: tenant.cell) {
        case .known(let principal) where principal.tenantChangedAt == tenant.changedAt: return principal
        case .known:
            // Found before the tenant's plan or state changed, which may have cost the user the seat.
            principals.forgetAll(of: tenant.slug)
            return try await self.principal(credential, in: scope)
        case .knownToBeNothing: return nil
        case .unknown(let stamp):
            let found = try await CredentialLookup.find(credential, in: scope, catalogs)
            principals.keep(found, for: hash, of: tenant.slug, since: stamp)
            return found
        }
    }
}

extension Credential {
    /// Stands for a session where a UUID is asked for; says nothing about the token.
    var sessionID: UUID {
        var bytes = uuid_t(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &bytes) { $0.copyBytes(from: hash.prefix(16)) }
        return UUID(uuid: bytes)
    }
}

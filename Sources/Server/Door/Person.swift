import Foundation
import Records
import Secrets
import Tenancy

/// Someone of one tenant who has shown a valid credential: who it is, what they may do, and the only way to their tenant's data.
package struct Person: Sendable {
    /// Everything this person reads or writes goes through here.
    package let scope: TenantScope
    package internal(set) var caller: Caller
    /// What was shown. Its text is needed to end it; never log it.
    package let credential: Credential
    /// For whom an idempotency key is kept: the API key, or this very session.
    package let credentialID: UUID
    /// Whether a browser sent it by itself, as a cookie.
    package let cameAsCookie: Bool
    /// What the tenant's settings say about each request.
    package let policy: TenantPolicy
    /// The record types the tenant has, its own included.
    package let catalog: Catalog

    /// The records of one type as this person may see and change them. Refuses with `.notFound` for a type the tenant does not have.
    package func store(_ type: String) throws(Problem) -> RecordStore {
        guard let found = catalog[type] else { throw .notFound }
        return store(found)
    }

    package func store(_ type: RecordType) -> RecordStore { RecordStore(type, of: catalog, in: scope, for: caller) }

    package var tenant: Tenant { scope.tenant }
    package var userID: UUID { caller.userID }
    package var rights: Rights { caller.rights }
    /// Whether a human signed in, rather than a program with a key.
    package var isSession: Bool { credential.kind == .session }
}

/// What a credential stands for, as it was found in the tenant's schema. Kept in memory for a moment, so that a request needs no look-up.
struct Principal: Sendable {
    let userID: UUID
    /// The key's id; nil for a session.
    let keyID: UUID?
    let rights: Rights
    let teamMemberIDs: [UUID]
    /// From where a key may be used; empty: from anywhere.
    let allowedAddresses: [AddressRange]
    /// When the session or key ends by itself.
    let expires: ContinuousClock.Instant?
    var policy = TenantPolicy.standard
    let catalog: Catalog
    /// How the tenant stood when this was found.
    var tenantChangedAt = Date.distantPast

    func caller(requestID: String) -> Caller {
        let actor = keyID.map { Actor(.apiKey, $0) } ?? Actor(.user, userID)
        return Caller(actor: actor, userID: userID, teamMemberIDs: teamMemberIDs, rights: rights, requestID: requestID)
    }
}

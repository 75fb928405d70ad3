import Foundation
import Secrets

/// What one tenant's secrets are locked with before they are stored: derived from the installation's key and the tenant's id, so that it
/// stands nowhere and a copy of the database opens nothing.
package struct TenantKey: Sendable {
    private let key: [UInt8]
    /// From before the installation's key was changed: these open, and seal nothing any more.
    private let formerKeys: [[UInt8]]
    private let tenant: UUID

    init(_ identity: InstallationIdentity, tenant: UUID) {
        let purpose = "tenant-secrets"
        key = identity.keyed(purpose, Array(tenant.uuidString.utf8))
        formerKeys = identity.formerlyKeyed(purpose, Array(tenant.uuidString.utf8))
        self.tenant = tenant
    }

    /// The secret as it is stored. `place` names where (`mail.smtp.password`): moved elsewhere, or to another tenant, it does not open.
    package func seal(_ secret: String, for place: String) -> String {
        Base64.url.encode(AESGCM.seal(Array(secret.utf8), key: key, context: context(place)))
    }

    /// The secret; nil for what was not sealed for this place with this key or a former one, or was changed since.
    package func open(_ sealed: String, for place: String) -> String? {
        ([key] + formerKeys).lazy.compactMap { open(sealed, with: $0, for: place) }.first
    }

    /// What a sealed secret needs after the installation's key was changed.
    package enum Renewal: Sendable, Equatable {
        /// The key in force opens it.
        case isCurrent
        /// The same secret, sealed with the key in force.
        case renewed(String)
        /// No key that is known opens it: its owner has to enter it anew.
        case isLost
    }

    package func renewal(of sealed: String, for place: String) -> Renewal {
        if open(sealed, with: key, for: place) != nil { return .isCurrent }
        return open(sealed, for: place).map { .renewed(seal($0, for: place)) } ?? .isLost
    }

    private func open(_ sealed: String, with key: [UInt8], for place: String) -> String? {
        Base64.url.decode(sealed).flatMap { AESGCM.open($0, key: key, context: context(place)) }.map { String(decoding: $0, as: UTF8.self) }
    }

    private func context(_ place: String) -> [UInt8] { Array("\(tenant.uuidString) \(place)".utf8) }
}

extension Installation {
    /// Opens and seals a tenant's secrets.
    package func key(of tenant: Tenant) async throws -> TenantKey {
        TenantKey(try await identity.identity(), tenant: tenant.id)
    }

    /// Ends a change of the installation's key, after every secret was sealed anew: a key that was kept in the database until now is forgotten.
    /// True when there was one.
    package func endKeyChange(by instruction: Instruction) async throws -> Bool {
        let hadStoredKey = try await identity.forgetStoredKey()
        try await audit.append("rotate_secrets", target: nil, by: instruction)
        return hadStoredKey
    }
}

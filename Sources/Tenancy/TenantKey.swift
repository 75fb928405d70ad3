import Foundation
import Secrets

/// What one tenant's secrets are locked with before they are stored: derived from the installation's key and the tenant's id, so that it
/// stands nowhere and a copy of the database opens nothing.
package struct TenantKey: Sendable {
    private let key: [UInt8]
    private let tenant: UUID

    init(_ identity: InstallationIdentity, tenant: UUID) {
        key = identity.keyed("tenant-secrets", Array(tenant.uuidString.utf8))
        self.tenant = tenant
    }

    /// The secret as it is stored. `place` names where (`mail.smtp.password`): moved elsewhere, or to another tenant, it does not open.
    package func seal(_ secret: String, for place: String) -> String {
        Base64.url.encode(AESGCM.seal(Array(secret.utf8), key: key, context: context(place)))
    }

    /// The secret; nil for what was not sealed for this place with this key, or was changed since.
    package func open(_ sealed: String, for place: String) -> String? {
        Base64.url.decode(sealed).flatMap { AESGCM.open($0, key: key, context: context(place)) }.map { String(decoding: $0, as: UTF8.self) }
    }

    private func context(_ place: String) -> [UInt8] { Array("\(tenant.uuidString) \(place)".utf8) }
}

extension Installation {
    /// Opens and seals a tenant's secrets.
    package func key(of tenant: Tenant) async throws -> TenantKey {
        TenantKey(try await identity.identity(), tenant: tenant.id)
    }
}

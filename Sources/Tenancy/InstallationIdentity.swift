import Foundation
import Postgres
import Secrets
import Synchronization

/// Which installation this is, and the key from which its derived secrets are made.
struct InstallationIdentity: Sendable {
    let id: UUID
    let key: [UInt8]
    /// Keys from before a change: what was sealed with one still opens.
    var formerKeys: [[UInt8]] = []

    /// The login role of a cell. It names the installation, since roles are shared by all databases of a server.
    func loginRole(of cell: String) -> String { "tenantry_\(id.lastEightDigits)_\(cell)" }

    /// The role every tenant's role of a cell belongs to; it may use the shared functions.
    func tenantsRole(of cell: String) -> String { loginRole(of: cell) + "_tenants" }

    /// Derived, so that it is stored nowhere.
    func loginPassword(of role: String) -> String { Base64.url.encode(Digest.hmac(key: key, "cell-login:" + role)) }

    /// Tells whether passwords were made from this key, and nothing about it.
    var loginKeyCheck: [UInt8] { Digest.hmac(key: key, "cell-login-key-check") }

    /// A digest that only this installation can compute: what it was made from cannot be guessed by trying.
    func keyed(_ purpose: String, _ bytes: [UInt8]) -> [UInt8] { Self.keyed(key, purpose, bytes) }

    /// The same by each former key.
    func formerlyKeyed(_ purpose: String, _ bytes: [UInt8]) -> [[UInt8]] { formerKeys.map { Self.keyed($0, purpose, bytes) } }

    private static func keyed(_ key: [UInt8], _ purpose: String, _ bytes: [UInt8]) -> [UInt8] {
        Digest.hmac(key: Digest.hmac(key: key, purpose), bytes)
    }
}

/// Finds the identity once and keeps it.
final class IdentityHolder: Sendable {
    private let control: Control
    private let configuredKey: [UInt8]?
    private let formerKey: [UInt8]?
    private let known = Mutex<InstallationIdentity?>(nil)

    /// - Parameter formerKey: the configured key from before a change.
    init(control: Control, configuredKey: [UInt8]?, formerKey: [UInt8]? = nil) {
        self.control = control
        self.configuredKey = configuredKey
        self.formerKey = formerKey
    }

    /// Throws `.notReady` before the control schema was migrated for the first time.
    func identity() async throws -> InstallationIdentity {
        if let known = known.withLock({ $0 }) { return known }
        guard let row = try await control.rows("SELECT id, secret_key FROM installation").first else {
            throw TenancyError.notReady("The database has no installation in it yet; run `tenantry migrate`.")
        }
        guard let key = try configuredKey ?? row.optionalBytes(1) else {
            throw TenancyError.notReady(
                "This installation was made with a configured secret_key, which is missing now; configure it again.")
        }
        // One that was made at the first start, before a key was configured, is a former one too.
        let former = try [formerKey, row.optionalBytes(1)].compactMap(\.self).filter { $0 != key }
        let identity = InstallationIdentity(id: try row.uuid(0), key: key, formerKeys: former)
        known.withLock { $0 = identity }
        return identity
    }

    /// Takes the key out of the control schema that was made at the first start, once a configured one stands in its place everywhere. False when
    /// there is none, or it is the one in force.
    func forgetStoredKey() async throws -> Bool {
        guard configuredKey != nil else { return false }
        return try await !control.rows(
            "UPDATE installation SET secret_key = NULL WHERE secret_key IS NOT NULL RETURNING id", isRepeatable: true
        ).isEmpty
    }

    /// Gives a fresh control schema its identity. A key is stored only when none is configured.
    func establish() async throws -> InstallationIdentity {
        let stored: [UInt8]? = configuredKey == nil ? RandomBytes.make(32) : nil
        _ = try await control.rows(
            """
            INSERT INTO installation (id, secret_key) VALUES (\(UUID.v7()), \(stored.map(SQLValue.bytes) ?? .null))
            ON CONFLICT DO NOTHING
            """, isRepeatable: true)
        return try await identity()
    }
}

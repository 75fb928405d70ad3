import CRM
import Foundation
import Postgres
import Secrets
import Settings
import Tenancy

/// The sample tenant `acme`, with a password that was made up here.
struct DevTenant: Sendable {
    let installation: Installation
    let cost: ScryptCost

    static let slug = "acme"
    private static let fingerprint = Digest.sha256("the demonstration of tenantry dev")
    private static let instruction = Instruction(actor: "dev", reason: "Sample data for a first look.")

    /// Provisions and fills it, or finds it as an earlier start left it, also a start that was killed half-way.
    /// Nil when the name belongs to a tenant that someone else has made, or has been given up.
    func prepare(_ known: DevCredentials.Demo?) async throws -> DevCredentials.Demo? {
        let demo = known ?? DevCredentials.Demo(slug: Self.slug, email: Demo.administrator.email, password: Self.newPassword())
        let hash = await PasswordHash.of(demo.password, cost: cost).text
        let request = ProvisionRequest(
            slug: demo.slug, name: "Acme Trading", plan: "unlimited",
            admin: .init(email: demo.email, name: Demo.administrator.name, passwordHash: hash), fingerprint: Self.fingerprint)
        let made: Provisioning.Provisioned
        do {
            made = try await installation.provisioning.provision(request, by: Self.instruction)
        } catch let error as TenancyError {
            switch error {
            case .conflict, .slugTaken: return nil
            default: throw error
            }
        }
        let scope = try installation.directory.scope(for: made.tenant)
        try await Demo.load(into: scope, passwordHash: hash)
        if !made.isNew, known == nil { try await setPassword(hash, in: scope) }
        return demo
    }

    /// The file with the credentials was lost: the administrator gets the new password.
    private func setPassword(_ hash: String, in scope: TenantScope) async throws {
        _ = try await scope.run([
            "UPDATE users SET password_hash = \(hash), version = version + 1, updated_at = now() WHERE id = \(scope.tenant.adminID)"
        ])
    }

    private static func newPassword() -> String {
        "demo-" + Base64.url.encode(RandomBytes.make(12))
    }
}

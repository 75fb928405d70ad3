import Foundation
import Tenancy

/// The way in for the first person of an account that was opened without a password.
package enum FirstInvitation {
    /// Has a worker send it by mail; again while one waits: nothing. False when the person has a password by now.
    package static func promise(in scope: TenantScope) async throws -> Bool {
        let person = try await scope.rows(
            "SELECT 1 FROM users WHERE id = \(scope.tenant.adminID) AND status = 'invited' AND deleted_at IS NULL")
        guard !person.isEmpty else { return false }
        _ = try await scope.run([SendMail.promised(.invitation(by: nil), to: scope.tenant.adminID)])
        return true
    }

    /// The link itself, for whoever opened the account to hand over, and until when it works; it ends the one before. Nil when the person has
    /// a password by now.
    package static func link(in scope: TenantScope, _ origin: WebOrigin) async throws -> (address: String, expires: Date)? {
        let purpose = PersonalLink.Purpose.invitation
        let link = PersonalLink.mint(slug: scope.tenant.slug, user: scope.tenant.adminID)
        let expires = Date.now + purpose.life
        let kept = try await scope.run([link.kept(for: purpose, until: expires, if: "status = 'invited'")])
        guard kept[0].affected == 1 else { return nil }
        return ("\(origin.of(scope.tenant.slug))/\(purpose.page)/\(link.text)", expires)
    }
}

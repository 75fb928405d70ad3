import Foundation
import Secrets
import Testing

@testable import Tenancy

@Suite("A tenant's key") struct TenantKeyTests {
    private let identity = InstallationIdentity(id: UUID(), key: RandomBytes.make(32))

    @Test("A secret opens where it was sealed, and nowhere else") func places() {
        let tenant = UUID()
        let key = TenantKey(identity, tenant: tenant)

        let sealed = key.seal("Geheimnis ☃", for: "mail.smtp.password")

        #expect(!sealed.contains("Geheimnis"))
        #expect(TenantKey(identity, tenant: tenant).open(sealed, for: "mail.smtp.password") == "Geheimnis ☃")
        #expect(key.open(sealed, for: "mail.smtp.username") == nil)
        #expect(TenantKey(identity, tenant: UUID()).open(sealed, for: "mail.smtp.password") == nil)
        let other = InstallationIdentity(id: identity.id, key: RandomBytes.make(32))
        #expect(TenantKey(other, tenant: tenant).open(sealed, for: "mail.smtp.password") == nil)
        #expect(key.open("no secret", for: "mail.smtp.password") == nil)
    }
}

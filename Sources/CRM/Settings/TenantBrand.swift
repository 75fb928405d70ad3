import Mail
import Postgres
import Records
import Tenancy

/// How a tenant shows itself to people who are not signed in.
package struct TenantBrand: Sendable {
    package let brand: Brand
    package let logo: InlineImage?
    /// Whether the firm has a brand of its own, to be seen by everybody who knows its address; without one only its own people know its name.
    package let isPublic: Bool

    package static func of(_ scope: TenantScope) async throws -> TenantBrand {
        let row = try await scope.rows("SELECT document FROM settings").first
        let settings = try row.map { try SettingsDocument(parsing: $0.text(0)) } ?? SettingsDocument()
        let isAllowed = scope.entitlements.allows(.ownBrand)
        return TenantBrand(
            brand: Brand(settings, of: scope.tenant, scope.entitlements), logo: isAllowed ? try await MailLogo.find(in: scope) : nil,
            isPublic: isAllowed && settings["brand.name"].string != nil)
    }
}

extension Brand {
    /// What a tenant's settings say of it, as far as its plan allows a brand of its own.
    package init(_ settings: SettingsDocument, of tenant: Tenant, _ entitlements: Entitlements) {
        let name = settings["name"].string ?? tenant.name
        guard entitlements.allows(.ownBrand) else {
            self.init(name: name)
            return
        }
        self.init(
            name: settings["brand.name"].string ?? name, colour: settings["brand.colour"].string.flatMap { BrandColour($0) } ?? .standard,
            logo: settings["brand.logo"].string.map { .onTheWeb($0) })
    }
}

import Mail
import Postgres
import Records
import Tenancy

/// How a tenant shows itself to people who are not signed in: the pages behind links in its mails.
package struct TenantBrand: Sendable {
    package let brand: Brand
    package let logo: InlineImage?

    package static func of(_ scope: TenantScope) async throws -> TenantBrand {
        let row = try await scope.rows("SELECT document FROM settings").first
        let settings = try row.map { try SettingsDocument(parsing: $0.text(0)) } ?? SettingsDocument()
        let logo = try await MailLogo.find(in: scope)
        return TenantBrand(brand: Brand(settings, of: scope.tenant, hasLogo: logo != nil), logo: logo)
    }
}

extension Brand {
    /// What a tenant's settings say of it.
    init(_ settings: SettingsDocument, of tenant: Tenant, hasLogo: Bool = false) {
        self.init(
            name: settings["brand.name"].string ?? settings["name"].string ?? tenant.name,
            colour: settings["brand.colour"].string.flatMap { BrandColour($0) } ?? .standard, hasLogo: hasLogo)
    }
}

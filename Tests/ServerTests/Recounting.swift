import CRM

@testable import Server

/// What a recount finds wrong about a firm's numbers.
enum Recounting {
    static func drift(of firm: LimitedFirm) async throws -> [Recount.Drift] { try await drift(of: firm.firm) }

    static func drift(of firm: Firm) async throws -> [Recount.Drift] {
        let installation = firm.site.installation
        guard let tenant = try await installation.directory.tenant(slug: firm.slug) else { throw Unexpected("no tenant") }
        return try await Recount(installation).run(tenant)
    }
}

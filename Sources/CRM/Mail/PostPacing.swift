import Foundation
import Mail

/// How fast mail leaves this process, to each domain and for each tenant: a domain that gets more than it likes remembers, and one tenant's
/// bulk does not hold up the others.
struct PostPacing: Sendable {
    private var domains: DomainPacing
    private var tenants: DomainPacing

    init(_ settings: PostSettings) {
        domains = Self.pacing(settings.domainRate)
        tenants = Self.pacing(settings.tenantRate)
    }

    private static func pacing(_ rate: Int) -> DomainPacing { DomainPacing(burst: rate, interval: .seconds(1) / rate) }

    /// Takes leave for one mail, or says how long to wait.
    mutating func take(domain: String, tenant: UUID, at now: ContinuousClock.Instant = .now) -> Duration? {
        // The tenant's comes first: what is taken of it in vain is only the tenant's own.
        tenants.take(tenant.uuidString, at: now) ?? domains.take(domain, at: now)
    }
}

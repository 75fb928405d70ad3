import Records
import Tenancy

/// Lets people and programs of a tenant pass as often as its plan says. Comes after the door: who is not let in counts for nobody.
struct Turnstile: Sendable {
    let directory: Directory
    let limiter: RateLimiter

    /// Refuses with `.rateLimited`; answers how the limits stand, nothing where there are none.
    func pass(_ person: Person, cost: Cost) async -> (refusal: Problem?, headers: RateHeaders) {
        // A plan that this process has not read yet, a moment old at most, limits nothing.
        guard cost != .nothing, let plan = try? directory.plan(of: person.tenant) else { return (nil, RateHeaders([])) }
        let decision = await limiter.decide(
            tenant: person.tenant.id, credential: person.credentialID, rates: Rates(plan.rates), cost: cost.rawValue)
        return (decision.wait.map { RateHeaders.refusal(after: $0, decision.standings) }, RateHeaders(decision.standings))
    }
}

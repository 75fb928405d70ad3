import Records
import Tenancy

/// Lets people and programs of a tenant pass as often as its plan says. Comes after the door: who is not let in counts for nobody.
struct Turnstile: Sendable {
    let limiter: RateLimiter
    let calls: CallMeter

    /// Refuses with `.rateLimited`; answers how the limits stand, nothing where there are none.
    func pass(_ person: Person, cost: Cost) async -> (refusal: Problem?, headers: RateHeaders) {
        guard cost != .nothing else { return (nil, RateHeaders([])) }
        let decision = await limiter.decide(
            tenant: person.tenant.id, credential: person.credentialID, rates: Rates(person.scope.entitlements.rates), cost: cost.rawValue)
        if decision.wait == nil { calls.count(person.tenant.id) }
        return (decision.wait.map { RateHeaders.refusal(after: $0, decision.standings) }, RateHeaders(decision.standings))
    }
}

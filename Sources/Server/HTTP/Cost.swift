/// What a call takes from its tenant's rates. Each operation has one; the OpenAPI document tells it as `x-rate-limit-cost`.
///
/// The steps follow what calls cost the server (README, Figures): a create takes about four times a read, a search over every type or a report
/// a good deal more.
package enum Cost: Int, Sendable {
    /// Whoever is stopped may still leave: signing out, changing one's password (which has limits of its own).
    case nothing = 0
    /// A record, a list, a search within one type.
    case reading = 1
    /// One record created, changed, removed or moved.
    case writing = 2
    /// What reads much to answer little: a search over every type, a forecast, a report.
    case computing = 5
    /// What writes many records, or changes tables.
    case bulk = 10

    /// What a call costs unless it says otherwise.
    static func usual(for effect: Endpoint.Effect) -> Cost {
        switch effect {
        case .reads: .reading
        case .signs: .nothing
        case .writes: .writing
        case .exports: .bulk
        }
    }
}

/// What a call takes from its tenant's rates. Each operation has one; the OpenAPI document tells it as `x-rate-limit-cost`.
///
/// A plan's rate is read as so many calls, so an ordinary call is one; only what costs the server far more counts for several.
package enum Cost: Int, Sendable {
    /// Whoever is stopped may still leave: signing out, changing one's password (which has limits of its own).
    case nothing = 0
    /// One record read or written, a list, a search within one type.
    case single = 1
    /// What reads much to answer little: a search over every type, a forecast, a report.
    case computing = 2
    /// What writes or carries away many records.
    case bulk = 5

    /// What a call costs unless it says otherwise.
    static func usual(for effect: Endpoint.Effect) -> Cost {
        switch effect {
        case .reads, .writes, .pays: .single
        case .signs: .nothing
        case .exports: .bulk
        }
    }
}

import Foundation

/// Why something about tenants was not done. Each carries what a person needs to go on; `message` says it.
package enum TenancyError: Error, Sendable, Equatable {
    /// The word cannot be a slug.
    case invalidSlug(String, reason: String)
    /// The slug belongs, or once belonged, to another tenant.
    case slugTaken(String)
    /// The same tenant was ordered before, with other words.
    case conflict(String)
    case unknownTenant(String)
    case unknownPlan(String)
    case unknownPlanVersion(String, Int)
    case unknownCell(String)
    /// The cell, or without a name every open cell, has as many tenants as it may.
    case cellFull(String?)
    case invalidCell(String, reason: String)
    /// The table of states does not allow it.
    case transitionForbidden(TenantVerb, from: TenantState)
    /// The tenant's schema could not be migrated; it is closed until that is mended.
    case maintenance(slug: String, reason: String)
    /// It stays in its cell for now.
    case cannotMove(String, reason: String)
    case unknownOperator(String)
    case operatorNameTaken(String)
    /// The database has not been migrated, or another installation's is in its place.
    case notReady(String)

    /// A sentence for people.
    package var message: String {
        switch self {
        case .invalidSlug(let slug, let reason): "\"\(slug)\" cannot be a tenant's short name. \(reason)"
        case .slugTaken(let slug): "The short name \"\(slug)\" is taken; it is never given a second time."
        case .conflict(let slug): "\"\(slug)\" was already provisioned by another request with another content."
        case .unknownTenant(let slug): "There is no tenant \"\(slug)\"."
        case .unknownPlan(let name): "There is no plan \"\(name)\"."
        case .unknownPlanVersion(let name, let version): "The plan \"\(name)\" has no version \(version)."
        case .unknownCell(let name): "There is no cell \"\(name)\"."
        case .cellFull(let name?): "The cell \"\(name)\" is closed or has as many tenants as it may."
        case .cellFull(nil): "Every cell is closed or has as many tenants as it may; add one with `tenantry cell add`."
        case .invalidCell(let name, let reason): "The cell \"\(name)\" cannot be added. \(reason)"
        case .transitionForbidden(let verb, let state):
            "A tenant that is \(state.rawValue.replacing("_", with: " ")) does not \(verb.rawValue.replacing("_", with: " "))."
        case .maintenance(let slug, let reason): "\"\(slug)\" is closed for maintenance: \(reason)"
        case .cannotMove(let slug, let reason): "\"\(slug)\" cannot be moved now. \(reason)"
        case .unknownOperator(let name): "There is no operator \"\(name)\"."
        case .operatorNameTaken(let name): "There is already an operator \"\(name)\"."
        case .notReady(let reason): reason
        }
    }
}

extension TenancyError: LocalizedError {
    package var errorDescription: String? { message }
}

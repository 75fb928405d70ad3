import Logging
import Records
import Tenancy

extension Problem {
    /// What operators are told; of these a tenant's people meet only `.maintenance`, without its reason.
    init(_ error: TenancyError, logger: Logger) {
        switch error {
        case .invalidSlug: self = .invalid([.init("/slug", .format, error.message)])
        case .unknownPlan: self = .invalid([.init("/plan", .reference, error.message)])
        case .unknownPlanVersion: self = .invalid([.init("/version", .reference, error.message)])
        case .unknownCell, .invalidCell: self = .invalid([.init("/cell", .reference, error.message)])
        case .slugTaken, .conflict, .cellFull, .transitionForbidden, .operatorNameTaken, .cannotMove:
            self = Problem(.conflict, error.message)
        case .unknownTenant, .unknownOperator: self = .notFound
        case .maintenance:
            logger.warning("A tenant in quarantine was called", metadata: ["error": "\(error.message)"])
            self = Problem(.maintenance, "This account is closed for maintenance. Try again later.", retryAfter: 60)
        case .notReady:
            logger.error("The installation is not ready", metadata: ["error": "\(error.message)"])
            self = Problem(.overloaded, "The service is not ready yet. Try again shortly.", retryAfter: 5)
        }
    }
}

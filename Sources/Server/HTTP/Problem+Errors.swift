import Logging
import Postgres
import Records
import Tenancy

extension Problem {
    /// What a caller is told about an error that came out of a handler. Nothing of the house shows: no SQL, host or name.
    ///
    /// Errors that only a mistake of ours explains are logged with everything known and answered `internal_error`.
    init(_ error: any Error, logger: Logger) {
        switch error {
        case let problem as Problem: self = problem
        case let error as PostgresError: self.init(error, logger: logger)
        case let error as TenancyError: self.init(error, logger: logger)
        case is CancellationError: self = .tooBusy
        default:
            logger.error("A handler failed", metadata: ["error": "\(String(reflecting: error))"])
            self = .ours
        }
    }

    private init(_ error: PostgresError, logger: Logger) {
        switch error {
        case .overloaded, .unreachable:
            logger.warning("The database did not answer", metadata: ["error": "\(error)"])
            self = .tooBusy
        case .cancelled: self = .tooBusy
        case .outcomeUnknown:
            logger.error("A write's outcome is unknown", metadata: ["error": "\(error)"])
            self = Problem(
                .outcomeUnknown, "The connection to the database broke before it confirmed: read before you write it again.", retryAfter: 1)
        case .refused(let refusal) where refusal.state.passesByItself:
            logger.warning("The database refused for now", metadata: ["error": "\(error)"])
            self = .tooBusy
        case .refused(let refusal):
            // Without its detail, which quotes whole rows of a tenant.
            logger.error(
                "The database refused a statement of ours",
                metadata: [
                    "error": "\(error.reason)", "statement": "\(refusal.statement)", "position": "\(refusal.position ?? 0)",
                    "table": "\(refusal.table ?? "-")", "constraint": "\(refusal.constraint ?? "-")",
                ])
            self = .ours
        case .unexpected:
            logger.error("The database answered what it should not", metadata: ["error": "\(error.reason)"])
            self = .ours
        }
    }

    private static let tooBusy = Problem(.overloaded, "The service is too busy to do this now. Try again shortly.", retryAfter: 1)
    private static let ours = Problem(
        .internalError, "Something went wrong on our side; nothing of this request was kept. The request id helps us to find it.")
}

extension SQLState {
    /// Whether the same statement may well succeed a moment later: locks, deadlocks, time-outs, a server that starts or stops.
    fileprivate var passesByItself: Bool {
        [
            .serializationFailure, .deadlockDetected, .lockNotAvailable, .queryCanceled, .readOnlyTransaction, .adminShutdown,
            .cannotConnectNow,
        ]
        .contains(self) || rawValue.hasPrefix("53") || rawValue.hasPrefix("08") || rawValue.hasPrefix("57P")
    }
}

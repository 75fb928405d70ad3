import Postgres

extension PostgresError {
    /// What happened, in words for an operator's eyes: never shown to a tenant.
    var explanation: String {
        switch self {
        case .refused(let refusal):
            [refusal.message, refusal.detail, refusal.hint.map { "(\($0))" }, "[\(refusal.state.rawValue)]"].compactMap { $0 }
                .joined(separator: " ")
        case .overloaded(let waited): "No connection came free within \(waited)."
        case .unreachable(let reason): "The server cannot be reached: \(reason)"
        case .outcomeUnknown(let reason): "The connection broke before the answer: \(reason)"
        case .cancelled: "Cancelled."
        case .unexpected(let reason): reason
        }
    }
}

extension Error {
    /// The same for any error.
    var explained: String {
        switch self {
        case let error as PostgresError: error.explanation
        case let error as TenancyError: error.message
        default: "\(self)"
        }
    }
}

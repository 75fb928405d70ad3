/// Why a store did not do what it was asked.
package enum BlobError: Error, Sendable, Equatable {
    case notFound(BlobKey)
    /// The content has more bytes than this many.
    case tooLarge(limit: Int64)
    /// The store cannot be reached or is out of order; for whoever runs it, in its own words.
    case unavailable(String)
    /// The task was cancelled.
    case cancelled
}

extension BlobError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFound(let key): "There is no blob \(key)."
        case .tooLarge(let limit): "The content has more than \(limit) bytes."
        case .unavailable(let reason): reason
        case .cancelled: "It was called off."
        }
    }
}

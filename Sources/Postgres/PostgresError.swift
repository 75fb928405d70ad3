/// Why a statement has no answer.
package enum PostgresError: Error, Sendable {
    /// The server refused it; the whole unit or transaction is rolled back.
    case refused(Refusal)
    /// No connection came free before the deadline. Nothing was sent.
    case overloaded(waited: Duration)
    /// The server cannot be reached, or the connection broke before COMMIT was sent. Nothing has happened.
    case unreachable(String)
    /// The connection broke between sending a unit that may write and its answer: it may have happened or not.
    case outcomeUnknown(String)
    /// The calling task was cancelled. A unit already on its way may still happen; a transaction with a body is rolled back.
    case cancelled
    /// An answer came that the code did not expect: a missing row, a value of another type.
    case unexpected(String)

    /// What the server said (PostgreSQL manual 55.8).
    package struct Refusal: Sendable, Hashable {
        /// What kind of refusal it is.
        package var state: SQLState
        /// The server's sentence, in the language of its `lc_messages`; it may name tables and values.
        package var message: String
        /// More about it; it may quote the values of a row.
        package var detail: String?
        /// What the server suggests.
        package var hint: String?
        /// The schema of `table`, if the refusal concerns one.
        package var schema: String?
        /// The table it concerns.
        package var table: String?
        /// The column it concerns.
        package var column: String?
        /// The constraint that was broken.
        package var constraint: String?
        /// Position in the statement's text, in characters from 1.
        package var position: Int?
        /// Which statement of the unit was refused, from 0.
        package var statement: Int = 0
        /// The function of the server that refused: where a SQLSTATE means several things.
        package var sourceFunction: String?
    }

    /// What happened, in one sentence, for logs; it may name hosts and users.
    package var reason: String {
        switch self {
        case .refused(let refusal): "\(refusal.state.rawValue): \(refusal.message)"
        case .overloaded(let waited): "No connection came free within \(waited)."
        case .unreachable(let reason), .outcomeUnknown(let reason), .unexpected(let reason): reason
        case .cancelled: "The task was cancelled."
        }
    }

    /// The server's refusal, if it was one.
    package var refusal: Refusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }
}

/// A five-character SQLSTATE (PostgreSQL manual, appendix A) that compares with the names used in this house.
package struct SQLState: RawRepresentable, Sendable, Hashable, ExpressibleByStringLiteral {
    /// The five characters.
    package let rawValue: String

    /// Any code, also one without a name here.
    package init(rawValue: String) { self.rawValue = rawValue }
    /// A code written out.
    package init(stringLiteral value: String) { rawValue = value }

    package static let notNullViolation: SQLState = "23502"
    package static let foreignKeyViolation: SQLState = "23503"
    package static let uniqueViolation: SQLState = "23505"
    package static let checkViolation: SQLState = "23514"
    package static let invalidStatementName: SQLState = "26000"
    package static let featureNotSupported: SQLState = "0A000"
    package static let insufficientPrivilege: SQLState = "42501"
    package static let undefinedTable: SQLState = "42P01"
    package static let undefinedColumn: SQLState = "42703"
    package static let duplicateObject: SQLState = "42710"
    package static let serializationFailure: SQLState = "40001"
    package static let deadlockDetected: SQLState = "40P01"
    package static let lockNotAvailable: SQLState = "55P03"
    package static let queryCanceled: SQLState = "57014"
    package static let readOnlyTransaction: SQLState = "25006"
    package static let adminShutdown: SQLState = "57P01"
    package static let cannotConnectNow: SQLState = "57P03"

    /// Class 22: a value that its type cannot hold.
    package var isDataException: Bool { rawValue.hasPrefix("22") }
}

import CLibPQ

/// What the server says in an error (PostgreSQL manual 55.8). libpq names these fields with C character macros, which Swift does not
/// see.
enum ErrorField: Unicode.Scalar {
    case severity = "V"
    case state = "C"
    case message = "M"
    case detail = "D"
    case hint = "H"
    case position = "P"
    case schema = "s"
    case table = "t"
    case column = "c"
    case constraint = "n"
    case sourceFunction = "R"

    func text(in result: OpaquePointer) -> String? {
        PQresultErrorField(result, Int32(rawValue.value)).map { String(cString: $0) }
    }
}

extension PostgresError.Refusal {
    /// The server's refusal in an error result; nil when libpq made the error up itself, which means that the connection is broken.
    init?(_ result: OpaquePointer, statement: Int) {
        guard let state = ErrorField.state.text(in: result) else { return nil }
        self.init(
            state: SQLState(rawValue: state),
            message: ErrorField.message.text(in: result) ?? "",
            detail: ErrorField.detail.text(in: result),
            hint: ErrorField.hint.text(in: result),
            schema: ErrorField.schema.text(in: result),
            table: ErrorField.table.text(in: result),
            column: ErrorField.column.text(in: result),
            constraint: ErrorField.constraint.text(in: result),
            position: ErrorField.position.text(in: result).flatMap { Int($0) },
            statement: statement,
            sourceFunction: ErrorField.sourceFunction.text(in: result))
    }

    /// Whether the error ends the session, not only the statement.
    static func endsSession(_ result: OpaquePointer) -> Bool {
        let severity = ErrorField.severity.text(in: result)
        return severity == "FATAL" || severity == "PANIC"
    }

    /// Whether a session may not take on a role. One that learnt of its memberships while a grant was being committed may keep what it knew
    /// before (acl.c keeps one list, and a list that is being made misses the news); a new session knows better.
    var deniesRole: Bool { state == .insufficientPrivilege && sourceFunction == "call_string_check_hook" }

    /// Whether a prepared statement was gone or no longer fits its table (plancache.c): the unit was rolled back and the next attempt
    /// prepares it anew.
    var isStalePlan: Bool {
        switch state {
        case .invalidStatementName: true
        case .featureNotSupported: sourceFunction == "RevalidateCachedQuery"
        default: false
        }
    }
}

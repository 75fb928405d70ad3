import CLibPQ

/// One message to the server that has an answer of its own.
enum Step {
    case deallocate(String)
    case prepare(StatementKey, name: String)
    case execute(StatementKey?, name: String)
}

/// Puts the statements of one unit into libpq's buffer: Parse where the connection does not know one yet, then Bind and Execute. A
/// Parse stands right before its Execute, so that its names are resolved with the settings made by the statements before it.
struct StatementWriter {
    private let conn: OpaquePointer
    private let namespace: String
    private let prepares: Bool
    /// What answers there will be, in order.
    private(set) var steps: [Step] = []

    init(_ conn: OpaquePointer, namespace: String, prepares: Bool, room: Int) {
        self.conn = conn
        self.namespace = namespace
        self.prepares = prepares
        steps.reserveCapacity(room)
    }

    /// Writes all of them, after the removal of those evicted before. False when libpq refused; the connection is then of no more use.
    mutating func write(_ statements: [SQL], _ cache: inout StatementCache, _ parameters: inout Parameters) -> Bool {
        // After a refusal the server takes nothing before the way back to a savepoint, which may be among these statements.
        if !cache.evicted.isEmpty, PQtransactionStatus(conn) != PQTRANS_INERROR {
            for name in cache.takeEvicted() {
                steps.append(.deallocate(name))
                guard PQsendQueryParams(conn, "DEALLOCATE " + name, 0, nil, nil, nil, nil, 0) == 1 else { return false }
            }
        }
        for statement in statements {
            let isKept = prepares && statement.preparation != .none
            guard isKept ? writePrepared(statement, &cache, &parameters) : writeAnew(statement, &parameters) else { return false }
        }
        return true
    }

    private mutating func writeAnew(_ statement: SQL, _ parameters: inout Parameters) -> Bool {
        steps.append(.execute(nil, name: ""))
        let text = statement.text
        return parameters.with(statement.values) { count, values, lengths, formats in
            PQsendQueryParams(conn, text, count, nil, values, lengths, formats, 0) == 1
        }
    }

    private mutating func writePrepared(_ statement: SQL, _ cache: inout StatementCache, _ parameters: inout Parameters) -> Bool {
        let key = StatementKey(namespace: statement.preparation == .shared ? "" : namespace, pieces: statement.pieces)
        let name: String
        if let known = cache.name(for: key) {
            name = known
        } else {
            name = cache.insert(key)
            steps.append(.prepare(key, name: name))
            guard PQsendPrepare(conn, name, statement.text, 0, nil) == 1 else { return false }
        }
        steps.append(.execute(key, name: name))
        return parameters.with(statement.values) { count, values, lengths, formats in
            PQsendQueryPrepared(conn, name, count, values, lengths, formats, 0) == 1
        }
    }
}

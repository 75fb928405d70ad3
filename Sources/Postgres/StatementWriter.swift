import CLibPQ

/// Puts one statement into libpq's buffer: Parse where the connection does not know it yet, then Bind and Execute.
enum StatementWriter {
    /// False when libpq refused it; the connection is then of no more use.
    static func write(
        _ statement: SQL, namespace: String, prepares: Bool, to conn: OpaquePointer, _ cache: inout StatementCache,
        _ parameters: inout Parameters, _ steps: inout [PipelineLink.Step]
    ) -> Bool {
        if statement.preparation == .none || !prepares {
            steps.append(.execute(nil, name: ""))
            let text = statement.text
            return parameters.with(statement.values) { count, values, lengths, formats in
                PQsendQueryParams(conn, text, count, nil, values, lengths, formats, 0) == 1
            }
        }
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

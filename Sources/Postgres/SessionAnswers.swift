import CLibPQ

/// Reading the server's answers, and what its errors mean for the connection.
extension Session {
    /// Reads one `Rows` for each statement of a flush. Throws the first refusal, once the connection is through with all of it.
    func readAnswers(_ steps: [Step], count: Int, into rows: inout [Rows]) throws(PostgresError) {
        rows.reserveCapacity(count)
        var failure: PostgresError?
        var step = 0
        var ends = 0
        while true {
            guard let result = PQgetResult(conn) else {
                // The end of one statement's answer. Two without an answer in between: libpq has nothing more to say.
                ends += 1
                if ends > 1 { throw broken() }
                continue
            }
            ends = 0
            let status = PQresultStatus(result)
            if status == PGRES_PIPELINE_SYNC {
                PQclear(result)
                if PQexitPipelineMode(conn) != 1 { giveUp("broken") }
                if let failure { throw failure }
                return
            }
            let current = step < steps.count ? steps[step] : nil
            step += 1
            switch status {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                if case .execute = current { rows.append(Rows(owning: result)) } else { PQclear(result) }
            case PGRES_PIPELINE_ABORTED:
                if case .prepare(let key, let name) = current { cache.forget(key, named: name) }
                PQclear(result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                PQclear(result)
                giveUp("broken")
                throw .unexpected("COPY where none was expected.")
            default:
                let refused = error(result, statement: min(rows.count, count - 1))
                PQclear(result)
                if let refusal = refused.refusal, let current { cache.note(refusal, of: current) }
                failure = failure ?? refused
                if unfit == "broken" { throw failure ?? broken() }
            }
        }
    }

    /// Reads the rest of what the server has to say about the last message; the last result without error is the answer.
    @discardableResult
    func readAll() throws(PostgresError) -> Rows? {
        var rows: Rows?
        var failure: PostgresError?
        while let result = PQgetResult(conn) {
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                rows = Rows(owning: result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                PQclear(result)
                giveUp("broken")
                throw .unexpected("COPY where none was expected.")
            default:
                failure = failure ?? error(result, statement: 0)
                PQclear(result)
            }
        }
        if let failure { throw failure }
        if PQstatus(conn) == CONNECTION_BAD { throw broken() }
        return rows
    }

    /// What an error result means; one that ends the session makes the connection unfit.
    func error(_ result: OpaquePointer, statement: Int) -> PostgresError {
        guard let refusal = PostgresError.Refusal(result, statement: statement) else { return broken() }
        if PostgresError.Refusal.endsSession(result) {
            giveUp("broken")
            return .unreachable(refusal.message)
        }
        if insistsOnWriting && refusal.state == .readOnlyTransaction { meetsReadOnly = true }
        return .refused(refusal)
    }

    /// libpq could not go on with the connection.
    func broken() -> PostgresError {
        giveUp("broken")
        return .unreachable(Dial.message(of: conn))
    }
}

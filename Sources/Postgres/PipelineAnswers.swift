import CLibPQ

/// Reading the server's answers, in the order in which the units were sent.
extension PipelineLink {
    /// Reads what the socket has and finishes the units whose Sync was answered.
    mutating func receive(into finished: inout [(Flight, Outcome)], insistsOnWriting: Bool, now: Instant) {
        guard let conn else { return }
        let isReadable = PQconsumeInput(conn) == 1
        // Also after a failed read: libpq may hold answers that came before it.
        var ends = 0
        while !flights.isEmpty, !hasEnded, !isBroken, PQisBusy(conn) == 0 {
            lastHeard = now
            guard let result = PQgetResult(conn) else {
                // The end of one statement's answer. Two without an answer in between: libpq has nothing more to say.
                ends += 1
                if ends > 1 { fail(Dial.message(of: conn)) }
                continue
            }
            ends = 0
            if PQresultStatus(result) == PGRES_PIPELINE_SYNC {
                PQclear(result)
                let head = flights.removeFirst()
                finished.append((head.flight, head.failure.map { judged($0, conn) } ?? .answered(head.rows)))
            } else {
                take(result, insistsOnWriting: insistsOnWriting)
            }
        }
        if awaitsRoom { flush() }
        if !isReadable || PQstatus(conn) == CONNECTION_BAD { fail(Dial.message(of: conn)) }
        if flights.isEmpty && !isBroken && PQtransactionStatus(conn) != PQTRANS_IDLE { fail("A unit left a transaction open.") }
    }

    /// A refusal to write means a fail-over only when the server says that it takes no writes from anyone. It does so before the
    /// answer to Sync.
    private func judged(_ failure: Outcome, _ conn: OpaquePointer) -> Outcome {
        if case .readOnly(let error) = failure, !Dial.takesNoWrites(conn) { return .failed(error) }
        return failure
    }

    /// Takes one statement's answer into the unit that is being answered.
    private mutating func take(_ result: OpaquePointer, insistsOnWriting: Bool) {
        let step = flights[0].step < flights[0].steps.count ? flights[0].steps[flights[0].step] : nil
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            flights[0].step += 1
            guard case .execute = step else { return PQclear(result) }
            flights[0].rows.append(Rows(owning: result))
        case PGRES_PIPELINE_ABORTED:
            flights[0].step += 1
            if case .prepare(let key, let name) = step { cache.forget(key, named: name) }
            PQclear(result)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            flights[0].failure = .failed(.unexpected("COPY needs a connection of its own."))
            fail("COPY in a pipeline.")
            PQclear(result)
        default:
            takeError(result, step, insistsOnWriting: insistsOnWriting)
            PQclear(result)
        }
    }

    private mutating func takeError(_ result: OpaquePointer, _ step: Step?, insistsOnWriting: Bool) {
        // An error at the Sync itself, from a deferred constraint, has no statement of its own: it goes to the last.
        let statement = min(flights[0].rows.count, flights[0].flight.unit.statements.count - 1)
        guard let refusal = PostgresError.Refusal(result, statement: statement) else {
            return fail(conn.map(Dial.message(of:)) ?? "closed")
        }
        if PostgresError.Refusal.endsSession(result) {
            hasEnded = true
            return fail(refusal.message)
        }
        if let step { cache.note(refusal, of: step) }
        if refusal.isStalePlan {
            flights[0].flight.standAlone()
            flights[0].failure = .repeatable(.refused(refusal))
        } else if refusal.deniesRole {
            flights[0].failure = .roleDenied(.refused(refusal))
        } else if insistsOnWriting && refusal.state == .readOnlyTransaction {
            flights[0].failure = .readOnly(.refused(refusal))
        } else {
            flights[0].failure = .failed(.refused(refusal))
        }
        flights[0].step += 1
    }

    /// What became of the units still on their way when the connection is gone.
    mutating func abandonAll(_ reason: String) -> [(Flight, Outcome)] {
        let outcomes = flights.enumerated().map { index, carried in (carried.flight, outcome(of: carried, isHead: index == 0, reason)) }
        flights.removeAll()
        return outcomes
    }

    private func outcome(of carried: Carried, isHead: Bool, _ reason: String) -> Outcome {
        if let failure = carried.failure { return failure }
        let wasNotCommitted = hasEnded && (!isHead || carried.step < carried.steps.count)
        if wasNotCommitted || carried.flight.unit.isRepeatable { return .repeatable(.unreachable(reason)) }
        return .failed(.outcomeUnknown(reason))
    }
}

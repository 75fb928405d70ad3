import CLibPQ
import Glibc

/// One connection, used by one piece of work at a time with blocking calls: only on a thread that may wait.
final class Session {
    let conn: OpaquePointer
    let canceller: Canceller
    let expires: ContinuousClock.Instant
    private var cache: StatementCache
    private var parameters = Parameters()
    private var namespaces: Set<String> = []
    private let settings: PoolSettings
    private let insistsOnWriting: Bool
    /// Why the connection must not be used again; nil while it may.
    private(set) var unfit: String?
    private var flushes = 0

    init(_ connection: ConnectionSettings, _ settings: PoolSettings) throws(PostgresError) {
        conn = try Dial.connect(connection, startsSession: settings.preparesStatements)
        canceller = Canceller(conn)
        expires = .now + settings.jitteredLifetime()
        cache = StatementCache(capacity: settings.maximumStatements)
        insistsOnWriting = connection.insistsOnWriting
        self.settings = settings
    }

    deinit { PQfinish(conn) }

    /// Whether the server still holds the other end, as far as the socket knows. Only for a connection that owes no answer.
    var isAlive: Bool {
        var socket = pollfd(fd: PQsocket(conn), events: Int16(POLLIN), revents: 0)
        guard PQstatus(conn) == CONNECTION_OK else { return false }
        guard poll(&socket, 1, 0) > 0 else { return true }
        // Either a message nobody asked for (a parameter changed) or the end.
        return PQconsumeInput(conn) == 1 && PQisBusy(conn) == 0 && PQstatus(conn) == CONNECTION_OK
    }

    /// Sends the statements in one flush and waits once. Throws the first refusal; `.unreachable` when the connection broke.
    func flush(_ statements: [SQL], namespace: String = "") throws(PostgresError) -> [Rows] {
        for statement in statements { try statement.checkFormat() }
        namespaces.insert(namespace)
        guard PQenterPipelineMode(conn) == 1 else { throw broken() }
        var writer = StatementWriter(conn, namespace: namespace, prepares: settings.preparesStatements, room: statements.count)
        guard writer.write(statements, &cache, &parameters) else { throw broken() }
        flushes += 1
        guard PQpipelineSync(conn) == 1 else { throw broken() }
        let rows = try readAnswers(writer.steps, count: statements.count)
        guard PQexitPipelineMode(conn) == 1 else { throw broken() }
        return rows
    }

    /// Sends text of any number of statements as one message.
    @discardableResult
    func script(_ text: String) throws(PostgresError) -> Rows? {
        try SQL(code: text).checkFormat()
        flushes += 1
        guard PQsendQuery(conn, text) == 1 else { throw broken() }
        return try readAll()
    }

    /// Sends one statement alone, outside of any pipeline.
    func execute(_ statement: SQL) throws(PostgresError) {
        try statement.checkFormat()
        flushes += 1
        let isSent = parameters.with(statement.values) { count, values, lengths, formats in
            PQsendQueryParams(conn, statement.text, count, nil, values, lengths, formats, 0) == 1
        }
        guard isSent else { throw broken() }
        try readAll()
    }

    /// Starts a COPY; the caller then moves its data.
    func startCopy(_ statement: SQL, expecting status: ExecStatusType) throws(PostgresError) {
        try statement.checkFormat()
        flushes += 1
        guard statement.values.isEmpty else { throw .unexpected("COPY takes no values.") }
        guard PQsendQuery(conn, statement.text) == 1, let result = PQgetResult(conn) else { throw broken() }
        guard PQresultStatus(result) == status else {
            defer { PQclear(result) }
            let refusal = PQresultStatus(result) == PGRES_FATAL_ERROR ? error(result, statement: 0) : nil
            throw refusal ?? .unexpected("The statement is not a COPY of this direction.")
        }
        PQclear(result)
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
                failure = failure ?? .unexpected("COPY where none was expected.")
                unfit = "broken"
                throw failure ?? broken()
            default:
                failure = failure ?? error(result, statement: 0)
                PQclear(result)
            }
        }
        if let failure { throw failure }
        if PQstatus(conn) == CONNECTION_BAD { throw broken() }
        return rows
    }

    /// Makes the connection ready for the next piece of work: nothing under way, no transaction open. False when it has to be closed.
    func settle() -> Bool {
        if unfit == nil, PQtransactionStatus(conn) == PQTRANS_ACTIVE { breakOff() }
        if unfit == nil, [PQTRANS_INTRANS, PQTRANS_INERROR].contains(PQtransactionStatus(conn)) {
            do { try script("ROLLBACK") } catch { unfit = unfit ?? "broken" }
        }
        if unfit == nil, PQpipelineStatus(conn) != PQ_PIPELINE_OFF || PQtransactionStatus(conn) != PQTRANS_IDLE { unfit = "broken" }
        if unfit == nil, namespaces.count > settings.maximumNamespaces { unfit = "namespaces" }
        if unfit == nil, expires <= .now { unfit = "lifetime" }
        return unfit == nil
    }

    /// How many round trips there have been since the last call.
    func takeFlushes() -> Int {
        defer { flushes = 0 }
        return flushes
    }

    /// The connection must not be used again.
    func giveUp(_ reason: String) {
        unfit = unfit ?? reason
    }

    /// Ends a COPY or a statement half-way.
    private func breakOff() {
        guard PQpipelineStatus(conn) == PQ_PIPELINE_OFF else { return giveUp("broken") }
        canceller.cancel()
        PQputCopyEnd(conn, "broken off")
        while let result = PQgetResult(conn) {
            let status = PQresultStatus(result)
            PQclear(result)
            if status == PGRES_COPY_IN || status == PGRES_COPY_BOTH { return giveUp("broken") }
            var bytes: UnsafeMutablePointer<CChar>?
            while status == PGRES_COPY_OUT, PQgetCopyData(conn, &bytes, 0) > 0 { PQfreemem(bytes) }
        }
    }

    private func readAnswers(_ steps: [Step], count: Int) throws(PostgresError) -> [Rows] {
        var rows: [Rows] = []
        rows.reserveCapacity(count)
        var failure: PostgresError?
        var step = 0
        while true {
            guard let result = PQgetResult(conn) else {
                if PQstatus(conn) == CONNECTION_BAD || unfit == "broken" { throw broken() }
                continue
            }
            let status = PQresultStatus(result)
            if status == PGRES_PIPELINE_SYNC {
                PQclear(result)
                if let failure { leavePipeline(); throw failure }
                return rows
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

    private func leavePipeline() {
        if PQexitPipelineMode(conn) != 1 { giveUp("broken") }
    }

    /// What an error result means; one that ends the session makes the connection unfit.
    private func error(_ result: OpaquePointer, statement: Int) -> PostgresError {
        guard let refusal = PostgresError.Refusal(result, statement: statement) else { return broken() }
        if PostgresError.Refusal.endsSession(result) {
            giveUp("broken")
            return .unreachable(refusal.message)
        }
        if insistsOnWriting && refusal.state == .readOnlyTransaction { giveUp("fail-over") }
        return .refused(refusal)
    }

    private func broken() -> PostgresError {
        giveUp("broken")
        return .unreachable(Dial.message(of: conn))
    }
}

import CLibPQ
import Glibc

/// One connection, used by one piece of work at a time with blocking calls: only on a thread that may wait.
final class Session {
    let conn: OpaquePointer
    let canceller: Canceller
    let expires: ContinuousClock.Instant
    var cache: StatementCache
    private var parameters = Parameters()
    private var namespaces: Set<String> = []
    private let settings: PoolSettings
    let insistsOnWriting: Bool
    /// Why the connection must not be used again; nil while it may.
    private(set) var unfit: String?
    /// A write was refused as such, on a connection that insists on a server that takes writes.
    var meetsReadOnly = false
    var flushes = 0

    init(_ connection: ConnectionSettings, _ settings: PoolSettings) throws(PostgresError) {
        conn = try Dial.connect(connection, startsSession: settings.preparesStatements)
        canceller = Canceller(conn)
        expires = .now + settings.jitteredLifetime()
        cache = StatementCache(capacity: settings.maximumStatements)
        insistsOnWriting = connection.insistsOnWriting
        self.settings = settings
    }

    deinit { PQfinish(conn) }

    var isEncrypted: Bool { PQsslInUse(conn) == 1 }

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
        var answers: [Rows] = []
        try flush(statements, namespace: namespace, into: &answers)
        return answers
    }

    /// The same; when a statement is refused, `answers` holds what those before it answered.
    func flush(_ statements: [SQL], namespace: String, into answers: inout [Rows]) throws(PostgresError) {
        for statement in statements { try statement.checkFormat() }
        namespaces.insert(namespace)
        guard PQenterPipelineMode(conn) == 1 else { throw broken() }
        var writer = StatementWriter(conn, namespace: namespace, prepares: settings.preparesStatements, room: statements.count)
        guard writer.write(statements, &cache, &parameters) else { throw broken() }
        flushes += 1
        guard PQpipelineSync(conn) == 1 else { throw broken() }
        try readAnswers(writer.steps, count: statements.count, into: &answers)
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

    /// Makes the connection ready for the next piece of work: nothing under way, no transaction open. False when it has to be closed.
    func settle() -> Bool {
        if unfit == nil, PQtransactionStatus(conn) == PQTRANS_ACTIVE { breakOff() }
        if unfit == nil, [PQTRANS_INTRANS, PQTRANS_INERROR].contains(PQtransactionStatus(conn)) {
            do { try script("ROLLBACK") } catch { giveUp("broken") }
        }
        if unfit == nil, PQpipelineStatus(conn) != PQ_PIPELINE_OFF || PQtransactionStatus(conn) != PQTRANS_IDLE { unfit = "broken" }
        if unfit == nil, meetsReadOnly, Dial.takesNoWrites(conn) { unfit = "fail-over" }
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
}

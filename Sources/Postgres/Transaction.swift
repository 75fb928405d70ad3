import CLibPQ

/// A transaction as its body sees it. It cannot leave the body, and the body cannot await: nobody holds locks across a suspension.
package struct Transaction: ~Copyable {
    private let work: TransactionWork

    init(_ work: TransactionWork) {
        self.work = work
    }

    /// Sends one statement and waits for its answer.
    ///
    /// Throws `.refused`, after which the transaction can only end; `.unreachable` when the connection broke: nothing has happened.
    package func rows(_ statement: SQL) throws(PostgresError) -> Rows {
        guard let rows = try work.flush([statement]).first else { throw .unexpected("A statement without an answer.") }
        return rows
    }

    /// Sends several statements in one flush and waits once.
    @discardableResult
    package func flush(_ statements: [SQL]) throws(PostgresError) -> [Rows] {
        try work.flush(statements)
    }

    /// Sends several statements in one flush, where a refusal is an answer: what those before it answered, and why the next one was
    /// refused. After a refusal the transaction goes on from a savepoint or not at all.
    package func attempt(_ statements: [SQL]) throws(PostgresError) -> (answers: [Rows], refusal: PostgresError.Refusal?) {
        try work.attempt(statements)
    }

    /// Sends what `pieces` puts to a `COPY ... FROM STDIN`; answers how many rows came. A piece need not end where a row ends.
    package func copyIn(_ statement: SQL, _ pieces: (_ put: ([UInt8]) throws -> Void) throws -> Void) throws -> Int {
        try work.copyIn(statement, pieces)
    }

    /// Sends text of any number of statements, without values, as one message. The transaction around it holds.
    package func script(_ text: String) throws(PostgresError) {
        try work.script(text)
    }
}

/// What a transaction has done so far. BEGIN and the preamble leave with the first statement of the body.
final class TransactionWork {
    private let connection: ExclusiveConnection
    private let interruption: Interruption
    private let namespace: String
    private let opening: [SQL]
    private var isOpen = false
    /// The first refusal: it is why COMMIT will not commit, should the body have overlooked it.
    private var refusal: PostgresError?

    init(
        _ connection: ExclusiveConnection, _ interruption: Interruption, begin: SQL = "BEGIN", preamble: [SQL], namespace: String
    ) {
        self.connection = connection
        self.interruption = interruption
        self.namespace = namespace
        opening = [begin.prepared(.shared)] + preamble
    }

    /// Goes on with a transaction that earlier work has opened.
    init(resuming connection: ExclusiveConnection, _ interruption: Interruption) {
        self.connection = connection
        self.interruption = interruption
        namespace = ""
        opening = []
        isOpen = true
    }

    func flush(_ statements: [SQL]) throws(PostgresError) -> [Rows] {
        try watched { () throws(PostgresError) in
            guard !isOpen else { return try connection.session().flush(statements, namespace: namespace) }
            // Whatever comes of it: there is something to commit, or a reason why it cannot be.
            isOpen = true
            return Array(try open(with: statements).dropFirst(opening.count))
        }
    }

    func attempt(_ statements: [SQL]) throws(PostgresError) -> (answers: [Rows], refusal: PostgresError.Refusal?) {
        if !isOpen { _ = try flush([]) }
        var answers: [Rows] = []
        do throws(PostgresError) {
            try watched { () throws(PostgresError) in
                try connection.session().flush(statements, namespace: namespace, into: &answers)
            }
        } catch {
            guard let refusal = error.refusal else { throw error }
            return (answers, refusal)
        }
        return (answers, nil)
    }

    func script(_ text: String) throws(PostgresError) {
        if !isOpen { _ = try flush([]) }
        _ = try watched { () throws(PostgresError) in try connection.session().script(text) }
    }

    func copyIn(_ statement: SQL, _ pieces: (_ put: ([UInt8]) throws -> Void) throws -> Void) throws -> Int {
        if !isOpen { _ = try flush([]) }
        let session = try connection.session()
        try watched { () throws(PostgresError) in try session.startCopy(statement, expecting: PGRES_COPY_IN) }
        try pieces { bytes in try watched { () throws(PostgresError) in try session.putCopy(bytes) } }
        return try watched { () throws(PostgresError) in try session.endCopy() }
    }

    /// Commits what has been done. Throws `.cancelled` when the task was cancelled before; `.outcomeUnknown` when the answer is lost.
    func commit() throws(PostgresError) {
        guard interruption.disarm() else {
            try connection.session().giveUp("cancelled")
            throw .cancelled
        }
        if interruption.isCancelled { throw .cancelled }
        guard isOpen else { return }
        let session = try connection.session()
        guard session.isAlive else {
            session.giveUp("broken")
            throw .unreachable("The connection broke before COMMIT was sent.")
        }
        let answer: Rows?
        do throws(PostgresError) {
            answer = try session.script("COMMIT")
        } catch {
            if case .unreachable(let reason) = error { throw .outcomeUnknown(reason) }
            throw error
        }
        isOpen = false
        // An aborted transaction answers COMMIT with ROLLBACK.
        if answer?.tag != "COMMIT" { throw refusal ?? .unexpected("The transaction was rolled back.") }
    }

    /// The first flush of the transaction. As nothing can have happened before COMMIT, it is sent a second time when the connection
    /// turns out to be gone, or a prepared statement stale.
    private func open(with statements: [SQL]) throws(PostgresError) -> [Rows] {
        do throws(PostgresError) {
            return try connection.session().flush(opening + statements, namespace: namespace)
        } catch {
            switch error {
            case .unreachable where !interruption.isCancelled:
                try connection.reopen(interruption)
            case .refused(let refusal) where refusal.deniesRole && !interruption.isCancelled:
                try connection.reopen(interruption)
            case .refused(let refusal) where refusal.isStalePlan:
                try connection.session().script("ROLLBACK")
            default:
                throw error.shifted(by: opening.count)
            }
        }
        do throws(PostgresError) {
            return try connection.session().flush(opening + statements, namespace: namespace)
        } catch {
            throw error.shifted(by: opening.count)
        }
    }

    /// Turns an interrupted statement into `.cancelled`, and remembers a refusal.
    private func watched<T>(_ work: () throws(PostgresError) -> T) throws(PostgresError) -> T {
        if interruption.isCancelled { throw .cancelled }
        do throws(PostgresError) {
            return try work()
        } catch {
            refusal = refusal ?? error
            throw interruption.isCancelled ? .cancelled : error
        }
    }
}

extension PostgresError {
    /// The same error, its statement counted in the body's own flush.
    fileprivate func shifted(by count: Int) -> PostgresError {
        guard case .refused(var refusal) = self else { return self }
        refusal.statement = max(0, refusal.statement - count)
        return .refused(refusal)
    }
}

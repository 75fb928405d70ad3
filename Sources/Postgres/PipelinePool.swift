import Foundation
import Synchronization

/// A few connections that carry the units of many callers at once.
///
/// The calling task writes its unit to a socket; one thread reads all answers and wakes the callers (DESIGN.md, way B). For work
/// that leaves in one flush and is answered quickly: a slow unit delays those behind it on its connection, so what may be slow
/// belongs to an `ExclusivePool`. The pool lives until `close()`.
package final class PipelinePool: Sendable {
    let settings: PoolSettings
    let epoll = Epoll()
    let roster: Mutex<PipelineRoster>
    private let connection: ConnectionSettings
    private let reader = Mutex(Reader.unborn)

    private enum Reader {
        case unborn
        case reading([CheckedContinuation<Void, Never>])
        case done
    }

    /// Connects when the first unit comes.
    package init(_ connection: ConnectionSettings, _ settings: PoolSettings) {
        self.connection = connection
        self.settings = settings
        roster = Mutex(PipelineRoster(settings))
    }

    /// Sends the statements in one flush and waits once for all answers: one `Rows` for each statement, or an error and nothing
    /// has happened. Equal `affinity` means the same connection, as long as that one has room and answers; where reads gather, one for
    /// reads and one for writes.
    ///
    /// Throws `.refused` with the server's reason; `.overloaded` when nothing came free in time, `.unreachable` when there was no
    /// server all that time; `.outcomeUnknown` when the connection broke under a unit that is not repeatable. A cancelled task gets
    /// `.cancelled` at once; a unit that was sent by then still runs.
    package func run(_ unit: Unit, preferring affinity: Int = 0) async throws(PostgresError) -> [Rows] {
        for statement in unit.statements { try statement.checkFormat() }
        if unit.statements.isEmpty { return [] }
        let flight = Flight(unit, affinity: affinity, started: .now)
        let answer = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if flight.caller.wait(continuation) { start(flight) }
            }
        } onCancel: {
            flight.finish(.failure(.cancelled))
            roster.withLock { $0.line.remove(flight) }
        }
        return try answer.get()
    }

    /// What the pool is doing and has done.
    package var figures: PoolFigures {
        roster.withLock { $0.census() }
    }

    /// Refuses new units, lets the accepted ones finish, then closes all connections.
    package func close() async {
        await withCheckedContinuation { continuation in
            let isOver = reader.withLock { reader in
                switch reader {
                case .unborn:
                    reader = .done
                    return true
                case .reading(let closers):
                    reader = .reading(closers + [continuation])
                    return false
                case .done:
                    return true
                }
            }
            roster.withLock { $0.beginClosing() }
            if isOver { continuation.resume() } else { epoll.wake() }
        }
    }

    private func start(_ flight: Flight) {
        guard isReading() else { return flight.finish(.failure(.unreachable("The pool is closed."))) }
        let placement = roster.withLock { roster -> (connection: PipelineConnection?, dials: [Int])? in
            if roster.isClosing { return nil }
            let wish = roster.preferred(flight, now: flight.started)
            let connection = roster.place(flight, preferring: wish, now: flight.started)
            return (connection, roster.seatsToDial(preferring: wish, now: flight.started))
        }
        guard let placement else { return flight.finish(.failure(.unreachable("The pool is closed."))) }
        for seat in placement.dials { dial(seat) }
        if let connection = placement.connection { send(flight, on: connection) } else { epoll.wake() }
    }

    /// Sends a unit for which room has been booked.
    func send(_ flight: Flight, on connection: PipelineConnection) {
        if flight.caller.isGone { return roster.withLock { $0.finish(1, on: connection, heard: nil) } }
        connection.send(flight)
    }

    private func see(to trouble: PipelineConnection.Trouble, of flight: Flight, on connection: PipelineConnection) {
        let now = ContinuousClock.now
        switch trouble {
        case .lastNamespace:
            roster.withLock { $0.retire(connection, "namespaces") }
        case .broken:
            roster.withLock { roster in
                roster.lose(connection, "broken", now: now)
                roster.suspects.append(connection)
            }
            epoll.wake()
        case .notSent:
            roster.withLock { roster in
                roster.lose(connection, "broken", now: now)
                roster.finish(1, on: connection, heard: nil)
                roster.suspects.append(connection)
                roster.line.appendAgain(flight, now: now)
            }
            epoll.wake()
        }
    }

    /// Opens a connection on a thread of its own: name lookup and handshakes block.
    func dial(_ seat: Int) {
        Thread.detachNewThread { [self] in
            do throws(PostgresError) {
                let conn = try Dial.connect(connection, startsSession: settings.preparesStatements)
                let newcomer = PipelineConnection(
                    conn, id: roster.withLock { $0.nextID() }, seat: seat, settings: settings,
                    insistsOnWriting: connection.insistsOnWriting, now: .now
                ) { [self] in see(to: $2, of: $1, on: $0) }
                if !roster.withLock({ $0.seat(newcomer) }) { _ = newcomer.abandon("closed") }
            } catch {
                roster.withLock { $0.dialFailed(seat, error.reason, now: .now) }
            }
            epoll.wake()
        }
    }

    /// Starts the reader's thread with the first unit. False when the pool is closed.
    private func isReading() -> Bool {
        reader.withLock { reader in
            switch reader {
            case .unborn:
                reader = .reading([])
                let thread = Thread { [self] in
                    var pipelineReader = PipelineReader(self)
                    pipelineReader.run()
                    readerEnded()
                }
                thread.name = "postgres-\(settings.name)"
                thread.start()
                return true
            case .reading: return true
            case .done: return false
            }
        }
    }

    private func readerEnded() {
        let closers = reader.withLock { reader in
            defer { reader = .done }
            if case .reading(let closers) = reader { return closers }
            return []
        }
        for closer in closers { closer.resume() }
    }
}

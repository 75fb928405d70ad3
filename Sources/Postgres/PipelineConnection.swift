import CLibPQ
import DequeModule
import Synchronization

/// One non-blocking connection with the units of several callers on their way, answered in the order they were sent.
///
/// Any thread sends; one thread, the pool's reader, receives. Each unit ends in a Sync of its own, so an error stays its own
/// (PostgreSQL manual 55.2.4).
final class PipelineConnection: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What became of a sent unit.
    enum Outcome {
        case answered([Rows])
        case failed(PostgresError)
        /// It was rolled back or never begun, by no fault of its own, and can be sent again.
        case repeatable(PostgresError)
        /// The server has turned read-only under connections that insist on writing; the unit was rolled back.
        case readOnly(PostgresError)
        /// The session may not take on the unit's role, perhaps only because it is out of date; the unit was rolled back.
        case roleDenied(PostgresError)
    }

    enum Sent {
        case onItsWay
        /// On its way, and the connection has met as many namespaces as it should.
        case lastNamespace
        /// On its way, but the connection is broken; the reader has to look at it.
        case broken
        /// The connection was broken before: nothing left, or nothing the server could commit.
        case notSent
    }

    let id: UInt64
    /// Which place in the pool it fills.
    let seat: Int
    let expires: Instant
    let isEncrypted: Bool
    private let settings: PoolSettings
    private let insistsOnWriting: Bool
    private let link: Mutex<PipelineLink>

    /// Takes over an idle connection and turns it to pipeline mode.
    init(
        _ conn: sending OpaquePointer, id: UInt64, seat: Int, settings: PoolSettings, insistsOnWriting: Bool, now: Instant
    ) {
        self.id = id
        self.seat = seat
        self.settings = settings
        self.insistsOnWriting = insistsOnWriting
        expires = now + settings.jitteredLifetime()
        isEncrypted = PQsslInUse(conn) == 1
        link = Mutex(PipelineLink(conn, maximumStatements: settings.maximumStatements))
    }

    /// Writes a unit to the socket.
    func send(_ flight: Flight, now: Instant) -> Sent {
        link.withLock { link in
            guard link.isOpen, link.write(flight, prepares: settings.preparesStatements, now: now) else { return .notSent }
            if link.isBroken { return .broken }
            return link.meets(flight.unit.namespace) > settings.maximumNamespaces ? .lastNamespace : .onItsWay
        }
    }

    /// Lets the reader's epoll watch the socket.
    func register(with epoll: Epoll) {
        link.withLock { $0.register(with: epoll, id: id) }
    }

    /// Reads what has come. The units finished by it go to `finished`; a reason is answered when the connection is broken.
    func receive(into finished: inout [(Flight, Outcome)], now: Instant) -> String? {
        link.withLock { link in
            link.receive(into: &finished, insistsOnWriting: insistsOnWriting, now: now)
            return link.breakage
        }
    }

    /// Whether units wait for an answer and none has come since `moment`.
    func isSilent(since moment: Instant) -> Bool {
        link.withLock { !$0.flights.isEmpty && $0.lastHeard < moment }
    }

    /// Closes the connection and says what became of the units still on their way.
    func abandon(_ reason: String) -> [(Flight, Outcome)] {
        link.withLock { link in
            link.close()
            return link.abandonAll(reason)
        }
    }

    /// How often something was sent, and how often an answer was waited for, since the last call.
    func takeCounts() -> (flushes: Int, waits: Int) {
        link.withLock { $0.takeCounts() }
    }
}

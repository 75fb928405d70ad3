import CLibPQ
import DequeModule
import Synchronization

/// One non-blocking connection with the units of several callers on their way, answered in the order they were sent.
///
/// Any thread sends; one thread, the pool's reader, receives. Each unit ends in a Sync of its own, so an error stays its own
/// (PostgreSQL manual 55.2.4).
///
/// Nobody waits in order to send: a thread that finds another one at the connection leaves its unit in the outbox, and that one writes it
/// before it goes ("flat combining", Hendler and others 2010). The threads that serve requests would otherwise stand still whenever the
/// reader, or a sender whom its own answer has pushed off the processor, holds the lock.
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

    /// What is to be done about a unit that was, or should have been, written.
    enum Trouble {
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
    /// Whether somebody has the link, and will look at the outbox after leaving it. Asking the mutex itself costs a system call when it is
    /// held (FUTEX_TRYLOCK_PI), and makes the one who holds it pay another to let it go.
    private let isHeld = Atomic(false)
    /// Units that are to be written, in the order they came.
    private let outbox = Mutex(Deque<Flight>())
    /// Called by the thread that found it, outside all locks.
    private let onTrouble: @Sendable (PipelineConnection, Flight, Trouble) -> Void
    private let flushes = Atomic(0)
    private let waits = Atomic(0)

    /// Takes over an idle connection and turns it to pipeline mode.
    init(
        _ conn: sending OpaquePointer, id: UInt64, seat: Int, settings: PoolSettings, insistsOnWriting: Bool, now: Instant,
        onTrouble: @escaping @Sendable (PipelineConnection, Flight, Trouble) -> Void
    ) {
        self.id = id
        self.seat = seat
        self.settings = settings
        self.insistsOnWriting = insistsOnWriting
        self.onTrouble = onTrouble
        expires = now + settings.jitteredLifetime()
        isEncrypted = PQsslInUse(conn) == 1
        link = Mutex(PipelineLink(conn, maximumStatements: settings.maximumStatements))
    }

    /// Writes a unit to the socket, or has it written by the thread that is at it.
    func send(_ flight: Flight) {
        outbox.withLock { $0.append(flight) }
        writeOutbox()
    }

    /// Lets the reader's epoll watch the socket.
    func register(with epoll: Epoll) {
        holding { $0.register(with: epoll, id: id) }
    }

    /// Reads what has come. The units finished by it go to `finished`; a reason is answered when the connection is broken.
    func receive(into finished: inout [(Flight, Outcome)], now: Instant) -> String? {
        holding { link in
            let known = finished.count
            link.receive(into: &finished, insistsOnWriting: insistsOnWriting, now: now)
            waits.add(finished.count - known, ordering: .relaxed)
            return link.breakage
        }
    }

    /// Whether units wait for an answer and none has come since `moment`.
    func isSilent(since moment: Instant) -> Bool {
        holding { !$0.flights.isEmpty && $0.lastHeard < moment }
    }

    /// Closes the connection and says what became of the units still on their way.
    func abandon(_ reason: String) -> [(Flight, Outcome)] {
        holding { link in
            link.close()
            return link.abandonAll(reason)
        }
    }

    /// How often something was sent, and how often an answer was waited for, since the last call.
    func takeCounts() -> (flushes: Int, waits: Int) {
        (flushes.exchange(0, ordering: .relaxed), waits.exchange(0, ordering: .relaxed))
    }

    /// Waits for the link, works with it, and then writes what others have left in the outbox meanwhile.
    private func holding<T: Sendable>(_ work: (inout sending PipelineLink) -> T) -> T {
        defer { writeOutbox() }
        return link.withLock { marked(&$0, work) }
    }

    private func marked<T: Sendable>(_ link: inout sending PipelineLink, _ work: (inout sending PipelineLink) -> T) -> T {
        isHeld.store(true, ordering: .sequentiallyConsistent)
        defer { isHeld.store(false, ordering: .sequentiallyConsistent) }
        return work(&link)
    }

    /// Writes what waits, unless somebody else is at the connection: whoever is looks here after leaving it, and so sees every unit that
    /// was put down before it was found there.
    private func writeOutbox() {
        while outbox.withLock({ !$0.isEmpty }), !isHeld.load(ordering: .sequentiallyConsistent) {
            let troubles = link.withLockIfAvailable { marked(&$0, writeAll) }
            guard let troubles else { return }
            for (flight, trouble) in troubles { onTrouble(self, flight, trouble) }
        }
    }

    private func writeAll(_ link: inout sending PipelineLink) -> [(Flight, Trouble)] {
        var troubles: [(Flight, Trouble)] = []
        while let flight = outbox.withLock({ $0.popFirst() }) {
            if let trouble = write(flight, &link) { troubles.append((flight, trouble)) }
        }
        return troubles
    }

    private func write(_ flight: Flight, _ link: inout PipelineLink) -> Trouble? {
        guard link.isOpen, link.write(flight, prepares: settings.preparesStatements, now: .now) else { return .notSent }
        flushes.add(1, ordering: .relaxed)
        if link.isBroken { return .broken }
        return link.meets(flight.unit.namespace) > settings.maximumNamespaces ? .lastNamespace : nil
    }
}

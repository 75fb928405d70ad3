import CLibPQ
import Foundation
import Glibc
import Synchronization

/// Notifications (LISTEN, NOTIFY) on a connection of its own, which comes back by itself.
///
/// A notification sent while the connection is away is lost: at `.connected` whoever listens has to look for itself. Needs a direct
/// connection; a pooler's transaction mode does not carry LISTEN.
package final class Listener: Sendable {
    /// What a subscriber hears.
    package enum Event: Sendable, Hashable {
        /// The channels are listened to from now on. What happened before is for the listener to find out.
        case connected
        /// The connection broke; a new one is being tried for.
        case lost
        case notification(channel: String, payload: String)
    }

    private struct State {
        var subscribers: [Int: AsyncStream<Event>.Continuation] = [:]
        var lastID = 0
        var isRunning = false
        var isConnected = false
        var isClosed = false
    }

    /// How many events a slow subscriber may be behind. Beyond it the oldest are dropped and `.connected` is said anew.
    private static let backlog = 4096

    private let connection: ConnectionSettings
    private let channels: [String]
    private let state = Mutex(State())
    private let epoll = Epoll()

    /// Connects with the first subscriber.
    package init(_ connection: ConnectionSettings, channels: [String]) {
        self.connection = connection
        self.channels = channels
    }

    /// Events from now on, for one subscriber; `.connected` first, as soon as that is true. Ends with `close()`.
    package func events() -> AsyncStream<Event> {
        let (stream, continuation) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingNewest(Self.backlog))
        let starts = state.withLock { state in
            guard !state.isClosed else {
                continuation.finish()
                return false
            }
            state.lastID += 1
            let id = state.lastID
            state.subscribers[id] = continuation
            continuation.onTermination = { [self] _ in self.state.withLock { $0.subscribers[id] = nil } }
            if state.isConnected { continuation.yield(.connected) }
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if starts {
            let thread = Thread { [self] in run() }
            thread.name = "postgres-listen"
            thread.start()
        }
        return stream
    }

    /// Ends every subscription and the connection.
    package func close() {
        let subscribers = state.withLock { state in
            state.isClosed = true
            defer { state.subscribers = [:] }
            return Array(state.subscribers.values)
        }
        for subscriber in subscribers { subscriber.finish() }
        epoll.wake()
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    /// The listener's own thread, which may block.
    private func run() {
        var failures = 0
        var events = [epoll_event](repeating: epoll_event(), count: 1)
        while !isClosed {
            if let conn = open() {
                failures = 0
                tell(.connected, isConnected: true)
                epoll.add(PQsocket(conn), id: 1, forRoom: false)
                while !isClosed, drain(conn) { epoll.wait(&events, timeout: .seconds(3600)) { _ in } }
                epoll.remove(PQsocket(conn))
                PQfinish(conn)
                tell(.lost, isConnected: false)
            }
            failures += 1
            if !isClosed { epoll.wait(&events, timeout: Backoff.delay(after: failures)) { _ in } }
        }
    }

    /// A connection that listens; nil when there is none to be had.
    private func open() -> OpaquePointer? {
        // Why it failed is of no use here: the pools meet the same server and say so.
        guard let conn = try? Dial.connect(connection, startsSession: true) else { return nil }
        let listen = channels.map { "LISTEN " + SQL.quoted(identifier: $0) }.joined(separator: "; ")
        let result = PQexec(conn, listen)
        defer { PQclear(result) }
        if PQresultStatus(result) == PGRES_COMMAND_OK { return conn }
        PQfinish(conn)
        return nil
    }

    /// Passes on what has come. False when the connection broke.
    private func drain(_ conn: OpaquePointer) -> Bool {
        let isReadable = PQconsumeInput(conn) == 1
        while let notification = PQnotifies(conn) {
            let channel = String(cString: notification.pointee.relname)
            let payload = String(cString: notification.pointee.extra)
            PQfreemem(notification)
            tell(.notification(channel: channel, payload: payload), isConnected: true)
        }
        return isReadable && PQstatus(conn) == CONNECTION_OK
    }

    private func tell(_ event: Event, isConnected: Bool) {
        let subscribers = state.withLock { state in
            state.isConnected = isConnected
            return Array(state.subscribers.values)
        }
        for subscriber in subscribers {
            if case .dropped = subscriber.yield(event) { subscriber.yield(.connected) }
        }
    }
}

import CLibPQ
import Glibc

/// Interrupts the statement that runs on a connection, from any thread.
///
/// libpq 15 cancels with a second, plain connection that carries a random key (`PQcancel`), also where the first one has TLS; the
/// encrypted way came with libpq 17.
final class Canceller: Sendable {
    // Made once, only read by PQcancel, which libpq declares safe from any thread, and freed when nobody can call it any more.
    private nonisolated(unsafe) let handle: OpaquePointer?
    /// A second descriptor of the same socket: shutting it down ends the connection, whatever libpq has made of the first number.
    private let socket: CInt

    init(_ conn: OpaquePointer) {
        handle = PQgetCancel(conn)
        socket = fcntl(PQsocket(conn), F_DUPFD_CLOEXEC, 0)
    }

    deinit {
        if let handle { PQfreeCancel(handle) }
        if socket >= 0 { close(socket) }
    }

    /// Asks the server to cancel. Blocks until the server has taken note, or cannot be reached.
    func cancel() {
        guard let handle else { return }
        // Whether it worked shows on the connection itself, so its words are of no use.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
            _ = PQcancel(handle, message.baseAddress, CInt(message.count))
        }
    }

    /// Ends the connection: whoever waits for its answer learns that there is none.
    func cut() {
        if socket >= 0 { shutdown(socket, CInt(SHUT_RDWR)) }
    }
}

import CLibPQ
import Glibc

/// Waits for many sockets at once (epoll(7), level-triggered), and can be woken by other threads.
final class Epoll: Sendable {
    private static let wakeID = UInt64.max
    private let epoll: CInt
    private let bell: CInt

    init() {
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        bell = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        // Both fail only when the process has no descriptors left at its start; nothing could be served then.
        precondition(epoll >= 0 && bell >= 0, "No file descriptors left: \(String(cString: strerror(errno)))")
        add(bell, id: Self.wakeID, forRoom: false)
    }

    deinit {
        close(bell)
        close(epoll)
    }

    func add(_ socket: CInt, id: UInt64, forRoom: Bool) {
        control(EPOLL_CTL_ADD, socket, id, forRoom)
    }

    /// Waits for something to read and, if asked, for room to write.
    func watch(_ socket: CInt, id: UInt64, forRoom: Bool) {
        control(EPOLL_CTL_MOD, socket, id, forRoom)
    }

    /// A closed socket has left by itself; this is for one that is about to be.
    func remove(_ socket: CInt) {
        guard socket >= 0 else { return }
        epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nil)
    }

    /// Ends the current or next `wait` early.
    func wake() {
        eventfd_write(bell, 1)
    }

    /// Calls `body` with the id of each socket that something happened to, at most `events.count` of them; waits until `timeout`.
    func wait(_ events: inout [epoll_event], timeout: Duration, _ body: (UInt64) -> Void) {
        let (seconds, attoseconds) = timeout.components
        let milliseconds = min(seconds, 3600) * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        let count = Int(max(0, epoll_wait(epoll, &events, CInt(events.count), CInt(max(0, milliseconds)))))
        for event in events[..<count] {
            guard event.data.u64 == Self.wakeID else {
                body(event.data.u64)
                continue
            }
            var rings: eventfd_t = 0
            eventfd_read(bell, &rings)
        }
    }

    private func control(_ operation: CInt, _ socket: CInt, _ id: UInt64, _ forRoom: Bool) {
        guard socket >= 0 else { return }
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | (forRoom ? EPOLLOUT.rawValue : 0)
        event.data.u64 = id
        epoll_ctl(epoll, operation, socket, &event)
    }
}

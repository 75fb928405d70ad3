import Synchronization

/// A mail that waits for its dialogue, and whoever waits for the outcome.
final class SMTPOrder: Sendable {
    let server: SMTPServer
    let sender: String
    let recipient: String
    let mail: [UInt8]
    private let calledOff = Atomic(false)
    private let waiting = Mutex<CheckedContinuation<Delivery, Never>?>(nil)

    init(server: SMTPServer, sender: String, recipient: String, mail: [UInt8]) {
        self.server = server
        self.sender = sender
        self.recipient = recipient
        self.mail = mail
    }

    /// Nobody waits for it any more: a dialogue that runs is cut within a second, one that has not begun never does.
    var isCalledOff: Bool { calledOff.load(ordering: .relaxed) }

    func callOff() {
        calledOff.store(true, ordering: .relaxed)
    }

    func wait(_ continuation: CheckedContinuation<Delivery, Never>) {
        waiting.withLock { $0 = continuation }
    }

    /// Once.
    func finish(_ delivery: Delivery) {
        waiting.withLock { waiting -> CheckedContinuation<Delivery, Never>? in
            defer { waiting = nil }
            return waiting
        }?.resume(returning: delivery)
    }
}

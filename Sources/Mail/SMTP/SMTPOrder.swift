import Dispatch
import Synchronization

/// A mail that waits for its dialogue, and whoever waits for the outcome.
final class SMTPOrder: Sendable {
    let server: SMTPServer
    let sender: String
    let recipient: String
    let mail: [UInt8]
    /// See `MailTransport`.
    private let handover: Handover
    private let calledOff = Atomic(false)
    private let waiting = Mutex<CheckedContinuation<Delivery, Never>?>(nil)

    init(server: SMTPServer, sender: String, recipient: String, mail: [UInt8], handover: @escaping Handover = { true }) {
        self.server = server
        self.sender = sender
        self.recipient = recipient
        self.mail = mail
        self.handover = handover
    }

    /// Whether the mail may leave now. Blocks the thread, which must be none of the cooperative pool's.
    func mayLeave() -> Bool {
        let answer = HandoverAnswer()
        let handover = handover
        Task.detached { answer.give(await handover()) }
        return answer.wait()
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

/// The answer to a thread that waits for a task.
private final class HandoverAnswer: Sendable {
    private let isGranted = Atomic(false)
    private let isThere = DispatchSemaphore(value: 0)

    func give(_ answer: Bool) {
        isGranted.store(answer, ordering: .releasing)
        isThere.signal()
    }

    func wait() -> Bool {
        isThere.wait()
        return isGranted.load(ordering: .acquiring)
    }
}

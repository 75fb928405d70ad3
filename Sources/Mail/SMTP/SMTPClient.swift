import Foundation
import Synchronization

/// Speaks SMTP with any number of servers, on threads of its own: libcurl waits for a server's goodbye without letting go of its thread, so
/// a single thread for all would stop for everyone when one server stalls (see DECISIONS).
///
/// Connections stay open for the next mail to the same server, with the same settings and the same user, and for no other.
package final class SMTPClient: Sendable {
    private let desk: Mutex<SMTPDesk>
    private let bell = DispatchSemaphore(value: 0)
    private let mayConnect: @Sendable (String) -> Bool
    private let threads: Int

    /// - Parameters:
    ///   - threads: how many mails are on their way at once, over all servers.
    ///   - mayConnect: whether mail may go to this IP address, asked after the name was looked up. Who lets others name servers refuses
    ///     private networks here.
    package init(threads: Int = 16, mayConnect: @escaping @Sendable (String) -> Bool = { _ in true }) {
        self.threads = threads
        self.mayConnect = mayConnect
        desk = Mutex(SMTPDesk())
    }

    /// Offers the mail once. When the task is cancelled, the dialogue is cut and the outcome says how far it had come.
    ///
    /// - Parameter handover: asked when the server wants to hear the mail, see `MailTransport`.
    package func send(_ message: Message, through server: SMTPServer, _ handover: @escaping Handover = { true }) async -> Delivery {
        await send(
            SMTPOrder(
                server: server, sender: message.returnAddress.address, recipient: message.to.address, mail: message.bytes,
                handover: handover))
    }

    func send(_ order: SMTPOrder) async -> Delivery {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                order.wait(continuation)
                place(order)
            }
        } onCancel: {
            order.callOff()
            withdraw(order)
        }
    }

    /// Takes no more, and returns when the mails that are on their way have arrived or failed.
    package func close() async {
        let unbegun = desk.withLock { $0.close() }
        for order in unbegun { order.finish(Self.closed) }
        for _ in 0..<threads { bell.signal() }
        await withCheckedContinuation { continuation in
            if desk.withLock({ $0.isEmpty(orTell: { continuation.resume() }) }) { continuation.resume() }
        }
    }

    private func place(_ order: SMTPOrder) {
        let (isTaken, needsThread) = desk.withLock { $0.place(order, threads: threads) }
        guard isTaken else {
            order.finish(Self.closed)
            return
        }
        if needsThread { hire() }
        bell.signal()
        // Cancelled before it stood in line: nobody else would look.
        if order.isCalledOff { withdraw(order) }
    }

    private func withdraw(_ order: SMTPOrder) {
        if desk.withLock({ $0.withdraw(order) }) { order.finish(Self.calledOff) }
    }

    private static let calledOff = Delivery.retry(Setback(stage: .lookup, text: "It was called off."))
    private static let closed = Delivery.retry(Setback(stage: .lookup, text: "The client is closed."))

    private func hire() {
        let thread = Thread { [self] in work() }
        thread.name = "smtp"
        thread.stackSize = 1 << 20
        thread.start()
    }

    private func work() {
        while true {
            let next = desk.withLock { $0.next() }
            // Outside the lock: closing a connection says goodbye over the network.
            withExtendedLifetime(next.discarded) {}
            switch next.task {
            case .send(let order, let idle):
                let dialogue = idle?.dialogue ?? SMTPDialogue(order.server, mayConnect: mayConnect)
                let delivery = order.isCalledOff ? Self.calledOff : dialogue.send(order)
                // Before anyone hears of it: the next mail finds the connection.
                let parked = IdleDialogue(dialogue: dialogue)
                desk.withLock { $0.finish(order, parked) }
                order.finish(delivery)
                bell.signal()
            // A quarter of a minute is how late an idle connection may be closed.
            case .wait: _ = bell.wait(timeout: .now() + .seconds(15))
            case .leave:
                desk.withLock { $0.leave() }?()
                return
            }
        }
    }
}

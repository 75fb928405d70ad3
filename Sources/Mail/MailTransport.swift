/// A way on which a mail leaves the house.
package protocol MailTransport: Sendable {
    /// Offers the mail once and says what became of it. Never blocks the cooperative pool.
    ///
    /// - Parameter handover: asked when the other side is ready for the mail, before any of it leaves: from then on nobody can know for sure
    ///   whether it was taken. False keeps it here (`.retry`).
    func deliver(_ message: Message, _ handover: @escaping Handover) async -> Delivery
}

/// Whether the mail may leave now.
package typealias Handover = @Sendable () async -> Bool

extension MailTransport {
    /// For a mail of which nothing is kept.
    package func deliver(_ message: Message) async -> Delivery { await deliver(message) { true } }
}

/// Through a mail server.
package struct SMTPRoute: MailTransport {
    package let client: SMTPClient
    package let server: SMTPServer

    package init(_ client: SMTPClient, _ server: SMTPServer) {
        self.client = client
        self.server = server
    }

    package func deliver(_ message: Message, _ handover: @escaping Handover) async -> Delivery {
        await client.send(message, through: server, handover)
    }
}

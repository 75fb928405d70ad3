/// A way on which a mail leaves the house.
package protocol MailTransport: Sendable {
    /// Offers the mail once and says what became of it. Never blocks the cooperative pool.
    func deliver(_ message: Message) async -> Delivery
}

/// Through a mail server.
package struct SMTPRoute: MailTransport {
    package let client: SMTPClient
    package let server: SMTPServer

    package init(_ client: SMTPClient, _ server: SMTPServer) {
        self.client = client
        self.server = server
    }

    package func deliver(_ message: Message) async -> Delivery { await client.send(message, through: server) }
}

import Mail

/// How mail leaves this installation.
package struct PostSettings: Sendable {
    package enum Way: Sendable {
        case server(SMTPServer)
        /// Each mail becomes a file.
        case folder(String)
        /// Nobody has said yet; mails wait. The words say what is missing.
        case none(String)
    }

    package var way: Way
    /// The sender where a tenant has not chosen one.
    package var from: Mailbox
    /// Where mails that come back are brought to us from; nil: they go to the sender.
    package var returnDomain: String?
    /// Whether a tenant's mail server may stand in our own network, as `dev` allows.
    package var allowsPrivateHosts = false
    /// How many mails this process sends to one domain, and for one tenant, in a second.
    package var domainRate = 50
    package var tenantRate = 100

    package init(_ way: Way, from: Mailbox) {
        self.way = way
        self.from = from
    }
}

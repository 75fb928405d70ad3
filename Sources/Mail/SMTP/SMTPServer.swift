/// A server that takes mail for delivery, and how it is spoken to.
package struct SMTPServer: Sendable, Hashable {
    package enum Security: String, Sendable, CaseIterable {
        /// Begins in the open and is protected before anything is said; a server that cannot is not used.
        case starttls
        /// Protected from the first byte.
        case tls
        /// Never protected: for a server on the same machine.
        case none
    }

    package var host: String
    package var port: Int
    package var security: Security
    /// Whom to sign in as; nil signs in as nobody.
    package var username: String?
    package var password: String?
    /// A file of certificates (PEM) that vouch for the server; nil: those the system trusts.
    package var authorities: String?
    /// How we introduce ourselves (EHLO); nil: this machine's name.
    package var greeting: String?
    /// How long a connection may take to come about, TLS included.
    package var connectTime: Duration = .seconds(15)
    /// How long one mail may take altogether. A server that is slow to say yes after the last byte leaves it unknown whether it did, so this
    /// is generous (RFC 5321, 4.5.3.2 would wait ten minutes).
    package var dialogueTime: Duration = .seconds(120)
    /// How many mails go to it at the same time.
    package var dialogues = 8

    package init(host: String, port: Int, security: Security, username: String? = nil, password: String? = nil) {
        self.host = host
        self.port = port
        self.security = security
        self.username = username
        self.password = password
    }

    /// As libcurl reads it.
    var url: String {
        let name = host.contains(":") ? "[\(host)]" : host
        let path = greeting.map { "/" + $0 } ?? ""
        return "\(security == .tls ? "smtps" : "smtp")://\(name):\(port)\(path)"
    }
}

extension SMTPServer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without user and password: this is what logs show.
    package var description: String { "\(host):\(port) (\(security.rawValue))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["host": host, "port": port]) }
}

/// What became of a mail that was handed to a server or a folder.
package enum Delivery: Sendable, Hashable {
    /// The server answers for it now.
    case accepted(SMTPReply)
    /// It was not taken and may be offered again later.
    case retry(Setback)
    /// The server will never take it: what is wrong is the mail, its sender or its recipient.
    case failed(Setback)
    /// The connection ended after the last byte and before the answer: it may have been taken or not. Offering it again may send it twice.
    case unknown(Setback)

    /// What went wrong; nil when nothing did.
    package var setback: Setback? {
        switch self {
        case .accepted: nil
        case .retry(let setback), .failed(let setback), .unknown(let setback): setback
        }
    }
}

/// How far a dialogue with a server has come.
package enum DialogueStage: Int, Sendable, Comparable, CaseIterable {
    case lookup, connection, greeting, encryption, signIn, sender, recipient, body, handover

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Why a mail was not taken: at which step, and in whose words.
package struct Setback: Sendable, Hashable {
    package let stage: DialogueStage
    /// The server's answer; nil when there was none.
    package let reply: SMTPReply?
    /// For people: the server's words, or what happened to the connection.
    package let text: String

    package init(stage: DialogueStage, reply: SMTPReply? = nil, text: String) {
        self.stage = stage
        self.reply = reply
        self.text = text
    }

    /// Whoever sent the mail kept it when the server wanted to hear it.
    static let notHandedOver = Setback(stage: .body, text: "It was not handed over.")

    /// Whether server and settings are at fault, not this mail: every other mail would fare the same.
    package var concernsServer: Bool { stage < .sender }
}

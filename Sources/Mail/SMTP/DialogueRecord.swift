/// Follows a dialogue by the lines that go to and fro, to know how far it came and what the server said last.
struct DialogueRecord {
    private(set) var stage = DialogueStage.lookup
    /// The answer to the command of this stage, once it is whole.
    private(set) var reply: SMTPReply?
    private var words: [String] = []
    private var isOver = false
    /// Bytes of the mail that are on their way.
    private var sent = 0
    private let size: Int

    init(size: Int) {
        self.size = size
    }

    mutating func dials() {
        stage = max(stage, .connection)
    }

    /// A command has left. The lines of a sign-in have no verb: they are base64, which has no spaces but may look like one.
    mutating func says(_ line: some StringProtocol) {
        switch line.prefix(5).uppercased() {
        // What is said to a goodbye says nothing about the mail.
        case let text where text.hasPrefix("QUIT"): isOver = true
        case "EHLO ", "HELO ": enter(.greeting)
        case "START" where stage == .greeting: enter(.encryption)
        case "AUTH ": enter(.signIn)
        case "MAIL ": enter(.sender)
        case "RCPT ": enter(.recipient)
        case let text where text.hasPrefix("DATA") && stage == .recipient: enter(.body)
        default: break
        }
    }

    /// Certificates did not agree, or worse.
    mutating func failsToEncrypt() {
        stage = .encryption
    }

    /// Some of the mail has left. libcurl ends it (the dot on a line of its own) only after all of it is gone.
    mutating func sends(_ count: Int) {
        sent += count
        if sent >= size, stage == .body { enter(.handover) }
    }

    /// A line of an answer; `250-` has more to come.
    mutating func hears(_ line: String) {
        if stage == .connection { enter(.greeting) }
        guard !isOver, stage < .handover || reply == nil, line.utf8.count >= 3, let code = Int(line.prefix(3)) else { return }
        words.append(String(line.dropFirst(4)))
        guard line.dropFirst(3).first != "-" else { return }
        reply = SMTPReply(code: code, text: OneLine.of(words.joined(separator: " ")))
        words = []
    }

    private mutating func enter(_ next: DialogueStage) {
        stage = next
        reply = nil
        words = []
    }

    /// What it means that the dialogue is over. `trouble` is what happened to it other than the server's answer, nil when nothing did.
    func delivery(trouble: String?) -> Delivery {
        guard let reply, reply.code >= 400 || stage == .handover else {
            let setback = Setback(stage: stage, text: trouble ?? "The dialogue ended before its time.")
            return stage == .handover ? .unknown(setback) : .retry(setback)
        }
        let setback = Setback(stage: stage, reply: reply, text: reply.description)
        switch reply.code {
        case 200..<300: return .accepted(reply)
        // A server that turns us away before it has heard of the mail says nothing about the mail.
        case 500... where !setback.concernsServer: return .failed(setback)
        case 400...: return .retry(setback)
        default: return .unknown(setback)
        }
    }
}

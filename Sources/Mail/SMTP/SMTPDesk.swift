/// Which mail goes next, and over which connection: the state that the threads of an `SMTPClient` share.
struct SMTPDesk {
    enum Task {
        case send(SMTPOrder, IdleDialogue?)
        case wait
        case leave
    }

    /// How long a connection waits for another mail. Servers close theirs after some minutes; ours are gone before.
    private static let idleTime = Duration.seconds(45)

    private var waiting: [SMTPServer: [SMTPOrder]] = [:]
    /// Servers with mails that wait, in turn: one server's many mails do not delay another's.
    private var turns: [SMTPServer] = []
    private var busy: [SMTPServer: Int] = [:]
    private var idle: [SMTPServer: [IdleDialogue]] = [:]
    private var threads = 0
    private var isClosed = false
    private var emptied: (@Sendable () -> Void)?

    /// Whether it was taken, and whether one more thread is needed for it.
    mutating func place(_ order: SMTPOrder, threads limit: Int) -> (isTaken: Bool, needsThread: Bool) {
        guard !isClosed else { return (false, false) }
        if waiting[order.server] == nil { turns.append(order.server) }
        waiting[order.server, default: []].append(order)
        let work = busy.values.reduce(0, +) + waiting.values.reduce(0) { $0 + $1.count }
        guard threads < min(limit, work) else { return (true, false) }
        threads += 1
        return (true, true)
    }

    /// Takes a mail out of the line; false when it is not in it.
    mutating func withdraw(_ order: SMTPOrder) -> Bool {
        guard let place = waiting[order.server]?.firstIndex(where: { $0 === order }) else { return false }
        waiting[order.server]?.remove(at: place)
        if waiting[order.server]?.isEmpty == true { forget(order.server) }
        return true
    }

    /// What a thread does next, and connections that have waited long enough.
    mutating func next() -> (task: Task, discarded: [IdleDialogue]) {
        let discarded = takeExpired()
        guard let server = turns.first(where: { busy[$0, default: 0] < max(1, $0.dialogues) }), var line = waiting[server] else {
            return (isClosed ? .leave : .wait, discarded)
        }
        let order = line.removeFirst()
        forget(server)
        if !line.isEmpty {
            waiting[server] = line
            turns.append(server)
        }
        busy[server, default: 0] += 1
        return (.send(order, idle[server]?.popLast()), discarded)
    }

    /// A mail has met its fate; its connection waits for another.
    mutating func finish(_ order: SMTPOrder, _ dialogue: IdleDialogue) {
        busy[order.server, default: 1] -= 1
        if busy[order.server] == 0 { busy[order.server] = nil }
        idle[order.server, default: []].append(dialogue)
    }

    /// Takes no more. Answers those that had not begun.
    mutating func close() -> [SMTPOrder] {
        isClosed = true
        defer {
            waiting = [:]
            turns = []
        }
        return waiting.values.flatMap { $0 }
    }

    /// Whether no thread is at work any more; otherwise the last one tells.
    mutating func isEmpty(orTell tell: @escaping @Sendable () -> Void) -> Bool {
        guard threads > 0 else { return true }
        emptied = tell
        return false
    }

    /// A thread ends. Answers whom the last one tells.
    mutating func leave() -> (@Sendable () -> Void)? {
        threads -= 1
        return threads == 0 ? emptied : nil
    }

    private mutating func forget(_ server: SMTPServer) {
        waiting[server] = nil
        turns.removeAll { $0 == server }
    }

    private mutating func takeExpired() -> [IdleDialogue] {
        let latest = ContinuousClock.now - Self.idleTime
        var expired: [IdleDialogue] = []
        for (server, dialogues) in idle {
            let kept = dialogues.filter { !isClosed && $0.dialogue.lastUse > latest }
            guard kept.count < dialogues.count else { continue }
            expired += dialogues.filter { isClosed || $0.dialogue.lastUse <= latest }
            idle[server] = kept.isEmpty ? nil : kept
        }
        return expired
    }
}

/// A connection between two mails, on its way from one thread to another.
///
/// Safe although the dialogue is not `Sendable`: it is in exactly one place, with the thread that speaks or in the desk's list, and changes
/// it under the desk's lock.
struct IdleDialogue: Sendable {
    nonisolated(unsafe) let dialogue: SMTPDialogue
}

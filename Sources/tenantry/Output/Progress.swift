import Foundation
import Synchronization

/// How far long work is, on standard error: one line that is rewritten at a terminal, a line now and then elsewhere; nothing when a program
/// reads, who often takes both channels for one.
final class Progress: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let isSilent: Bool
    private let lastSaid = Mutex<ContinuousClock.Instant?>(nil)

    init(unless isSilent: Bool = false) { self.isSilent = isSilent }

    func say(_ text: String, isLast: Bool = false) {
        guard !isSilent else { return }
        let isDue = lastSaid.withLock { last in
            let now = ContinuousClock.now
            if !isLast, let last, now - last < (isTerminal ? .milliseconds(100) : .seconds(5)) { return false }
            last = now
            return true
        }
        guard isDue else { return }
        let line = isTerminal ? "\r\u{1B}[2K\(text)\(isLast ? "\n" : "")" : text + "\n"
        FileHandle.standardError.write(Data(line.utf8))
    }
}

import Foundation
import Synchronization

/// Threads for calls that wait for a disk or a network, so that no thread of Swift's own pool does. They are hired when there is work and
/// stay.
package final class BlockingThreads: Sendable {
    /// For requests to other servers.
    static let network = BlockingThreads(16, name: "outgoing")

    private struct Line {
        var works: [@Sendable () -> Void] = []
        var threads = 0
        var idle = 0
    }

    private let limit: Int
    private let name: String
    private let line = Mutex(Line())
    private let bell = DispatchSemaphore(value: 0)

    package init(_ limit: Int, name: String) {
        self.limit = limit
        self.name = name
    }

    /// Has the work done on one of the threads and waits for what comes of it, without a thread of the caller's.
    package func run<Answer: Sendable, Failure: Error>(_ work: @escaping @Sendable () throws(Failure) -> Answer) async throws(Failure)
        -> Answer
    {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Answer, Failure>, Never>) in
            add {
                continuation.resume(returning: Result { () throws(Failure) in try work() })
            }
        }
        return try result.get()
    }

    private func add(_ work: @escaping @Sendable () -> Void) {
        let needsThread = line.withLock { line in
            line.works.append(work)
            guard line.works.count > line.idle, line.threads < limit else { return false }
            line.threads += 1
            return true
        }
        if needsThread {
            let thread = Thread { [self] in serve() }
            thread.name = name
            thread.stackSize = 1 << 20
            thread.start()
        }
        bell.signal()
    }

    /// Runs until the process ends.
    private func serve() {
        while true {
            line.withLock { $0.idle += 1 }
            bell.wait()
            let next = line.withLock { line in
                line.idle -= 1
                return line.works.isEmpty ? nil : line.works.removeFirst()
            }
            next?()
        }
    }
}

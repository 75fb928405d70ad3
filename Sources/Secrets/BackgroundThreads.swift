import Foundation
import Synchronization

/// A few threads of their own for work that costs much and may wait: they give way to everything else on the machine.
///
/// Checking a password takes a tenth of a second and more of a whole core, on purpose. On threads of usual priority fifty sign-ins or new
/// tenants at once would make every salesperson wait; with a nice value of 10 they take what the others leave.
///
/// Tasks that prefer them as their executor run there too, between one suspension and the next.
package final class BackgroundThreads: TaskExecutor {
    /// Pieces of work in the order in which they came; `waiting` counts them.
    private let line = Mutex<[@Sendable () -> Void]>([])
    private let waiting = DispatchSemaphore(value: 0)

    package init(_ count: Int, name: String) {
        for number in 1...count {
            let thread = Thread { [self] in work() }
            thread.name = "\(name) \(number)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    /// Has the work done after all that came before.
    func add(_ work: @escaping @Sendable () -> Void) {
        line.withLock { $0.append(work) }
        waiting.signal()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        add { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Runs until the process ends.
    private func work() {
        #if os(Linux)
            // Of this thread alone: Linux keeps a nice value per thread (sched(7)). A refusal leaves the usual priority.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        #endif
        while true {
            waiting.wait()
            let next = line.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            next?()
        }
    }
}

import Dispatch
import Foundation
import Synchronization

/// The way in which a task's cancellation reaches a statement that blocks another thread.
final class Interruption: Sendable {
    private struct State {
        var isCancelled = false
        /// What to interrupt; nil before the work begins and once nothing may be interrupted any more.
        var target: Canceller?
        var isHelped = false
    }

    /// How long a cancelled statement may resist before its connection is cut.
    private static let patience: Duration = .seconds(5)

    private let state = Mutex(State())
    /// Rung when there is nothing left to interrupt, and when the interrupting thread has finished.
    private let disarmed = DispatchSemaphore(value: 0)
    private let helped = DispatchSemaphore(value: 0)
    private let cancelled = DispatchSemaphore(value: 0)

    /// The task was cancelled. Returns at once; a thread of its own does the rest.
    func cancel() {
        let target = state.withLock { state -> Canceller? in
            guard !state.isCancelled else { return nil }
            state.isCancelled = true
            state.isHelped = state.target != nil
            return state.target
        }
        cancelled.signal()
        if let target { help(target) }
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// From now on a cancellation interrupts what runs there. Throws when it has come already.
    func arm(_ target: Canceller) throws(PostgresError) {
        let isCancelled = state.withLock { state in
            if !state.isCancelled { state.target = target }
            return state.isCancelled
        }
        if isCancelled { throw .cancelled }
    }

    /// From now on nothing is interrupted any more; an interruption under way has come to its end when this returns. False when it has
    /// not: a cancel request may still be on its way to the server, so the connection must be closed.
    @discardableResult
    func disarm() -> Bool {
        let isHelped = state.withLock { state in
            state.target = nil
            defer { state.isHelped = false }
            return state.isHelped
        }
        guard isHelped else { return true }
        disarmed.signal()
        return helped.wait(timeout: .now() + 2) == .success
    }

    /// Waits before the next attempt at connecting. Throws when the task is cancelled meanwhile.
    func pause(_ duration: Duration) throws(PostgresError) {
        let (seconds, attoseconds) = duration.components
        let timeout = DispatchTime.now() + .nanoseconds(Int(seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
        if cancelled.wait(timeout: timeout) == .success {
            cancelled.signal()
            throw .cancelled
        }
    }

    /// Cancels again and again until the work has noticed: a request that comes between two statements is lost.
    private func help(_ target: Canceller) {
        Thread.detachNewThread { [self] in
            let deadline = ContinuousClock.now + Self.patience
            while true {
                target.cancel()
                if disarmed.wait(timeout: .now() + .milliseconds(200)) == .success { break }
                if ContinuousClock.now >= deadline {
                    target.cut()
                    break
                }
            }
            helped.signal()
        }
    }
}

import Synchronization

/// Wakes the one task that waits for it; rung while nobody waits, the next wait ends at once.
final class Bell: Sendable {
    private enum State {
        case silent
        case rung
        case awaited(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.silent)

    func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if case .awaited(let waiter) = state {
                state = .silent
                return waiter
            }
            state = .rung
            return nil
        }
        // Outside the lock: this waits for whoever cancels the task at the moment, and that one rings, too.
        waiter?.resume()
    }

    /// Until it rings, or the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isWaiting = state.withLock { state in
                    guard case .silent = state, !Task.isCancelled else {
                        state = .silent
                        return false
                    }
                    state = .awaited(waiter)
                    return true
                }
                if !isWaiting { waiter.resume() }
            }
        } onCancel: {
            ring()
        }
    }

    /// Until it rings, or the moment comes, or the task is cancelled.
    func wait(until moment: ContinuousClock.Instant) async {
        await withTaskGroup { group in
            group.addTask { await self.wait() }
            // Cancellation ends the sleep early; nobody looks at why it ended.
            group.addTask { try? await Task.sleep(until: moment, clock: .continuous) }
            await group.next()
            group.cancelAll()
        }
    }
}

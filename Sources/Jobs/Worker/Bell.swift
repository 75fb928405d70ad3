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
        state.withLock { state in
            if case .awaited(let waiter) = state {
                state = .silent
                waiter.resume()
            } else {
                state = .rung
            }
        }
    }

    /// Until it rings, or the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                state.withLock { state in
                    if case .silent = state, !Task.isCancelled {
                        state = .awaited(waiter)
                    } else {
                        state = .silent
                        waiter.resume()
                    }
                }
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

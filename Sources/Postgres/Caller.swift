import Synchronization

/// A task that sleeps until someone has its answer. It is woken once; whatever comes later is dropped.
struct Caller<Value: Sendable>: ~Copyable, Sendable {
    typealias Answer = Result<Value, PostgresError>

    private let state = Mutex(CallerState<Value>.arriving)

    /// The task went to sleep. False when it had been cancelled before; it is woken then.
    func wait(_ continuation: UnsafeContinuation<Answer, Never>) -> Bool {
        let isWaiting = state.withLock { state in
            guard case .arriving = state else { return false }
            state = .waiting(continuation)
            return true
        }
        if !isWaiting { continuation.resume(returning: .failure(.cancelled)) }
        return isWaiting
    }

    /// Wakes the task. False when nobody took the answer.
    @discardableResult
    func finish(_ answer: Answer) -> Bool {
        let continuation = state.withLock { state -> UnsafeContinuation<Answer, Never>? in
            defer { state = .gone }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume(returning: answer)
        return continuation != nil
    }

    /// Whether nobody waits any more.
    var isGone: Bool {
        state.withLock { if case .gone = $0 { true } else { false } }
    }
}

/// How far a `Caller` has come. (Nested in `Caller` and private, it crashes the compiler of Swift 6.3.1.)
enum CallerState<Value: Sendable> {
    /// The task has not yet gone to sleep.
    case arriving
    case waiting(UnsafeContinuation<Result<Value, PostgresError>, Never>)
    case gone
}

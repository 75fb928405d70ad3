import Synchronization

/// Bytes handed piece by piece from who makes them to who keeps them: the maker waits while a piece lies there untaken, so that two pieces
/// at most are in memory.
final class BytePipe: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    private struct State {
        var piece: [UInt8]?
        var maker: CheckedContinuation<Void, any Error>?
        var taker: CheckedContinuation<[UInt8]?, any Error>?
        var end: Result<Void, any Error>?
    }

    private let state = Mutex(State())

    /// Returns when the piece before it has been taken. Throws `CancellationError` when nobody takes any more.
    func send(_ piece: [UInt8]) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (maker: CheckedContinuation<Void, any Error>) in
                let ready: (() -> Void)? = state.withLock { state in
                    if state.end != nil { return { maker.resume(throwing: CancellationError()) } }
                    if let taker = state.taker {
                        state.taker = nil
                        return {
                            taker.resume(returning: piece)
                            maker.resume()
                        }
                    }
                    state.piece = piece
                    state.maker = maker
                    return nil
                }
                ready?()
            }
        } onCancel: {
            finish(.failure(CancellationError()))
        }
    }

    /// Nothing more comes; with a failure what was sent is worth nothing. The first end counts.
    func finish(_ end: Result<Void, any Error> = .success(())) {
        let (maker, taker) = state.withLock { state in
            if state.end == nil { state.end = end }
            if case .failure = end { state.piece = nil }
            defer { if state.piece == nil { (state.maker, state.taker) = (nil, nil) } }
            return state.piece == nil ? (state.maker, state.taker) : (nil, nil)
        }
        maker?.resume(throwing: CancellationError())
        switch end {
        case .success: taker?.resume(returning: nil)
        case .failure(let error): taker?.resume(throwing: error)
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(pipe: self) }

    struct Iterator: AsyncIteratorProtocol {
        let pipe: BytePipe

        func next() async throws -> [UInt8]? { try await pipe.take() }
    }

    private func take() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (taker: CheckedContinuation<[UInt8]?, any Error>) in
                let ready: (() -> Void)? = state.withLock { state in
                    if let piece = state.piece {
                        let maker = state.maker
                        (state.piece, state.maker) = (nil, nil)
                        return {
                            maker?.resume()
                            taker.resume(returning: piece)
                        }
                    }
                    switch state.end {
                    case .success?: return { taker.resume(returning: nil) }
                    case .failure(let error)?: return { taker.resume(throwing: error) }
                    case nil:
                        state.taker = taker
                        return nil
                    }
                }
                ready?()
            }
        } onCancel: {
            finish(.failure(CancellationError()))
        }
    }
}

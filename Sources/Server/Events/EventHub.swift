import Foundation
import Records
import Synchronization

/// Wakes those who follow their tenants' changes: one clock and one listening connection per cell for all of them.
final class EventHub: Sendable {
    enum Signal: Sendable {
        /// A write has committed.
        case changes
        case progress(JSON)
        /// A second has passed.
        case tick
    }

    private struct State {
        var followers: [String: [Int: AsyncStream<Signal>.Continuation]] = [:]
        var lastID = 0
        var isClosed = false
    }

    /// How many signals a slow follower may be behind: the oldest go then. Changes are read from the log, so none is lost.
    private static let backlog = 64

    /// How many connections of one tenant follow at the same time.
    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Signals about a tenant from now on, until the stream is dropped or the server shuts down; nil when too many follow already.
    func follow(_ slug: String) -> AsyncStream<Signal>? {
        let (stream, continuation) = AsyncStream.makeStream(of: Signal.self, bufferingPolicy: .bufferingNewest(Self.backlog))
        let isTaken = state.withLock { state in
            guard state.followers[slug, default: [:]].count < limit else { return false }
            guard !state.isClosed else {
                continuation.finish()
                return true
            }
            state.lastID += 1
            let id = state.lastID
            state.followers[slug, default: [:]][id] = continuation
            continuation.onTermination = { [weak self] _ in self?.forget(id, of: slug) }
            return true
        }
        return isTaken ? stream : nil
    }

    func changed(_ slug: String) { tell(slug, .changes) }

    /// - Parameter payload: the slug, a space and the document.
    func progressed(_ payload: String) {
        let parts = payload.split(separator: " ", maxSplits: 1)
        // Nobody but us speaks on the channel.
        guard parts.count == 2, let document = try? JSON(parsing: Array(parts[1].utf8)) else { return }
        tell(String(parts[0]), .progress(document))
    }

    /// Ticks until the task is cancelled; then every stream ends.
    func run() async {
        while !Task.isCancelled {
            for follower in state.withLock({ $0.followers.values.flatMap(\.values) }) { follower.yield(.tick) }
            // Cancellation ends the sleep and, with the next look at the condition, the loop.
            try? await Task.sleep(for: .seconds(1))
        }
        let followers = state.withLock { state in
            state.isClosed = true
            defer { state.followers = [:] }
            return state.followers.values.flatMap(\.values)
        }
        for follower in followers { follower.finish() }
    }

    private func tell(_ slug: String, _ signal: Signal) {
        for follower in state.withLock({ Array($0.followers[slug, default: [:]].values) }) { follower.yield(signal) }
    }

    private func forget(_ id: Int, of slug: String) {
        state.withLock { state in
            state.followers[slug]?[id] = nil
            if state.followers[slug]?.isEmpty == true { state.followers[slug] = nil }
        }
    }
}

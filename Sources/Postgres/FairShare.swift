import DequeModule
import Dispatch
import Foundation
import Synchronization

/// Lets each one of many have only so much of something at a time; who wants more waits in line behind its own kind and nobody else's, first
/// come first served, until the deadline.
package final class FairShare: Sendable {
    /// Whose work it is.
    package typealias Key = UUID

    private let limit: Int
    private let deadline: Duration
    private let books = Mutex(Books())

    fileprivate struct Books {
        var shares: [Key: Share] = [:]
        var overloaded = 0
    }

    fileprivate struct Share {
        var taken = 0
        var line: Deque<Waiter> = []
    }

    fileprivate final class Waiter: Sendable {
        let caller = Caller<Void>()
        let since = ContinuousClock.now
    }

    /// - Parameters:
    ///   - limit: how many places each has.
    ///   - deadline: how long one waits for a place before it is refused with `.overloaded`.
    package init(limit: Int, deadline: Duration) {
        self.limit = max(1, limit)
        self.deadline = deadline
    }

    /// Does the work in one of the key's places. Throws `.overloaded` when none came free in time, `.cancelled` for a cancelled task; the work
    /// has not begun then.
    package nonisolated(nonsending) func run<T, Failure: Error>(
        for key: Key, _ work: () async throws(Failure) -> T
    ) async throws -> T {
        try await enter(key)
        defer { leave(key) }
        return try await work()
    }

    /// Takes a place; `leave` gives it back.
    package func enter(_ key: Key) async throws(PostgresError) {
        if books.withLock({ $0.take(key, limit) }) { return }
        let waiter = Waiter()
        let answer = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if waiter.caller.wait(continuation) { queue(waiter, for: key) }
            }
        } onCancel: {
            waiter.caller.finish(.failure(.cancelled))
            books.withLock { _ = $0.remove(waiter, of: key) }
        }
        try answer.get()
    }

    /// Gives a place back, to whoever waits for it.
    package func leave(_ key: Key) {
        while let next = books.withLock({ $0.giveBack(key) }) {
            // Whoever has gone meanwhile leaves the place to the next.
            if next.caller.finish(.success(())) { return }
        }
    }

    /// Who waits now, and who was refused since the start.
    package var figures: (waiters: Int, overloaded: Int) {
        books.withLock { books in (books.shares.values.reduce(0) { $0 + $1.line.count }, books.overloaded) }
    }

    private func queue(_ waiter: Waiter, for key: Key) {
        let isIn = books.withLock { books in
            // A place may have come free since the first look.
            if books.take(key, limit) { return true }
            books.shares[key, default: Share()].line.append(waiter)
            return false
        }
        guard !isIn else {
            if !waiter.caller.finish(.success(())) { leave(key) }
            return
        }
        let (seconds, attoseconds) = deadline.components
        let end = DispatchTime.now() + .nanoseconds(Int(seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
        DispatchQueue.global().asyncAfter(deadline: end) { [self] in
            let isLate = books.withLock { books in
                guard books.remove(waiter, of: key) else { return false }
                books.overloaded += 1
                return true
            }
            if isLate { waiter.caller.finish(.failure(.overloaded(waited: ContinuousClock.now - waiter.since))) }
        }
    }
}

extension FairShare.Books {
    /// A place, if one is free and nobody waits for it.
    fileprivate mutating func take(_ key: FairShare.Key, _ limit: Int) -> Bool {
        var share = shares[key] ?? FairShare.Share()
        guard share.taken < limit, share.line.isEmpty else { return false }
        share.taken += 1
        shares[key] = share
        return true
    }

    /// The next one in line, who takes over the place; nil when it is free now.
    fileprivate mutating func giveBack(_ key: FairShare.Key) -> FairShare.Waiter? {
        guard var share = shares[key] else { return nil }
        defer { shares[key] = share.taken == 0 ? nil : share }
        while let next = share.line.popFirst() {
            if !next.caller.isGone { return next }
        }
        share.taken -= 1
        return nil
    }

    /// False when it was not in line any more.
    fileprivate mutating func remove(_ waiter: FairShare.Waiter, of key: FairShare.Key) -> Bool {
        guard let index = shares[key]?.line.firstIndex(where: { $0 === waiter }) else { return false }
        shares[key]?.line.remove(at: index)
        return true
    }
}

import Foundation
import Postgres

/// Tenants for whom a schema stands ready take it one after another, with a rest after each while more are waiting.
///
/// Of a crowd of newcomers each writes its first rows, on processors that their neighbours need. Who comes alone waits for nobody.
final class ProvisioningLine: Sendable {
    private let line = FairShare(limit: 1, deadline: .seconds(60))
    /// How long the rest is, as a part of what the work before it took.
    private let rest = 3.0
    /// On a slow machine the crowd waits no longer than this for each of its own.
    private let longestRest: Duration = .milliseconds(100)

    /// One line for everybody.
    private static let everybody = UUID()

    /// Does the work when its turn comes. Nil: there was nothing to take, and nobody need rest from that.
    func run<T: Sendable>(_ work: () async throws -> T?) async throws -> T? {
        try await line.enter(Self.everybody)
        let began = ContinuousClock.now
        let answer: T?
        do {
            answer = try await work()
        } catch {
            line.leave(Self.everybody)
            throw error
        }
        guard answer != nil, line.figures.waiters > 0 else {
            line.leave(Self.everybody)
            return answer
        }
        let pause = min((ContinuousClock.now - began) * rest, longestRest)
        // Whoever is served gets the answer now; the rest is the next one's.
        Task { [line] in
            try? await Task.sleep(for: pause)
            line.leave(Self.everybody)
        }
        return answer
    }
}

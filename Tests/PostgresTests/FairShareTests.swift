import Foundation
import Synchronization
import Testing

@testable import Postgres

@Suite("A fair share") struct FairShareTests {
    private let busy = UUID()
    private let quiet = UUID()

    @Test("Each has so many places and no more; others do not wait for it") func places() async throws {
        let share = FairShare(limit: 3, deadline: .seconds(30))
        let gate = FairShare(limit: 1, deadline: .seconds(30))
        try await gate.enter(busy)
        let running = Notes()

        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask { [busy] in
                    try await share.run(for: busy) {
                        running.begin()
                        try await gate.run(for: busy) {}
                        running.end()
                    }
                }
            }
            try await until { share.figures.waiters == 17 }
            #expect(running.now == 3)
            #expect(try await share.run(for: quiet) { 7 } == 7)
            gate.leave(busy)
            try await group.waitForAll()
        }

        #expect(running.most == 3)
        #expect(share.figures == (0, 0))
    }

    @Test("Who waits is served in the order of coming") func order() async throws {
        let share = FairShare(limit: 1, deadline: .seconds(30))
        let served = Notes()
        try await share.enter(busy)

        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<10 {
                group.addTask { [busy] in try await share.run(for: busy) { served.note(number) } }
                try await until { share.figures.waiters == number + 1 }
            }
            share.leave(busy)
            try await group.waitForAll()
        }

        #expect(served.numbers == Array(0..<10))
    }

    @Test("Who waits too long is refused, and the place goes on to the next") func deadline() async throws {
        let share = FairShare(limit: 1, deadline: .milliseconds(50))
        try await share.enter(busy)

        let error = await #expect(throws: PostgresError.self) { try await share.run(for: busy) {} }

        guard case .overloaded(let waited)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(waited >= .milliseconds(50))
        #expect(share.figures == (0, 1))
        share.leave(busy)
        try await share.run(for: busy) {}
    }

    @Test("Work that throws, and tasks that are cancelled in line or at work, leave no place taken") func leaks() async throws {
        struct Broken: Error {}
        let share = FairShare(limit: 2, deadline: .seconds(30))

        for _ in 0..<50 {
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<12 {
                    group.addTask {
                        // What comes of it is looked at below: the places.
                        try? await share.run(for: busy) {
                            await Task.yield()
                            if number.isMultiple(of: 3) { throw Broken() }
                        }
                    }
                }
                for _ in 0..<4 { await Task.yield() }
                group.cancelAll()
            }
        }

        #expect(share.figures.waiters == 0)
        try await share.enter(busy)
        try await share.enter(busy)
        #expect(share.figures.overloaded == 0)
    }

    private func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }
}

/// What work that runs at the same time has to tell.
private final class Notes: Sendable {
    private let state = Mutex((now: 0, most: 0, numbers: [Int]()))

    func begin() {
        state.withLock { state in
            state.now += 1
            state.most = max(state.most, state.now)
        }
    }

    func end() { state.withLock { $0.now -= 1 } }
    func note(_ number: Int) { state.withLock { $0.numbers.append(number) } }
    var now: Int { state.withLock { $0.now } }
    var most: Int { state.withLock { $0.most } }
    var numbers: [Int] { state.withLock { $0.numbers } }
}

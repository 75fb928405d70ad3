import Foundation
import Support
import Synchronization
import Testing

@testable import Jobs

@Suite("What wakes a worker") struct BellTests {
    /// Whoever cancels a task holds that task's lock of the runtime while its cancellation handler runs, and whoever wakes it needs that lock:
    /// a bell that wakes under a lock of its own, which the handler takes too, stops both for ever (and with them a worker).
    @Test("Rung at the very moment at which its task is cancelled, it stops neither") func ringAndCancel() async throws {
        let started = Atomic(0)
        let done = Atomic(0)
        for round in 1...100 {
            let bells = (0..<500).map { _ in Bell() }
            let waiting = bells.map { bell in Task { await bell.wait() } }
            // Threads of their own: what stands still here must not take the test's with it.
            for action in [{ waiting[$0].cancel() }, { bells[$0].ring() }] as [@Sendable (Int) -> Void] {
                Thread.detachNewThread {
                    started.add(1, ordering: .relaxed)
                    while started.load(ordering: .relaxed) < 2 * round {}
                    for number in bells.indices { action(number) }
                    done.add(1, ordering: .relaxed)
                }
            }
            try await eventually { done.load(ordering: .relaxed) == 2 * round }
            guard done.load(ordering: .relaxed) == 2 * round else { return }
            for task in waiting { await task.value }
        }
    }

    @Test("Rung while nobody waits, the next wait ends at once, and only that one") func early() async {
        let bell = Bell()
        bell.ring()
        await bell.wait()

        let soon = ContinuousClock.now + .milliseconds(20)
        await bell.wait(until: soon)
        #expect(ContinuousClock.now >= soon)
    }
}

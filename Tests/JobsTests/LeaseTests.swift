import Foundation
import Logging
import Postgres
import ServiceLifecycle
import Support
import Synchronization
import Tenancy
import Testing

@testable import Jobs

@Suite("A job belongs to one process at a time") struct LeaseTests {
    @Test("The jobs of a process that fell silent start elsewhere, and its own late completion changes no row") func silent() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let queue = Queue(cell: try house.cell())
        let ghost = UUID()
        _ = try await scope.run([.enqueue(Greet(name: "Ada"))])
        try await queue.join(
            ghost, name: "ghost", concurrency: 1, JobHandlers([JobHandler(Greet.self) { _, _ in .done }]), lease: .milliseconds(300))
        let held = try await queue.claim([order(try await lane(scope, house))], as: ghost).jobs
        #expect(held.map(\.attempt) == [1])

        let attempts = Diary<Int>()
        let gate = Bell()
        let handler = JobHandler(Greet.self) { _, context in
            attempts.note(context.attempt)
            await gate.wait()
            return .done
        }
        try await house.working([house.worker([handler], for: [scope])]) {
            try await eventually { attempts.entries == [2] }
            let written = try await queue.end(held.map { JobEnd(job: $0, word: .done) }, as: ghost)
            let failed = try await queue.end(held.map { JobEnd(job: $0, word: .dead, error: "late") }, as: ghost)
            #expect(written.isEmpty && failed.isEmpty)
            #expect(try await house.states(of: scope) == ["running": 1])
            gate.ring()
            try await eventually { try await house.states(of: scope) == [:] }
        }

        #expect(try await queue.claim([order(1)], as: ghost).isExpired)
        let rows = try await house.cell().rows(
            "SELECT rescued FROM finished_jobs AS f JOIN job_lanes AS l ON l.id = f.lane_id WHERE l.tenant_id = \(scope.tenant.id)")
        #expect(try rows.map { try $0.int(0) } == [1])
    }

    @Test("A job that runs for many leases is never taken from a process that lives") func healthy() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let starts = Diary<Int>()
        let handler = JobHandler(Greet.self) { _, context in
            starts.note(context.attempt)
            // Five leases of the worker.
            try await Task.sleep(for: .milliseconds(2500))
            return .done
        }
        let workers = (0..<3).map { _ in
            house.worker([handler], for: [scope]) { ($0.lease, $0.beat) = (.milliseconds(500), .milliseconds(100)) }
        }

        try await house.working(workers) {
            _ = try await scope.run([.enqueue(Greet(name: "Ada"))])
            try await eventually { starts.entries.count == 1 }
            try await eventually { try await house.states(of: scope) == [:] }
        }

        #expect(starts.entries == [1])
    }

    @Test("A process that is declared dead lets go of its jobs and begins anew") func fenced() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let (starts, cancelled) = (Diary<Int>(), Diary<Int>())
        let handler = JobHandler(Greet.self) { _, context in
            starts.note(context.attempt)
            guard context.attempt == 1 else { return .done }
            do { try await Task.sleep(for: .seconds(60)) } catch {
                cancelled.note(context.attempt)
                throw error
            }
            return .done
        }

        try await house.working([house.worker([handler], for: [scope]) { ($0.lease, $0.beat) = (.seconds(2), .milliseconds(100)) }]) {
            _ = try await scope.run([.enqueue(Greet(name: "Ada"))])
            try await eventually { starts.entries == [1] }
            _ = try await house.cell().rows(
                """
                UPDATE job_workers SET leased_until = '-infinity' WHERE id IN (
                    SELECT worker_id FROM jobs JOIN job_lanes AS l ON l.id = lane_id WHERE l.tenant_id = \(scope.tenant.id))
                """)
            try await eventually { try await house.states(of: scope) == [:] }
        }

        #expect(cancelled.entries == [1])
        #expect(starts.entries == [1, 2])
    }

    @Test("A stop lets running jobs end, takes no new ones, and hands back what does not end in time, with its attempt") func stop()
        async throws
    {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let (starts, ends) = (Diary<String>(), Diary<String>())
        let short = Bell()
        let handler = JobHandler(Greet.self) { job, _ in
            starts.note(job.name)
            if job.name == "short" { await short.wait() } else { try await Task.sleep(for: .seconds(60)) }
            ends.note(job.name)
            return .done
        }
        let worker = house.worker([handler], for: [scope]) { $0.patience = .milliseconds(500) }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: Wrapped(worker: worker), successTerminationBehavior: .gracefullyShutdownGroup)], logger: house.log
            ))

        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            _ = try await scope.run([.enqueue(Greet(name: "short")), .enqueue(Greet(name: "long"))])
            try await eventually { starts.entries.count == 2 }
            await group.triggerGracefulShutdown()
            _ = try await scope.run([.enqueue(Greet(name: "new"))])
            short.ring()
            try await tasks.waitForAll()
        }

        #expect(ends.entries == ["short"])
        #expect(starts.entries.sorted() == ["long", "short"])
        let rows = try await house.cell().rows(
            """
            SELECT payload->>'name', state, attempt FROM jobs JOIN job_lanes AS l ON l.id = lane_id
            WHERE l.tenant_id = \(scope.tenant.id) ORDER BY 1
            """)
        #expect(try rows.map { "\(try $0.text(0)) \(try $0.text(1)) \(try $0.int(2))" } == ["long ready 0", "new ready 0"])
    }

    private struct Wrapped: Service {
        let worker: Worker
        func run() async throws { await worker.run() }
    }

    private func lane(_ scope: TenantScope, _ house: QueueHouse) async throws -> Int {
        try await house.cell().rows("SELECT id FROM job_lanes WHERE tenant_id = \(scope.tenant.id) AND kind = 'greet'")[0].int(0)
    }

    private func order(_ lane: Int) -> Queue.Order { Queue.Order(lane: lane, since: 0, wanted: 1, kind: Greet.kind) }
}

import Foundation
import Jobs
import Postgres
import Support
import Tenancy
import Testing

@Suite("Promised work is done") struct QueueTests {
    @Test("A job starts moments after the commit of its promise, with the scope of its tenant, and is gone when it is done")
    func start() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let diary = Diary<String>()
        let handler = JobHandler(Greet.self) { job, context in
            diary.note("\(job.name) of \(context.scope.tenant.slug)")
            return .done
        }

        try await house.working([house.worker([handler], for: [scope])]) {
            _ = try await scope.run([.enqueue(Greet(name: "Ada"))])
            try await eventually { diary.entries.count == 1 }
        }

        #expect(diary.entries == ["Ada of \(scope.tenant.slug)"])
        #expect(try await house.states(of: scope) == [:])
    }

    @Test("A unit that is refused leaves no job") func rollback() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()

        await #expect(throws: PostgresError.self) {
            try await scope.run([.enqueue(Greet(name: "Ada")), "SELECT 1 / 0"])
        }

        #expect(try await house.states(of: scope) == [:])
    }

    @Test("A job that is due later waits for its time") func later() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let diary = Diary<Date>()
        let handler = JobHandler(Greet.self) { _, _ in
            diary.note(.now)
            return .done
        }
        let due = Date.now.addingTimeInterval(0.7)

        try await house.working([house.worker([handler], for: [scope])]) {
            _ = try await scope.run([.enqueue(Greet(name: "Ada"), at: due), .enqueue(Greet(name: "Bob"), at: due.addingTimeInterval(3600))])
            try await eventually { diary.entries.count == 1 }
        }

        #expect(try #require(diary.entries.first) >= due)
        #expect(try await house.states(of: scope) == ["ready": 1])
    }
}

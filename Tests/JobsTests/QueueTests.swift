import CRM
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

    @Test("A job that fails is tried again and is dead after its last attempt, with the reason") func failing() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let diary = Diary<Int>()
        let handler = JobHandler(Greet.self) { _, context in
            diary.note(context.attempt)
            throw Sick()
        }

        try await house.working([house.worker([handler], for: [scope])]) {
            _ = try await scope.run([.enqueue(Greet(name: "Ada"))])
            try await eventually { try await house.states(of: scope) == ["dead": 1] }
        }

        #expect(diary.entries == [1, 2, 3])
        let rows = try await house.cell().rows(
            "SELECT error FROM jobs JOIN job_lanes AS l ON l.id = lane_id WHERE l.tenant_id = \(scope.tenant.id)")
        #expect(try rows[0].text(0) == "Sick()")
    }

    @Test("\"Again\" does not use up an attempt; \"give up\" ends a job at once") func words() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let diary = Diary<Int>()
        let handler = JobHandler(Greet.self) { job, context in
            if job.name == "hopeless" { return .giveUp(because: "nobody is there") }
            diary.note(context.attempt)
            return diary.entries.count < 5 ? .again(after: .milliseconds(1), because: "not yet") : .done
        }

        try await house.working([house.worker([handler], for: [scope])]) {
            _ = try await scope.run([.enqueue(Greet(name: "patient")), .enqueue(Greet(name: "hopeless"))])
            try await eventually { try await house.states(of: scope) == ["dead": 1] && diary.entries.count == 5 }
        }

        #expect(diary.entries == [1, 1, 1, 1, 1])
    }

    @Test("A handler that takes too long is cancelled, and that is a failure") func timeout() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let handler = JobHandler(Dawdle.self) { _, _ in
            try await Task.sleep(for: .seconds(600))
            return .done
        }

        try await house.working([house.worker([handler], for: [scope])]) {
            _ = try await scope.run([.enqueue(Dawdle())])
            try await eventually { try await house.states(of: scope) == ["dead": 1] }
        }
    }

    @Test("A key that waits keeps the first promise, gives it a new time when replacing, and can be taken back") func keys() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let soon = Date.now.addingTimeInterval(1000)

        let first = try await scope.run([.enqueue(Greet(name: "Ada"), at: soon, key: "k")])
        let second = try await scope.run([.enqueue(Greet(name: "Bob"), at: soon.addingTimeInterval(60), key: "k")])
        #expect(try await waiting() == ["Ada \(Int(soon.timeIntervalSince1970))"])
        let third = try await scope.run([.enqueue(Greet(name: "Cyd"), at: soon.addingTimeInterval(60), key: "k", replacing: true)])
        #expect(try await waiting() == ["Cyd \(Int(soon.timeIntervalSince1970) + 60)"])
        let cancelled = try await scope.run([.cancel(Greet.self, key: "k"), .cancel(Greet.self, key: "k")])

        #expect(try [first, second, third].map { try $0[0][0].int(0) } == [1, 0, 1])
        #expect(try cancelled.map { try $0[0].int(0) } == [1, 0])
        #expect(try await house.states(of: scope) == [:])

        func waiting() async throws -> [String] {
            try await house.cell().rows(
                """
                SELECT payload->>'name' || ' ' || extract(epoch FROM date_trunc('second', run_at))::bigint
                FROM jobs JOIN job_lanes AS l ON l.id = lane_id WHERE l.tenant_id = \(scope.tenant.id)
                """
            ).map { try $0.text(0) }
        }
    }

    @Test("Keys and jobs of one tenant are nothing to another") func tenants() async throws {
        let house = try await QueueHouse.shared
        let (one, other) = (try await house.tenant(), try await house.tenant())
        _ = try await one.run([.enqueue(Greet(name: "Ada"), at: .now.addingTimeInterval(1000), key: "k")])

        let cancelled = try await other.run([.cancel(Greet.self, key: "k")])
        let enqueued = try await other.run([.enqueue(Greet(name: "Bob"), at: .now.addingTimeInterval(1000), key: "k")])

        #expect(try cancelled[0][0].int(0) == 0)
        #expect(try enqueued[0][0].int(0) == 1)
        #expect(try await house.states(of: one) == ["ready": 1])
        let refused = await #expect(throws: PostgresError.self) { try await other.rows("SELECT id FROM cell.jobs") }
        #expect(refused?.refusal?.state == .insufficientPrivilege)
    }

    @Test("Urgent jobs of a lane come before normal ones, and those before bulk") func priorities() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let diary = Diary<String>()
        let handler = JobHandler(Greet.self) { job, _ in
            diary.note(job.name)
            return .done
        }
        for priority in [JobPriority.bulk, .normal, .urgent] {
            _ = try await scope.run([.enqueue(Greet(name: "\(priority)"), priority: priority)])
        }

        try await house.working([house.worker([handler], for: [scope]) { $0.concurrency = 1 }]) {
            try await eventually { diary.entries.count == 3 }
        }

        #expect(diary.entries == ["urgent", "normal", "bulk"])
    }

    @Test("Jobs that wait under a former name of their kind are done") func renamed() async throws {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let diary = Diary<String>()
        let handler = JobHandler(Salute.self) { job, _ in
            diary.note(job.name)
            return .done
        }
        _ = try await scope.run([.enqueue(Greet(name: "Ada"))])

        try await house.working([house.worker([handler], for: [scope])]) {
            try await eventually { diary.entries == ["Ada"] }
        }
    }

    @Test("A record's rule promises work inside the record's own flush") func rule() async throws {
        let installation = try await QueueHouse.shared.installation
        let scope = try await QueueHouse.shared.tenant()

        let before = installation.figures.filter { $0.name == "api" }.map(\.flushes)
        _ = try await scope.run(["SELECT 1", .enqueue(Greet(name: "Ada"), at: .now.addingTimeInterval(1000))])
        let after = installation.figures.filter { $0.name == "api" }.map(\.flushes)

        // Other tests may run beside this one; alone it is exactly one.
        #expect(after[0] > before[0])
        #expect(try await QueueHouse.shared.states(of: scope) == ["ready": 1])
    }
}

private struct Sick: Error {}

private struct Dawdle: Job {
    static let kind = JobKind("dawdle") { kind in
        kind.maximumAttempts = 1
        kind.timeout = .milliseconds(50)
    }
}

private struct Salute: Job {
    static let kind = JobKind("salute") { kind in kind.formerNames = ["greet"] }
    var name: String
}

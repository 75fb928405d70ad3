import Foundation
import Postgres
import Support
import Tenancy
import Testing

@testable import Jobs

@Suite("Jobs that follow a test tenant's clock") struct ClockTests {
    private struct Ring: Job {
        static let kind = JobKind("ring") { kind in
            kind.followsClock = true
            kind.retry = RetryPolicy(base: .seconds(3_600), cap: .seconds(3_600))
        }
        var name: String
    }

    private static func set(_ time: String, in scope: TenantScope) async throws {
        _ = try await scope.run(["SELECT cell.set_tenant_clock(\(time)::timestamptz, ARRAY['ring'])"])
    }

    @Test("They are due by it, their delays pass by it, and the clock goes with them; other jobs live in real time") func due() async throws
    {
        let house = try await QueueHouse.shared
        let scope = try await house.tenant()
        let rung = Diary<String>()
        let ring = JobHandler(Ring.self) { job, context in
            rung.note("\(job.name) \(context.scope.clock.map { Int($0.timeIntervalSince1970) } ?? -1)")
            return job.name == "again" && rung.entries.count < 4 ? .again(after: .seconds(60), because: "") : .done
        }
        let greet = JobHandler(Greet.self) { job, context in
            rung.note("\(job.name) \(context.scope.clock == nil)")
            return .done
        }
        _ = try await scope.run([.enqueue(Ring(name: "waiting"), at: .now + 3_600)])

        try await Self.set("2001-09-09T01:46:40Z", in: scope)
        try await house.working([house.worker([ring, greet], for: [scope])]) {
            // Whatever waited looks anew what time it is.
            try await eventually { rung.entries == ["waiting 1000000000"] }
            let due = Date(timeIntervalSince1970: 1_000_000_060)
            _ = try await scope.run([.enqueue(Ring(name: "later"), at: due), .enqueue(Greet(name: "real"))])
            try await eventually { rung.entries.count == 2 }
            _ = try await scope.run([.enqueue(Ring(name: "again"))])
            try await eventually { rung.entries.count == 3 }
            try await eventually { try await house.states(of: scope) == ["ready": 2] }

            try await Self.set("2001-09-09T01:47:40Z", in: scope)
            try await eventually { try await house.states(of: scope).isEmpty }
        }

        #expect(rung.entries.prefix(3) == ["waiting 1000000000", "real true", "again 1000000000"])
        #expect(rung.entries.dropFirst(3).sorted() == ["again 1000000060", "later 1000000060"])
    }

    @Test("It goes forwards only, and schedules of the installation do not fire for it") func forwards() async throws {
        let house = QueueHouse(installation: try await TestHouse.open())
        let (still, real) = (try await house.tenant(), try await house.tenant())
        try await Self.set("2031-01-01T00:00:00Z", in: still)
        await #expect {
            try await Self.set("2030-12-31T23:59:59Z", in: still)
        } throws: { ($0 as? PostgresError)?.refusal?.constraint == "clock_backwards" }
        let cell = try house.cell()
        _ = try await cell.rows("INSERT INTO job_schedules (name, rule, next_at) VALUES ('bell', 'daily', now())")
        let fired = try await cell.rows(
            "SELECT fire_job_schedule('bell', (SELECT next_at FROM job_schedules), now() + interval '1 day', 'ring', 1, '{}', 1, 1, 0)")
        #expect(try fired[0].int(0) == 1)
        #expect(try await house.states(of: still).isEmpty)
        #expect(try await house.states(of: real) == ["ready": 1])
        // What time it is for each.
        let (own, general) = (try await still.rows("SELECT cell.tenant_now()"), try await real.rows("SELECT cell.tenant_now()"))
        let stands = try own[0].date(0)
        #expect(stands == Date(timeIntervalSince1970: 1_924_992_000))
        let now = try general[0].date(0)
        #expect(abs(now.timeIntervalSinceNow) < 60)
    }
}

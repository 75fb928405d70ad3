import Foundation
import Postgres
import Support
import Tenancy
import Testing

@testable import Jobs

@Suite("Schedules fire once") struct ScheduleTests {
    @Test("Eight schedulers at the same instant fire once for each tenant, twenty instants long") func once() async throws {
        let house = QueueHouse(installation: try await TestHouse.open())
        let scopes = [try await house.tenant(), try await house.tenant()]
        let schedule = Schedule("tick", Tick(), rule: "hourly", spread: .zero) { $0.addingTimeInterval(3600) }
        let scheduler = Scheduler(cell: try house.cell(), schedules: [schedule], log: house.log)
        _ = try await scheduler.fireDue()

        for _ in 0..<20 {
            // Whether a job still waits must not matter: each instant meets an empty queue, and its jobs are gone before anyone comes late.
            _ = try await house.cell().run(["DELETE FROM jobs", "UPDATE job_schedules SET next_at = clock_timestamp()"])
            let fired = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        _ = try await scheduler.fireDue()
                        return try await house.cell().rows("WITH gone AS (DELETE FROM jobs RETURNING 1) SELECT count(*) FROM gone")[0].int(
                            0)
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(fired == scopes.count)
        }
        await house.installation.close()
    }

    @Test("Instants missed while nobody worked count once, or not at all, as the schedule says", arguments: [Schedule.CatchUp.once, .skip])
    func missed(catchUp: Schedule.CatchUp) async throws {
        let house = QueueHouse(installation: try await TestHouse.open())
        let scope = try await house.tenant()
        let schedule = Schedule("hourly", Tick(), rule: "hourly", catchUp: catchUp, spread: .zero) { $0.addingTimeInterval(3600) }
        let scheduler = Scheduler(cell: try house.cell(), schedules: [schedule], log: house.log)
        _ = try await scheduler.fireDue()
        #expect(try await house.states(of: scope) == [:], "the first instant is to come")
        _ = try await house.cell().rows("UPDATE job_schedules SET next_at = now() - interval '30 hours'")

        _ = try await scheduler.fireDue()
        _ = try await scheduler.fireDue()

        #expect(try await house.states(of: scope) == (catchUp == .once ? ["ready": 1] : [:]))
        #expect(try await house.cell().rows("SELECT 1 FROM job_schedules WHERE next_at > now()").count == 1)
        await house.installation.close()
    }

    @Test("A new rule begins at its own next instant; a job that still waits is enough for a tenant") func changed() async throws {
        let house = QueueHouse(installation: try await TestHouse.open())
        let scope = try await house.tenant()
        func scheduler(_ rule: String, _ seconds: Double) throws -> Scheduler {
            let schedule = Schedule("changing", Tick(), rule: rule, spread: .zero) { $0.addingTimeInterval(seconds) }
            return Scheduler(cell: try house.cell(), schedules: [schedule], log: house.log)
        }
        _ = try await scheduler("hourly", 3600).fireDue()

        let pause = try await scheduler("every minute", 60).fireDue()
        for _ in 0..<3 {
            _ = try await house.cell().rows("UPDATE job_schedules SET next_at = now() - interval '1 second'")
            _ = try await scheduler("every minute", 60).fireDue()
        }

        #expect(pause <= .seconds(60))
        #expect(try await house.states(of: scope) == ["ready": 1])
        await house.installation.close()
    }
}

private struct Tick: Job {
    static let kind = JobKind("tick")
}

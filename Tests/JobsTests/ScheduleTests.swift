import Foundation
import Postgres
import Support
import Tenancy
import Testing

@testable import Jobs

@Suite("Schedules fire once") struct ScheduleTests {
    @Test("Eight workers, ten instants a second: each instant fires once for each tenant, and no instant is left out") func once()
        async throws
    {
        let house = QueueHouse(installation: try await TestHouse.open())
        let scope = try await house.tenant()
        let fired = Diary<Int>()
        let handler = JobHandler(Tick.self) { _, _ in
            fired.note(1)
            return .done
        }
        let schedule = Schedule("tick", Tick(), rule: "every tenth of a second", spread: .zero) { instant in
            Date(timeIntervalSince1970: ((instant.timeIntervalSince1970 * 10).rounded(.down) + 1) / 10)
        }
        let scheduler = Scheduler(cell: try house.cell(), schedules: [schedule], log: house.log)
        _ = try await scheduler.fireDue()

        let instants = Diary<Date>()
        try await house.working([house.worker([handler], for: [scope])]) {
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        while instants.entries.count < 20, !Task.isCancelled {
                            _ = try await scheduler.fireDue()
                            try await Task.sleep(for: .milliseconds(3))
                        }
                    }
                }
                // Who looks at the row between two firings sees how often it has moved.
                var last: Date?
                while instants.entries.count < 20 {
                    let next = try await house.cell().rows("SELECT next_at FROM job_schedules")[0].date(0)
                    if next != last { instants.note(next) }
                    last = next
                }
                try await group.waitForAll()
            }
            try await eventually { try await house.states(of: scope) == [:] }
        }

        let moves = instants.entries.count - 1
        #expect(abs(fired.entries.count - moves) <= 1, "\(moves) instants, \(fired.entries.count) jobs")
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

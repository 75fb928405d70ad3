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

        // Every move of the row, also those between two looks at it.
        for statement: SQL in [
            "CREATE TABLE moves (at timestamptz NOT NULL)",
            """
            CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
            BEGIN INSERT INTO moves VALUES (NEW.next_at); RETURN NULL; END $$
            """,
            "CREATE TRIGGER note_move AFTER UPDATE OF next_at ON job_schedules FOR EACH ROW EXECUTE FUNCTION note_move()",
        ] { _ = try await house.cell().rows(statement.prepared(.none), isRepeatable: false) }
        let moves: @Sendable () async throws -> Int = { try await house.cell().rows("SELECT count(*) FROM moves")[0].int(0) }

        try await house.working([house.worker([handler], for: [scope])]) {
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        while try await moves() < 20 {
                            _ = try await scheduler.fireDue()
                            try await Task.sleep(for: .milliseconds(3))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually { try await house.states(of: scope) == [:] }
        }

        // A job that still waits is enough, so a slow worker may have fewer; nobody ever has more.
        let (instants, jobs) = (try await moves(), fired.entries.count)
        #expect(jobs <= instants && jobs > instants / 2, "\(instants) instants, \(jobs) jobs")
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

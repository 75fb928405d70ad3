import Foundation
import Postgres
import Testing

@Suite struct PipelineTests {
    @Test("Each of many units at once gets its own answer") func manyAtOnce() async throws {
        try await withPipeline(.test("many")) { pool in
            let sums = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                for number in 0..<2000 {
                    group.addTask {
                        let rows = try await pool.run(Unit(["SELECT \(number)::int * 2"]), preferring: number)
                        return (number, try rows[0][0].int(0))
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }

            #expect(sums.count == 2000)
            #expect(sums.allSatisfy { $1 == $0 * 2 })
            let figures = pool.figures
            #expect(figures.flushes == 2000 && figures.waits == 2000)
            #expect(figures.inUse == 0 && figures.waiters == 0)
        }
    }

    @Test("An error in one unit leaves its neighbours alone") func neighbours() async throws {
        try await withPipeline(.test("neighbours", connections: 1)) { pool in
            let outcomes = await withTaskGroup(of: (Int, Int?, PostgresError?).self) { group in
                for number in 0..<300 {
                    group.addTask {
                        do {
                            let rows = try await pool.run(Unit(["SELECT 12 / \(number % 3)::int"]))
                            return (number, try rows[0][0].int(0), nil)
                        } catch { return (number, nil, error as? PostgresError) }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }

            for (number, value, error) in outcomes {
                if number % 3 == 0 {
                    #expect(error?.refusal?.state == "22012")
                } else {
                    #expect(value == 12 / (number % 3))
                }
            }
        }
    }

    @Test("A unit is all or nothing, and its settings end with it") func implicitTransaction() async throws {
        try await withPipeline(.test("implicit", connections: 1)) { pool in
            _ = try await pool.run(Unit(["DROP TABLE IF EXISTS implicit_t", "CREATE TABLE implicit_t (n int)"]))

            let error = await refusal {
                _ = try await pool.run(
                    Unit([
                        "SELECT set_config('tenantry.test', 'inside', true)", "INSERT INTO implicit_t VALUES (1)", "SELECT 1 / 0",
                        "SELECT 2",
                    ]))
            }

            #expect(error?.refusal?.state == "22012")
            #expect(error?.refusal?.statement == 2)
            let rows = try await pool.run(Unit(["SELECT count(*) FROM implicit_t", "SELECT current_setting('tenantry.test', true)"]))
            #expect(try rows[0][0].int(0) == 0)
            #expect(try rows[1][0].text(0) == "")
        }
    }
}

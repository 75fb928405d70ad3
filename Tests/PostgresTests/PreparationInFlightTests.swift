import Postgres
import Testing

/// Units that rely on a statement which an earlier unit, still on its way, was to prepare.
@Suite struct PreparationInFlightTests {
    @Test("Each of many units in flight hears why its statement cannot be parsed") func unparsable() async throws {
        let outcomes = try await inFlight { pool, _ in try await pool.run(Unit(["SELECT 1", "SELEKT 2"])) }

        #expect(outcomes == ["42601": 60])
    }

    @Test("A unit in flight does not suffer from others that never came to prepare what it needs") func aborted() async throws {
        // Four of five fail before they come to the second statement.
        let outcomes = try await inFlight { pool, number in
            try await pool.run(Unit(["SELECT 1 / \(number % 5 == 4 ? 1 : 0)::int", "SELECT 'needed'"]))
        }

        #expect(outcomes == ["22012": 48, "done": 12])
    }

    /// Sixty units that are all on their way on one connection before the first is answered; how often each outcome came.
    private func inFlight(_ work: @escaping @Sendable (PipelinePool, Int) async throws -> [Rows]) async throws -> [String: Int] {
        try await withPipeline(.test("in-flight", connections: 1)) { pool in
            let gate = try await Gate()
            let first = Task { try await pool.run(Unit([gate.passage])) }
            try await until { try await gate.queue() == 1 }
            let units = (0..<60).map { number in
                Task {
                    let error = await refusal { _ = try await work(pool, number) }
                    return error.map { $0.refusal?.state.rawValue ?? $0.reason } ?? "done"
                }
            }
            await until { pool.figures.inUse == 61 }

            await gate.open()

            var outcomes: [String: Int] = [:]
            for unit in units { outcomes[await unit.value, default: 0] += 1 }
            _ = try await first.value
            return outcomes
        }
    }
}

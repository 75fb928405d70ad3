import Foundation
import Postgres
import Testing

/// Many callers, few connections, and everything that can go wrong at once.
@Suite(.serialized) struct FuzzTests {
    @Test("Pipelined work survives cancellations, errors, time-outs and killed connections", arguments: 1...4)
    func pipelined(connections: Int) async throws {
        let fuzz = try await Fuzz("fuzz-pipeline-\(connections)", seed: UInt64(connections))
        try await withPipeline(fuzz.settings(connections: connections), to: fuzz.connection) { pool in
            try await fuzz.prepare()
            try await fuzz.run(operations: 2500, callers: 32) { number, dice in
                try await operate(number, &dice, pool, fuzz)
            }

            // Answers to cancelled units may still be on their way.
            await until { pool.figures.inUse == 0 }
            #expect(pool.figures.waiters == 0)
            for number in 0..<connections * 100 {
                let rows = try await pool.run(Unit(["SELECT \(number)::int"], isRepeatable: true), preferring: number)
                #expect(try rows[0][0].int(0) == number)
            }
            try await fuzz.checkLedger()
            try await fuzz.checkNothingIsOpen()
        }
    }

    @Test("Exclusive work survives cancellations, errors, time-outs and killed connections", arguments: 1...4)
    func exclusive(connections: Int) async throws {
        let fuzz = try await Fuzz("fuzz-exclusive-\(connections)", seed: UInt64(100 + connections))
        try await withExclusive(fuzz.settings(connections: connections), to: fuzz.connection) { pool in
            try await fuzz.prepare()
            try await fuzz.run(operations: 2500, callers: 16) { number, dice in
                try await operate(number, &dice, pool, fuzz)
            }

            for number in 0..<connections * 20 {
                let answer = try await pool.transaction { try $0.rows("SELECT \(number)::int")[0].int(0) }
                #expect(answer == number)
            }
            try await fuzz.checkLedger()
            try await fuzz.checkNothingIsOpen()
            #expect(pool.figures.inUse == 0 && pool.figures.waiters == 0)
        }
    }

    private func operate(_ number: Int, _ dice: inout Dice, _ pool: PipelinePool, _ fuzz: Fuzz) async throws {
        let affinity = dice.roll(8)
        switch dice.roll(10) {
        case 0...3:
            let rows = try await pool.run(
                Unit(["SELECT \(number)::int", "SELECT \("n\(number)")"], namespace: "n\(affinity)", isRepeatable: true),
                preferring: affinity)
            #expect(try rows[0][0].int(0) == number)
            #expect(try rows[1][0].text(0) == "n\(number)")
        case 4...6:
            try await fuzz.write(number) {
                let rows = try await pool.run(
                    Unit(["SELECT \(number)::int", fuzz.insertion(number)], namespace: "n\(affinity)"), preferring: affinity)
                #expect(try rows[0][0].int(0) == number)
            }
        case 7:
            let error = await refusal {
                _ = try await pool.run(Unit([fuzz.insertion(-number), "SELECT 1 / \(number - number)::int"]), preferring: affinity)
            }
            #expect(error.map { $0.refusal?.state == "22012" || $0.refusal == nil } == true, "\(String(describing: error))")
        case 8:
            let error = await refusal {
                _ = try await pool.run(
                    Unit(["SELECT set_config('statement_timeout', '2', true)", "SELECT pg_sleep(0.2)"], isRepeatable: true),
                    preferring: affinity)
            }
            #expect(error.map { $0.refusal?.state == .queryCanceled || $0.refusal == nil } == true, "\(String(describing: error))")
        default:
            if dice.roll(4) == 0 { try await fuzz.killOne() }
        }
    }

    private func operate(_ number: Int, _ dice: inout Dice, _ pool: ExclusivePool, _ fuzz: Fuzz) async throws {
        struct Enough: Error {}
        switch dice.roll(10) {
        case 0...2:
            let answer = try await pool.transaction { transaction in
                _ = try transaction.rows("SELECT 1")
                return try transaction.rows("SELECT \(number)::int")[0].int(0)
            }
            #expect(answer == number)
        case 3...5:
            try await fuzz.write(number) {
                try await pool.transaction { transaction in
                    _ = try transaction.rows(fuzz.insertion(number))
                    try transaction.flush(["SELECT 1", "SELECT 2"])
                }
            }
        case 6:
            await #expect(throws: (any Error).self) {
                try await pool.transaction { transaction in
                    _ = try transaction.rows(fuzz.insertion(-number))
                    if number % 2 == 0 { throw Enough() }
                    _ = try transaction.rows("SELECT 1 / \(0)::int")
                }
            }
        case 7:
            await #expect(throws: (any Error).self) {
                try await pool.transaction(preamble: ["SELECT set_config('statement_timeout', '2', true)"]) { transaction in
                    _ = try transaction.rows("SELECT pg_sleep(0.2)")
                }
            }
        case 8:
            var next = 0
            let stopsEarly = dice.roll(2) == 0
            do {
                try await pool.stream("SELECT n FROM generate_series(0, 999) AS n", batch: 100) { rows in
                    #expect(try rows[0].int(0) == next)
                    next += rows.count
                    if stopsEarly { throw Enough() }
                }
            } catch is Enough {}
        default:
            if dice.roll(4) == 0 {
                try await fuzz.killOne()
            } else {
                var bytes = 0
                let stopsEarly = dice.roll(2) == 0
                do {
                    try await pool.copyOut("COPY (SELECT n FROM generate_series(1, 50000) AS n) TO STDOUT") { chunk in
                        bytes += chunk.count
                        if stopsEarly { throw Enough() }
                    }
                    #expect(bytes == 288_894)
                } catch is Enough {}
            }
        }
    }
}

/// A source of chance that gives the same numbers for the same seed.
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    /// A number from 0 to one less than `sides` (xorshift64*).
    mutating func roll(_ sides: Int) -> Int {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Int((state &* 2_685_821_657_736_338_717) >> 33) % sides
    }
}

/// Waits until something holds; after a minute it is taken for a failure. It asks every millisecond, so that other tests have the
/// processor meanwhile.
func until(sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool) async rethrows {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("It did not come about within a minute", sourceLocation: sourceLocation)
            return
        }
        // A cancelled test asks without pause; it has better things to do than to say so here.
        try? await Task.sleep(for: .milliseconds(1))
    }
}

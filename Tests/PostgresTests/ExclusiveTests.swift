import Foundation
import Postgres
import Testing

@Suite struct ExclusiveTests {
    @Test("A transaction commits what its body did") func commits() async throws {
        try await withExclusive(.test("commits")) { pool in
            let sum = try await pool.transaction(preamble: ["SELECT set_config('tenantry.test', '7', true)"]) { transaction in
                try transaction.script("CREATE TEMPORARY TABLE numbers (n int); INSERT INTO numbers VALUES (1), (2)")
                let inserted = try transaction.rows("INSERT INTO numbers VALUES (\(3)::int)").affected
                let rows = try transaction.flush(["SELECT sum(n) FROM numbers", "SELECT current_setting('tenantry.test')::int"])
                return try rows[0][0].int(0) + rows[1][0].int(0) + inserted
            }

            #expect(sum == 14)
        }
    }

    @Test("A body that throws rolls back") func rollsBack() async throws {
        struct Enough: Error {}
        try await withExclusive(.test("rolls-back")) { pool in
            try await pool.outsideTransaction(["DROP TABLE IF EXISTS rolled_back", "CREATE TABLE rolled_back (n int)"])

            await #expect(throws: Enough.self) {
                try await pool.transaction { transaction in
                    _ = try transaction.rows("INSERT INTO rolled_back VALUES (1)")
                    throw Enough()
                }
            }

            let count = try await pool.transaction { try $0.rows("SELECT count(*) FROM rolled_back")[0].int(0) }
            #expect(count == 0)
        }
    }

    @Test("A refused statement leads back to its savepoint also where statements wait to be removed") func savepointAfterEviction()
        async throws
    {
        try await withExclusive(.test("savepoint-eviction", connections: 1) { $0.maximumStatements = 5 }) { pool in
            let sum = try await pool.transaction { transaction in
                var sum = 0
                for round in 0..<10 {
                    let (answers, refusal) = try transaction.attempt(
                        ["SAVEPOINT step"] + (0..<4).map { SQL(code: "SELECT \(round * 4 + $0)") } + ["SELECT 1 / \(0)::int"])
                    #expect(refusal?.state.rawValue == "22012" && answers.count == 5)
                    sum += try transaction.flush(["ROLLBACK TO SAVEPOINT step", "SELECT \(round)::int"])[1][0].int(0)
                }
                return sum
            }

            #expect(sum == 45)
        }
    }

    @Test("Rows stream in batches") func streams() async throws {
        try await withExclusive(.test("streams")) { pool in
            var sum = 0
            var batches = 0
            try await pool.stream("SELECT n FROM generate_series(1, \(1050)::int) AS n", batch: 100) { rows in
                batches += 1
                for row in rows { sum += try row.int(0) }
            }

            #expect(sum == 1050 * 1051 / 2)
            #expect(batches == 11)
        }
    }

    @Test("COPY brings rows in and out") func copies() async throws {
        try await withExclusive(.test("copies", connections: 1)) { pool in
            try await pool.outsideTransaction(["DROP TABLE IF EXISTS copied", "CREATE TABLE copied (n int, t text)"])
            let chunks = AsyncThrowingStream<[UInt8], any Error> { continuation in
                for number in 0..<50000 { continuation.yield(Array("\(number),\"text, \(number)\"\n".utf8)) }
                continuation.finish()
            }

            let count = try await pool.copyIn("COPY copied FROM STDIN (FORMAT csv)", from: chunks)
            var bytes: [UInt8] = []
            try await pool.copyOut("COPY (SELECT n, t FROM copied ORDER BY n) TO STDOUT (FORMAT csv)") { bytes += $0 }

            #expect(count == 50000)
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            #expect(lines.count == 50000)
            #expect(lines[49999] == "49999,\"text, 49999\"")
        }
    }
}

import Foundation
import Postgres
import Synchronization
import Testing

/// Much at once: what does not fit a socket, and what does not fit memory.
@Suite(.serialized) struct LargeTests {
    @Test("Large values go out and come back while others' do") func largeUnits() async throws {
        try await withPipeline(.test("large", connections: 2)) { pool in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<24 {
                    group.addTask {
                        let text = String(decoding: [UInt8](repeating: 48 + UInt8(number % 10), count: 3_000_000 + number), as: UTF8.self)
                        let rows = try await pool.run(Unit(["SELECT \(text)::text", "SELECT \(number)::int"]), preferring: number)
                        return try rows[0][0].text(0) == text && rows[1][0].int(0) == number
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
        try await withExclusive(.test("large", connections: 1)) { pool in
            let texts = (0..<20).map { String(decoding: [UInt8](repeating: 48 + UInt8($0 % 10), count: 2_000_000), as: UTF8.self) }
            let echoed = try await pool.transaction { transaction in
                try transaction.flush(texts.map { "SELECT \($0)::text" }).map { try $0[0].text(0) }
            }
            #expect(echoed == texts)
        }
    }

    @Test("A million rows stream in bounded memory") func stream() async throws {
        try await withExclusive(.test("million", connections: 1)) { pool in
            let query: SQL = "SELECT generate_series(1, 1000000) AS n, repeat('x', 200) AS filler"
            var count = 0
            var sum = 0
            let before = try residentKilobytes()
            var most = before
            try await pool.stream(query, batch: 500) { rows in
                for row in rows { sum += try row.int(0) }
                count += rows.count
                if count % 50000 == 0 { most = max(most, try residentKilobytes()) }
            }

            #expect(count == 1_000_000 && sum == 500_000_500_000)
            // All of it would take more than 200 MB; other tests take some meanwhile.
            #expect(most - before < 60_000, "\(most - before) KB more")
        }
    }

    @Test("COPY carries a hundred megabytes each way in bounded memory") func copy() async throws {
        try await withExclusive(.test("copy-large", connections: 1)) { pool in
            let line = Array((String(repeating: "x", count: 999) + "\n").utf8)
            let before = try residentKilobytes()
            let lines = AsyncThrowingStream<[UInt8], any Error>(line, count: 100_000)
            let count = try await pool.copyIn(
                preamble: ["DROP TABLE IF EXISTS copy_large", "CREATE UNLOGGED TABLE copy_large (t text)"], "COPY copy_large FROM STDIN",
                from: lines)
            var bytes = 0
            try await pool.copyOut("COPY copy_large TO STDOUT") { bytes += $0.count }

            #expect(count == 100_000 && bytes == 100_000_000)
            #expect(try residentKilobytes() - before < 60_000)
            try await pool.outsideTransaction(["DROP TABLE copy_large"])
        }
    }

    @Test("A COPY that fails on the way leaves nothing, and says why") func copyFails() async throws {
        struct Spoiled: Error {}
        try await withExclusive(.test("copy-fails", connections: 1)) { pool in
            try await pool.outsideTransaction(["DROP TABLE IF EXISTS copy_fails", "CREATE TABLE copy_fails (n int PRIMARY KEY)"])
            let bad = AsyncThrowingStream<[UInt8], any Error> { continuation in
                for number in 0..<100_000 { continuation.yield(Array("\(number % 50_000)\n".utf8)) }
                continuation.finish()
            }
            let spoiled = AsyncThrowingStream<[UInt8], any Error> { continuation in
                for number in 0..<100_000 { continuation.yield(Array("\(number)\n".utf8)) }
                continuation.finish(throwing: Spoiled())
            }

            let error = await refusal { _ = try await pool.copyIn("COPY copy_fails FROM STDIN", from: bad) }
            await #expect(throws: Spoiled.self) { try await pool.copyIn("COPY copy_fails FROM STDIN", from: spoiled) }
            let wrong = await refusal { _ = try await pool.copyIn("COPY copy_fails TO STDOUT", from: spoiled) }
            let refused = await refusal {
                _ = try await pool.copyIn("COPY copy_fails FROM STDIN", from: AsyncThrowingStream { $0.finish() }) { transaction in
                    _ = try transaction.rows("SELECT 1 / 0")
                }
            }

            #expect(error?.refusal?.state == .uniqueViolation && error?.refusal?.constraint == "copy_fails_pkey")
            if case .unexpected = wrong {} else { Issue.record("\(String(describing: wrong))") }
            #expect(refused?.refusal?.state == "22012")
            let answer = try await pool.transaction { try $0.rows("SELECT count(*) FROM copy_fails")[0].int(0) }
            #expect(answer == 0)
            #expect(pool.figures.opened == 1)
            try await pool.outsideTransaction(["DROP TABLE copy_fails"])
        }
    }

    private func residentKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") } ?? ""
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0
    }
}

extension AsyncThrowingStream<[UInt8], any Error> {
    /// The same chunk again and again, made when it is asked for.
    fileprivate init(_ chunk: [UInt8], count: Int) {
        let left = Atomic(count)
        self.init { left.subtract(1, ordering: .relaxed).newValue >= 0 ? chunk : nil }
    }
}

import Foundation
import Postgres
import Testing

/// A task that is cancelled, at any point.
@Suite struct CancellationTests {
    @Test("A cancelled caller goes on at once; its unit's answer is dropped, not given to the next") func inFlight() async throws {
        let gate = try await Gate()
        try await withPipeline(.test("in-flight", connections: 1)) { pool in
            let cancelled = Task { try await pool.run(Unit([gate.passage, "SELECT 'dropped'"])) }
            try await until { try await gate.queue() == 1 }

            cancelled.cancel()
            let error = await refusal { _ = try await cancelled.value }
            guard case .cancelled = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let next = Task { try await pool.run(Unit(["SELECT 'next'"])) }
            await until { pool.figures.inUse == 2 }
            await gate.open()

            let answer = try await next.value[0][0]
            #expect(try answer.text(0) == "next")
            await until { pool.figures.inUse == 0 }
        }
    }

    @Test("A cancelled waiter leaves the line") func waiting() async throws {
        let gate = try await Gate()
        try await withPipeline(.test("waiting", connections: 1) { $0.unitsInFlight = 1 }) { pool in
            let holder = Task { try await pool.run(Unit([gate.passage])) }
            try await until { try await gate.queue() == 1 }
            let waiter = Task { try await pool.run(Unit(["SELECT 1"])) }
            await until { pool.figures.waiters == 1 }

            waiter.cancel()

            _ = await waiter.result
            #expect(pool.figures.waiters == 0)
            await gate.open()
            _ = try await holder.value
            #expect(pool.figures.flushes == 1)
        }
    }

    @Test("A cancelled transaction interrupts its statement, rolls back and gives the connection back") func exclusive() async throws {
        let gate = try await Gate()
        try await withExclusive(.test("exclusive-cancel", connections: 1)) { pool in
            try await pool.outsideTransaction(["DROP TABLE IF EXISTS cancelled_t", "CREATE TABLE cancelled_t (n int)"])
            let pid = try await pool.transaction { try $0.rows("SELECT pg_backend_pid()")[0].int(0) }
            let holder = Task {
                try await pool.transaction { transaction in
                    _ = try transaction.rows("INSERT INTO cancelled_t VALUES (1)")
                    _ = try transaction.rows(gate.passage)
                }
            }
            let waiter = Task { try await pool.transaction { try $0.rows("SELECT 1")[0].int(0) } }
            try await until { try await gate.queue() == 1 && pool.figures.waiters == 1 }
            waiter.cancel()
            _ = await waiter.result
            #expect(pool.figures.waiters == 0)

            holder.cancel()
            let error = await refusal { try await holder.value }

            guard case .cancelled = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let after = try await pool.transaction { transaction in
                let rows = try transaction.flush(["SELECT count(*) FROM cancelled_t", "SELECT pg_backend_pid()"])
                return [try rows[0][0].int(0), try rows[1][0].int(0)]
            }
            #expect(after == [0, pid])
            #expect(try await gate.queue() == 0)
            try await pool.outsideTransaction(["DROP TABLE cancelled_t"])
        }
        await gate.open()
    }

    @Test("A statement_timeout is the statement's own, not a cancellation") func timeout() async throws {
        try await withExclusive(.test("timeout", connections: 1)) { pool in
            let error = await refusal {
                try await pool.transaction(preamble: ["SELECT set_config('statement_timeout', '10', true)"]) { transaction in
                    _ = try transaction.rows("SELECT pg_sleep(10)")
                }
            }
            #expect(error?.refusal?.state == .queryCanceled)
        }
    }

    @Test("A cancelled stream and a cancelled COPY leave the connection fit for the next") func streams() async throws {
        try await withExclusive(.test("stream-cancel", connections: 1)) { pool in
            let pid = try await pool.transaction { try $0.rows("SELECT pg_backend_pid()")[0].int(0) }

            let stream = Task {
                try await pool.stream("SELECT generate_series(1, 100000000)") { _ in withUnsafeCurrentTask { $0?.cancel() } }
            }
            let out = Task {
                try await pool.copyOut("COPY (SELECT generate_series(1, 100000000)) TO STDOUT") { _ in
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            let endless = AsyncThrowingStream<[UInt8], any Error> { Array("1\n".utf8) }
            let into = Task {
                try await pool.copyIn(
                    preamble: ["CREATE TEMPORARY TABLE endless (n int) ON COMMIT DROP"], "COPY endless FROM STDIN", from: endless)
            }
            for task in [stream, out] { _ = await task.result }
            await until { pool.figures.inUse == 1 }
            into.cancel()
            _ = await into.result

            let answer = try await pool.transaction { try $0.rows("SELECT pg_backend_pid()")[0].int(0) }
            #expect(answer == pid)
        }
    }
}

import Foundation
import Postgres
import Synchronization
import Testing

/// Connections that break, at any point.
@Suite struct BrokenTests {
    @Test("A lost answer to COMMIT is told as an unknown outcome") func commit() async throws {
        let gate = try await Gate()
        let connection = try await TestServer.owner(named: "lost-commit")
        try await withExclusive(.test("lost-commit", connections: 1), to: connection) { pool in
            try await deferring(gate, table: "lost_commit", pool)

            let write = Task { try await pool.transaction { _ = try $0.rows("INSERT INTO lost_commit VALUES (1)") } }
            try await until { try await gate.queue() == 1 }
            try await kill("lost-commit")
            let error = await refusal { try await write.value }

            guard case .outcomeUnknown = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            try await pool.outsideTransaction(["DROP TABLE lost_commit"])
        }
        await gate.open()
    }

    @Test("A unit whose commit may have happened is not sent again, and says so") func pipelinedCommit() async throws {
        let gate = try await Gate()
        let connection = try await TestServer.owner(named: "lost-unit")
        try await withExclusive(.test("lost-unit", connections: 1)) { try await deferring(gate, table: "lost_unit", $0) }
        try await withPipeline(.test("lost-unit", connections: 1), to: connection) { pool in
            let write = Task { try await pool.run(Unit(["INSERT INTO lost_unit VALUES (1)"])) }
            try await until { try await gate.queue() == 1 }
            try await kill("lost-unit")
            let error = await refusal { _ = try await write.value }

            guard case .outcomeUnknown = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            _ = try await pool.run(Unit(["DROP TABLE lost_unit"]))
        }
        await gate.open()
    }

    @Test("Units that the server did not come to are sent again; each happens once") func notReached() async throws {
        let gate = try await Gate()
        try await withPipeline(.test("not-reached", connections: 1), to: try await TestServer.owner(named: "not-reached")) { pool in
            _ = try await pool.run(Unit(["DROP TABLE IF EXISTS not_reached", "CREATE TABLE not_reached (n int)"]))
            let writes = (0..<10).map { number in
                Task { try await pool.run(Unit(["INSERT INTO not_reached VALUES (\(number)::int)", gate.passage])) }
            }
            try await until { try await gate.queue() == 1 && pool.figures.inUse == 10 }

            try await kill("not-reached")
            await gate.open()
            for write in writes { _ = try await write.value }

            let counts = try await pool.run(Unit(["SELECT count(*), count(DISTINCT n) FROM not_reached"]))[0][0]
            #expect(try counts.int(0) == 10 && counts.int(1) == 10)
            #expect(pool.figures.retired["broken"] == 1)
            _ = try await pool.run(Unit(["DROP TABLE not_reached"]))
        }
    }

    @Test("A transaction whose connection breaks before COMMIT has not happened") func beforeCommit() async throws {
        let gate = try await Gate()
        try await withExclusive(.test("before-commit", connections: 1), to: try await TestServer.owner(named: "before-commit")) { pool in
            let write = Task {
                try await pool.transaction { transaction in
                    _ = try transaction.rows("CREATE TEMPORARY TABLE t ON COMMIT DROP AS SELECT 1")
                    _ = try transaction.rows(gate.passage)
                }
            }
            try await until { try await gate.queue() == 1 }
            try await kill("before-commit")
            let error = await refusal { try await write.value }

            guard case .unreachable = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let answer = try await pool.transaction { try $0.rows("SELECT 1")[0].int(0) }
            #expect(answer == 1)
        }
        await gate.open()
    }

    @Test("A connection that was closed while nobody used it is replaced before anyone notices") func idle() async throws {
        try await withExclusive(.test("idle-x", connections: 1), to: try await TestServer.owner(named: "idle-x")) { exclusive in
            try await withPipeline(.test("idle-p", connections: 1), to: try await TestServer.owner(named: "idle-p")) { pipelined in
                for _ in 0..<3 {
                    let answer = try await exclusive.transaction { try $0.rows("SELECT 1")[0].int(0) }
                    #expect(answer == 1)
                    _ = try await pipelined.run(Unit(["SELECT 1"]))
                    try await kill("idle-x")
                    try await kill("idle-p")
                    try await until { try await count("idle-x") + count("idle-p") == 0 }
                }
                let answer = try await exclusive.transaction { try $0.rows("SELECT 1")[0].int(0) }
                #expect(answer == 1)
                _ = try await pipelined.run(Unit(["SELECT 1"]))
            }
        }
    }

    @Test("A server that says nothing is given up after a while") func silent() async throws {
        let gate = try await Gate()
        try await withPipeline(.test("silent", connections: 1) { $0.answerTimeout = .milliseconds(200) }) { pool in
            let error = await refusal { _ = try await pool.run(Unit([gate.passage])) }

            guard case .outcomeUnknown = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(pool.figures.retired["silent"] == 1)
            let row = try await pool.run(Unit(["SELECT 1"]))[0][0]
            #expect(try row.int(0) == 1)
        }
        await gate.open()
    }

    @Test("A unit that leaves a transaction open costs its connection, nobody else's work") func leftOpen() async throws {
        try await withPipeline(.test("left-open", connections: 1), to: try await TestServer.owner(named: "left-open")) { pool in
            let spoiled = try await pool.run(Unit(["BEGIN", "SELECT pg_backend_pid()"]))[1][0].int(0)
            await until { pool.figures.retired["broken"] == 1 }

            let fresh = try await pool.run(Unit(["SELECT pg_backend_pid()"]))[0][0]
            #expect(try fresh.int(0) != spoiled)
            let error = await refusal { _ = try await pool.run(Unit(["COPY (SELECT 1) TO STDOUT"])) }
            guard case .unexpected = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let row = try await pool.run(Unit(["SELECT 1"]))[0][0]
            #expect(try row.int(0) == 1)
        }
    }

    @Test("A body that overlooks an error does not believe that it was committed") func overlooked() async throws {
        try await withExclusive(.test("overlooked", connections: 1)) { pool in
            let error = await refusal {
                try await pool.transaction { transaction in
                    _ = try? transaction.rows("SELECT 1 / 0")
                }
            }
            let later = await refusal {
                try await pool.transaction { transaction in
                    _ = try transaction.rows("SELECT 1")
                    _ = try? transaction.rows("SELECT 1 / 0")
                    _ = try? transaction.rows("SELECT 2")
                }
            }
            #expect(error?.refusal?.state == "22012" && later?.refusal?.state == "22012")
        }
    }

    @Test("A constraint checked at COMMIT refuses the unit and the transaction") func deferred() async throws {
        try await withExclusive(.test("deferred", connections: 1)) { exclusive in
            try await exclusive.outsideTransaction([
                "DROP TABLE IF EXISTS deferred_t",
                "CREATE TABLE deferred_t (n int CONSTRAINT deferred_once UNIQUE DEFERRABLE INITIALLY DEFERRED)",
            ])
            try await withPipeline(.test("deferred", connections: 1)) { pool in
                let twice = Unit(["INSERT INTO deferred_t VALUES (1)", "INSERT INTO deferred_t VALUES (1)"])
                let neighbour = Task { try await pool.run(Unit(["SELECT 1"])) }
                let error = await refusal { _ = try await pool.run(twice) }
                #expect(error?.refusal?.state == .uniqueViolation && error?.refusal?.constraint == "deferred_once")
                _ = try await neighbour.value
            }
            let error = await refusal {
                try await exclusive.transaction { transaction in
                    _ = try transaction.flush(["INSERT INTO deferred_t VALUES (1)", "INSERT INTO deferred_t VALUES (1)"])
                }
            }
            #expect(error?.refusal?.constraint == "deferred_once")
            let answer = try await exclusive.transaction { try $0.rows("SELECT count(*) FROM deferred_t")[0].int(0) }
            #expect(answer == 0)
            try await exclusive.outsideTransaction(["DROP TABLE deferred_t"])
        }
    }

    /// A table whose COMMIT waits at the gate.
    private func deferring(_ gate: Gate, table: String, _ pool: ExclusivePool) async throws {
        try await pool.transaction { transaction in
            try transaction.script(
                """
                DROP TABLE IF EXISTS \(table);
                CREATE TABLE \(table) (n int);
                CREATE OR REPLACE FUNCTION \(table)_wait() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN PERFORM pg_advisory_xact_lock_shared(\(gate.key)::bigint); RETURN NULL; END
                $$;
                CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON \(table) DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION \(table)_wait();
                """)
        }
    }

    private func kill(_ name: String) async throws {
        try await withPipeline(.test("hangman", connections: 1), to: try await TestServer.superuser) { pool in
            _ = try await pool.run(
                Unit([
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = \(name) AND datname = current_database()"
                ]))
        }
    }

    private func count(_ name: String) async throws -> Int {
        try await withPipeline(.test("counter", connections: 1), to: try await TestServer.superuser) { pool in
            try await pool.run(
                Unit(["SELECT count(*) FROM pg_stat_activity WHERE application_name = \(name) AND datname = current_database()"]))[0][0]
                .int(0)
        }
    }
}

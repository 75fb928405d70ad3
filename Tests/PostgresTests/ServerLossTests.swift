import Foundation
import Postgres
import Testing

/// Servers that stop, come back, or hand over to another.
@Suite(.serialized) struct ServerLossTests {
    @Test("Work survives a server's restart, however it went down", arguments: ["fast", "immediate"])
    func restart(mode: String) async throws {
        try await withCluster(PrivateCluster()) { cluster in
            try await cluster.start()
            let listener = Listener(cluster.connection(), channels: ["restart"])
            var events = listener.events().makeAsyncIterator()
            #expect(await events.next() == .connected)
            try await withExclusive(patient("restart-x"), to: cluster.connection()) { exclusive in
                try await withPipeline(patient("restart-p"), to: cluster.connection()) { pipelined in
                    let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                        for caller in 0..<8 {
                            group.addTask {
                                var answers = 0
                                while !Task.isCancelled {
                                    let row = try await pipelined.run(
                                        Unit(["SELECT \(caller)::int"], isRepeatable: true), preferring: caller)[0][0]
                                    guard try row.int(0) == caller else { return -1 }
                                    answers += 1
                                }
                                return answers
                            }
                        }
                        await until { pipelined.figures.waits > 50 }
                        try await cluster.stop(mode)
                        try await cluster.start()
                        #expect(await events.next() == .lost)
                        #expect(await events.next() == .connected)
                        let answer = try await exclusive.transaction { try $0.rows("SELECT 7")[0].int(0) }
                        #expect(answer == 7)
                        let seen = pipelined.figures.waits
                        await until { pipelined.figures.waits > seen + 50 }
                        group.cancelAll()
                        var answers: [Int] = []
                        while let next = await group.nextResult() {
                            switch next {
                            case .success(let count): answers.append(count)
                            case .failure(PostgresError.cancelled): answers.append(1)
                            case .failure(let error): throw error
                            }
                        }
                        return answers
                    }
                    // Not one of the repeatable units failed.
                    #expect(answers.count == 8 && answers.allSatisfy { $0 > 0 })
                }
            }
            listener.close()
        }
    }

    @Test("A server that is not there is told as such, once the deadline has passed") func absent() async throws {
        let cluster = try await PrivateCluster()
        try await withCluster(cluster) { cluster in
            let settings = PoolSettings.test("absent") { $0.waitDeadline = .milliseconds(300) }
            for error in [
                await refusal { try await withPipeline(settings, to: cluster.connection()) { _ = try await $0.run(Unit(["SELECT 1"])) } },
                await refusal { try await withExclusive(settings, to: cluster.connection()) { try await $0.transaction { _ in } } },
            ] {
                guard case .unreachable(let reason) = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(reason.contains(cluster.home))
            }
        }
    }

    @Test(
        "A URL that cannot be read is not repeated, as it may hold a password",
        arguments: ["postgresql://me:secret@host:nonsense/db", "host=x secret"])
    func malformed(url: String) async throws {
        let error = await refusal {
            try await withPipeline(.test("malformed") { $0.waitDeadline = .milliseconds(100) }, to: ConnectionSettings(url: url)) {
                _ = try await $0.run(Unit(["SELECT 1"]))
            }
        }
        guard case .unreachable(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!reason.contains("secret"))
    }

    @Test("When the standby is promoted, work goes on there") func failOver() async throws {
        try await withCluster(PrivateCluster()) { primary in
            try await primary.start()
            try await withCluster(PrivateCluster(following: primary)) { standby in
                try await standby.start()
                // The standby stands first: it is asked, and passed over for not taking writes.
                let both = ConnectionSettings(
                    url: "postgresql://postgres@/postgres?host=\(standby.home),\(primary.home)&target_session_attrs=read-write",
                    connectTimeout: .seconds(2))
                try await withExclusive(patient("over-x"), to: both) { exclusive in
                    try await withPipeline(patient("over-p"), to: both) { pipelined in
                        _ = try await pipelined.run(Unit(["CREATE TABLE t (n int)"]))
                        try await exclusive.transaction { _ = try $0.rows("INSERT INTO t VALUES (1)") }
                        try await caughtUp(standby, with: pipelined)

                        try await primary.stop()
                        async let promoted: Void = standby.promote()
                        _ = try await pipelined.run(Unit(["INSERT INTO t VALUES (2)"]))
                        try await exclusive.transaction { _ = try $0.rows("INSERT INTO t VALUES (3)") }
                        try await promoted

                        let sum = try await pipelined.run(Unit(["SELECT sum(n), pg_is_in_recovery() FROM t"]))[0][0]
                        #expect(try sum.int(0) == 6)
                        #expect(try !sum.bool(1))
                    }
                }
            }
        }
    }

    @Test("A connection whose server has turned read-only is left for one that takes writes") func turnedReadOnly() async throws {
        try await withCluster(PrivateCluster()) { old in
            try await withCluster(PrivateCluster()) { new in
                for cluster in [old, new] {
                    try await cluster.start()
                    try await withPipeline(.test("setup", connections: 1), to: cluster.connection()) { pool in
                        _ = try await pool.run(Unit(["CREATE TABLE t (n int)"]))
                    }
                }
                let both = ConnectionSettings(
                    url: "postgresql://postgres@/postgres?host=\(old.home),\(new.home)&target_session_attrs=read-write")
                try await withExclusive(patient("ro-x"), to: both) { exclusive in
                    try await withPipeline(patient("ro-p"), to: both) { pipelined in
                        _ = try await pipelined.run(Unit(["INSERT INTO t VALUES (1)"]))
                        // Both connections of the pool are open.
                        async let other: Void = exclusive.transaction { _ = try $0.rows("SELECT pg_sleep(0.1)") }
                        try await exclusive.transaction { _ = try $0.flush(["INSERT INTO t VALUES (1)", "SELECT pg_sleep(0.1)"]) }
                        try await other
                        #expect(exclusive.figures.connections == 2)
                        try await exclusive.outsideTransaction([
                            "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()",
                        ])
                        try await until { try await pipelined.run(Unit(["SHOW default_transaction_read_only"]))[0][0].text(0) == "on" }

                        // The unit is sent again where it can happen; a transaction tells, and the next one is well.
                        _ = try await pipelined.run(Unit(["INSERT INTO t VALUES (2)"]))
                        let refused = await refusal { try await exclusive.transaction { _ = try $0.rows("INSERT INTO t VALUES (3)") } }
                        try await exclusive.transaction { _ = try $0.rows("INSERT INTO t VALUES (3)") }

                        #expect(refused?.refusal?.state == .readOnlyTransaction)
                        #expect(pipelined.figures.retired["fail-over", default: 0] >= 1)
                        let sum = try await pipelined.run(Unit(["SELECT sum(n) FROM t"]))[0][0]
                        #expect(try sum.int(0) == 5)
                    }
                }
            }
        }
    }

    private func patient(_ name: String) -> PoolSettings {
        .test(name, connections: 2) { $0.waitDeadline = .seconds(30) }
    }

    private func caughtUp(_ standby: PrivateCluster, with primary: PipelinePool) async throws {
        let position = try await primary.run(Unit(["SELECT pg_current_wal_lsn()"]))[0][0].text(0)
        try await withPipeline(.test("standby", connections: 1), to: standby.connection()) { pool in
            try await until {
                try await pool.run(Unit(["SELECT pg_last_wal_replay_lsn() >= \(position)::pg_lsn"]))[0][0].optionalBool(0) == true
            }
        }
    }
}

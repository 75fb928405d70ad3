import Foundation
import Postgres
import Testing

/// Statements that connections keep prepared.
@Suite struct PreparationTests {
    private let prepared: SQL = SQL(code: "SELECT count(*) FROM pg_prepared_statements").prepared(.none)

    @Test("A statement is prepared once for each namespace") func oncePerNamespace() async throws {
        try await withPipeline(.test("once", connections: 1)) { pool in
            for _ in 0..<5 {
                for namespace in ["a", "b"] {
                    _ = try await pool.run(Unit(["SELECT \(1)::int", SQL("SELECT \(2)::int").prepared(.shared)], namespace: namespace))
                }
            }

            // One for each namespace, one for both.
            let kept = try await pool.run(Unit([prepared]))[0][0]
            #expect(try kept.int(0) == 3)
        }
    }

    @Test("The statement not used for longest makes room") func eviction() async throws {
        try await withPipeline(.test("eviction", connections: 1) { $0.maximumStatements = 10 }) { pool in
            for round in 0..<50 {
                _ = try await pool.run(Unit(["SELECT 'kept'", SQL(code: "SELECT \(round)")]))
            }

            let texts = try await pool.run(
                Unit([SQL(code: "SELECT statement FROM pg_prepared_statements").prepared(.none)]))[0]
            // One may wait to be deallocated with the next unit.
            #expect(texts.count <= 11)
            #expect(try texts.contains { try $0.text(0) == "SELECT 'kept'" })
        }
    }

    @Test("Names are resolved in the search path of their own namespace") func searchPath() async throws {
        try await withPipeline(.test("path", connections: 1)) { pool in
            let schemas = ["path_a", "path_b"]
            for schema in schemas {
                _ = try await pool.run(
                    Unit([
                        "DROP SCHEMA IF EXISTS \(identifier: schema) CASCADE", "CREATE SCHEMA \(identifier: schema)",
                        "CREATE TABLE \(identifier: schema).t (name text)", "INSERT INTO \(identifier: schema).t VALUES (\(schema))",
                    ]))
            }

            for _ in 0..<3 {
                for schema in schemas {
                    let rows = try await pool.run(
                        Unit(
                            [SQL("SELECT set_config('search_path', \(schema), true)").prepared(.shared), "SELECT name FROM t"],
                            namespace: schema))
                    #expect(try rows[1][0].text(0) == schema)
                }
            }
            for schema in schemas { _ = try await pool.run(Unit(["DROP SCHEMA \(identifier: schema) CASCADE"])) }
        }
    }

    @Test("A statement that the server has lost is prepared again, unseen") func lost() async throws {
        try await withPipeline(.test("lost", connections: 1)) { pool in
            _ = try await pool.run(Unit(["SELECT \(1)::int"]))
            _ = try await pool.run(Unit([SQL(code: "DEALLOCATE ALL").prepared(.none)]))

            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<20 {
                    group.addTask { try await pool.run(Unit(["SELECT \(number)::int"]))[0][0].int(0) }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }

            #expect(answers == Set(0..<20))
            #expect(pool.figures.repeated > 0)
        }
    }

    @Test("A statement whose table has changed is prepared again, unseen") func changed() async throws {
        try await withPipeline(.test("changed", connections: 1)) { pool in
            _ = try await pool.run(Unit(["DROP TABLE IF EXISTS changed_t", "CREATE TABLE changed_t AS SELECT 1 AS a"]))
            let columns = try await pool.run(Unit(["SELECT * FROM changed_t"]))[0].columns
            _ = try await pool.run(Unit(["ALTER TABLE changed_t ADD COLUMN b int"]))

            let more = try await pool.run(Unit(["SELECT * FROM changed_t"]))[0].columns

            #expect(columns == ["a"] && more == ["a", "b"])
            _ = try await pool.run(Unit(["DROP TABLE changed_t"]))
        }
        try await withExclusive(.test("changed", connections: 1)) { pool in
            try await pool.outsideTransaction(["DROP TABLE IF EXISTS changed_x", "CREATE TABLE changed_x AS SELECT 1 AS a"])
            _ = try await pool.transaction { try $0.rows("SELECT * FROM changed_x").count }
            try await pool.outsideTransaction(["ALTER TABLE changed_x ADD COLUMN b int"])

            let columns = try await pool.transaction { try $0.rows("SELECT * FROM changed_x").columns }
            #expect(columns == ["a", "b"])
            try await pool.outsideTransaction(["DROP TABLE changed_x"])
        }
    }

    @Test("A statement that cannot be parsed leaves no trace") func unparsable() async throws {
        try await withPipeline(.test("unparsable", connections: 1)) { pool in
            for _ in 0..<3 {
                let error = await refusal { _ = try await pool.run(Unit(["SELECT 1", "SELEKT 2", "SELECT 3"])) }
                #expect(error?.refusal?.state == "42601" && error?.refusal?.statement == 1 && error?.refusal?.position == 1)
            }
            // What stood behind the error was not prepared either, and is not believed to be.
            let three = try await pool.run(Unit(["SELECT 3"]))[0][0]
            #expect(try three.int(0) == 3)
            #expect(pool.figures.repeated == 0)
        }
    }

    @Test("Behind a pooler nothing stays on a connection") func unprepared() async throws {
        try await withPipeline(.test("unprepared", connections: 1) { $0.preparesStatements = false }) { pool in
            for number in 0..<5 { _ = try await pool.run(Unit(["SELECT \(number)::int"])) }

            let kept = try await pool.run(Unit([prepared]))[0][0]
            #expect(try kept.int(0) == 0)
        }
    }
}

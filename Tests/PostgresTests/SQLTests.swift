import Foundation
import Postgres
import Testing

@Suite struct SQLTests {
    @Test("Literals are code, interpolations are values") func interpolation() {
        let name = "Robert'); DROP TABLE students;--"

        let statement: SQL = "SELECT id FROM people WHERE name = \(name) AND age > \(7)"

        #expect(statement.text == "SELECT id FROM people WHERE name = $1 AND age > $2")
        #expect(statement.values == [.text(name), .text("7")])
    }

    @Test("Parts keep their values in order when they are put together") func parts() {
        let conditions: [SQL] = ["a = \(1)", "b IN (\(2), \(3))", "c"]

        let statement: SQL = "SELECT \(conditions.joined(separator: " AND ")) LIMIT \(4)"

        #expect(statement.text == "SELECT a = $1 AND b IN ($2, $3) AND c LIMIT $4")
        #expect(statement.values == [.text("1"), .text("2"), .text("3"), .text("4")])
    }

    @Test("A name from data stays one name") func identifiers() {
        let statement: SQL = "SELECT \(identifier: "we\"ird\"; DROP") FROM t"

        #expect(statement.text == "SELECT \"we\"\"ird\"\"; DROP\" FROM t")
        #expect(statement.values.isEmpty)
    }

    @Test("A NUL is refused before anything is sent, wherever it stands") func nul() async throws {
        let bad: [Postgres.Unit] = [
            Unit(["SELECT \("a\0b")"]), Unit(["SELECT 1", "SELECT \(identifier: "a\0b")"]), Unit(["SELECT \(["a", "b\0"])::text[]"]),
        ]
        try await withPipeline(.test("nul", connections: 1)) { pool in
            for unit in bad {
                guard case .unexpected = await refusal({ _ = try await pool.run(unit) }) else {
                    Issue.record("A NUL got through")
                    continue
                }
            }
            #expect(pool.figures.flushes == 0)
        }
        try await withExclusive(.test("nul", connections: 1)) { pool in
            let error = await refusal { try await pool.transaction { try $0.script("SELECT 1; \0 DROP TABLE t") } }
            guard case .unexpected = error else {
                Issue.record("A NUL got through: \(String(describing: error))")
                return
            }
        }
    }

    @Test("More values than the protocol can count are refused before anything is sent") func tooManyValues() async throws {
        let unit = Unit([SQL(code: "SELECT ") + (0..<65536).map { SQL($0) }.joined(separator: ", ")])
        try await withPipeline(.test("values", connections: 1)) { pool in
            guard case .unexpected = await refusal({ _ = try await pool.run(unit) }) else {
                Issue.record("65,536 values got through")
                return
            }
        }
    }
}

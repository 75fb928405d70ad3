import Foundation
import Postgres
import Testing

/// Every value goes to the server and comes back.
@Suite struct ValueTests {
    @Test("A UUID is written and read as Foundation does it; what is none is refused") func uuids() {
        for _ in 0..<1_000 {
            let id = UUID()
            #expect(id.text == id.uuidString.lowercased())
            #expect(UUID(text: id.text) == id)
            #expect(UUID(text: id.uuidString) == id)
        }
        let text = UUID().text
        let spoilt = [String(text.dropLast()), text + "0", text.replacing("-", with: ""), "g" + text.dropFirst(), "{\(text)}"]
        for text in spoilt + ["", "1", "é" + text.dropFirst(2)] { #expect(UUID(text: text) == nil, "\(text)") }
    }

    @Test("Single values come back as they went") func singles() async throws {
        let id = UUID()
        let moment = Date(timeIntervalSince1970: 1_795_000_000.123)
        let bytes: [UInt8] = [0, 1, 92, 39, 255]
        try await withPipeline(.test("singles")) { pool in
            let unit = Unit([
                """
                SELECT \(id)::uuid, \(moment)::timestamptz, \(bytes.value)::bytea, \(-42)::int, \(true)::bool, \(1.5.description)::float8,
                    \(Int.min)::bigint, \("é\u{1F600}'\\")::text, \(String?.none)::text, \("")::text
                """
            ])
            let row = try await pool.run(unit)[0][0]

            #expect(try row.uuid(0) == id)
            #expect(abs(try row.date(1).timeIntervalSince(moment)) < 0.0005)
            #expect(try row.bytes(2) == bytes)
            #expect(try row.int(3) == -42)
            #expect(try row.bool(4))
            #expect(try row.double(5) == 1.5)
            #expect(try row.int(6) == Int.min)
            #expect(try row.text(7) == "é\u{1F600}'\\")
            #expect(row.isNull(8) && row.optionalText(8) == nil)
            #expect(try row.text(9) == "" && !row.isNull(9))
        }
    }

    @Test("NULL, a value of another kind, and a column that is not there name the column") func wrongKinds() async throws {
        try await withPipeline(.test("kinds")) { pool in
            let row = try await pool.run(Unit(["SELECT NULL::int AS age, 'x' AS word, '99999999999999999999' AS big"]))[0][0]

            #expect(reason { _ = try row.int(0) }?.contains("\"age\"") == true)
            #expect(reason { _ = try row.int(1) }?.contains("\"word\"") == true)
            #expect(reason { _ = try row.int(2) }?.contains("\"big\"") == true)
            #expect(reason { _ = try row.uuid(1) }?.contains("\"word\"") == true)
            #expect(reason { _ = try row.date(1) }?.contains("\"word\"") == true)
            #expect(reason { _ = try row.texts(1) }?.contains("\"word\"") == true)
            #expect(reason { _ = try row.text(7) }?.contains("7") == true)
            #expect(try row.optionalInt(0) == nil)
        }
    }

    @Test("A list of any texts survives the way to the server and back") func lists() async throws {
        var dice = Dice(seed: 2026)
        try await withPipeline(.test("lists")) { pool in
            for _ in 0..<300 {
                let texts = (0..<dice.roll(8)).map { _ in dice.text() }
                let rows = try await pool.run(
                    Unit(["SELECT \(texts)::text[], cardinality(\(texts)::text[])", "SELECT \(texts.first)::text"]))

                #expect(try rows[0][0].texts(0) == texts)
                #expect(try rows[0][0].int(1) == texts.count)
                #expect(rows[1][0].optionalText(0) == texts.first)
            }
        }
    }

    @Test("Lists of other kinds, and of nothing, are read too") func otherLists() async throws {
        let ids = [UUID(), UUID()]
        try await withPipeline(.test("other-lists")) { pool in
            let unit = Unit([
                "SELECT \(ids)::uuid[], \([1, 2, 3])::int[], ARRAY[NULL, 'a']::text[], ARRAY[['a'], ['b']], \([Optional("a"), nil])::text[] IS NULL"
            ])
            let row = try await pool.run(unit)[0][0]

            #expect(try row.texts(0).compactMap { UUID(uuidString: $0) } == ids)
            #expect(try row.texts(1) == ["1", "2", "3"])
            #expect(reason { _ = try row.texts(2) } != nil)
            #expect(reason { _ = try row.texts(3) } != nil)
            #expect(try !row.bool(4))
        }
    }

    @Test("A time is understood in any zone and any century", arguments: ["UTC", "Asia/Kolkata", "America/St_Johns", "Europe/Berlin"])
    func times(zone: String) async throws {
        try await withPipeline(.test("times")) { pool in
            for text in [
                "2026-11-22T10:30:00.5Z", "1999-12-31T23:59:59.999999Z", "2024-02-29T00:00:00Z", "1850-06-01T12:00:00Z",
                "0004-03-01T00:00:00Z",
            ] {
                let rows = try await pool.run(
                    Unit([
                        "SELECT set_config('timezone', \(zone), true)",
                        "SELECT \(text)::timestamptz, extract(epoch FROM \(text)::timestamptz)",
                    ]))
                #expect(abs(try rows[1][0].date(0).timeIntervalSince1970 - rows[1][0].double(1)) < 0.00001, "\(text) in \(zone)")
            }
            let row = try await pool.run(Unit(["SELECT 'infinity'::timestamptz, '0044-03-15 BC'::timestamptz"]))[0][0]
            #expect(reason { _ = try row.date(0) } != nil && reason { _ = try row.date(1) } != nil)
        }
    }

    @Test("Bytes are lent without a copy, and rows know their number and names") func rows() async throws {
        try await withPipeline(.test("rows")) { pool in
            let rows = try await pool.run(Unit(["SELECT n, json_build_object('n', n) AS body FROM generate_series(1, 3) AS n"]))[0]

            #expect(rows.count == 3 && !rows.isEmpty && rows.affected == 3)
            #expect(rows.columns == ["n", "body"] && rows.column(named: "body") == 1)
            #expect(rows[2].withBytes(1) { String(decoding: $0, as: UTF8.self) } == #"{"n" : 3}"#)
            #expect(try rows.map { try $0.int(0) } == [1, 2, 3])
        }
    }

    private func reason(_ work: () throws -> Void) -> String? {
        do {
            try work()
            return nil
        } catch { return (error as? PostgresError)?.reason }
    }
}

extension [UInt8] {
    /// The same as `bytea`.
    fileprivate var value: SQLValue { .bytes(self) }
}

extension Dice {
    /// Up to a dozen scalars, those with a meaning in array literals more often than others. No NUL, which the server cannot hold.
    mutating func text() -> String {
        let special: [Unicode.Scalar] = ["\"", "\\", "{", "}", ",", " ", "'", "\n", "\t", "N", "U", "L", "\u{301}", "\u{200D}"]
        var text = String.UnicodeScalarView()
        for _ in 0..<roll(12) {
            text.append(roll(2) == 0 ? special[roll(special.count)] : Unicode.Scalar(UInt32(1 + roll(0x10FFFE))) ?? "?")
        }
        return roll(10) == 0 ? "NULL" : String(text)
    }
}

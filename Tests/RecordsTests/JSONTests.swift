import Records
import Testing

@Suite("JSON is read strictly and written exactly") struct JSONTests {
    @Test("Numbers keep their digits and members their order")
    func exact() throws {
        let text = #"{"b":1.10,"a":-0.0,"c":123456789012345678901234567890,"d":1E+2}"#

        #expect(try JSON(parsing: text).text == text)
    }

    @Test(
        "What RFC 8259 does not allow is refused with its place",
        arguments: [
            "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "01", "1.", ".5", "+1", "1e", "nul", "tru", "\"a", "\"\u{1}\"", "\"\\x\"",
            "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "[1] 2", "{\"a\":1 \"b\":2}", "NaN", "Infinity", "\u{FEFF}{}",
        ])
    func refused(text: String) {
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: text) }
    }

    @Test("A member that stands twice is refused, even when one is written with an escape")
    func duplicates() {
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: #"{"a":1,"b":{"x":1,"\u0078":2}}"#) }
    }

    @Test("Bytes that are not UTF-8 are refused")
    func notUTF8() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xFE, 0xFF]] {
            #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: bytes) }
        }
    }

    @Test("Nesting ends at the limit, also ten thousand deep")
    func depth() throws {
        let nested: (Int) -> String = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }

        #expect(throws: Never.self) { try JSON(parsing: nested(64)) }
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: nested(65)) }
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: nested(10_000)) }
    }

    @Test("A pair of surrogates is one character")
    func surrogates() throws {
        #expect(try JSON(parsing: #""\ud83d\ude00 \u00e9""#) == "😀 é")
    }

    @Test("What is written is read again, whatever it is")
    func roundTrip() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let value = Self.value(depth: 0, &random)

            #expect(try JSON(parsing: value.bytes) == value)
        }
    }

    private static func value(depth: Int, _ random: inout SystemRandomNumberGenerator) -> JSON {
        switch Int.random(in: 0..<(depth > 4 ? 4 : 6), using: &random) {
        case 0: .null
        case 1: .bool(Bool.random(using: &random))
        case 2: .number("\(Int.random(in: -1_000_000...1_000_000, using: &random))")
        case 3: .string(text(&random))
        case 4: .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth: depth + 1, &random) })
        default:
            .object(
                (0..<Int.random(in: 0...4, using: &random)).map { JSON.Member("\($0)\(text(&random))", value(depth: depth + 1, &random)) })
        }
    }

    private static func text(_ random: inout SystemRandomNumberGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let range: ClosedRange<UInt32> =
                [0...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0x10FFFF].randomElement(using: &random) ?? 0...0x7F
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { text.unicodeScalars.append(scalar) }
        }
        return text
    }
}

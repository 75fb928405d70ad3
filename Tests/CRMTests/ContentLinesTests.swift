import Testing

@testable import CRM

@Suite("Lines of calendars and cards") struct ContentLinesTests {
    @Test(
        "Nothing in a text can end its line, its list or its part",
        arguments: [
            ("a;b,c\\d", #"a\;b\,c\\d"#), ("a\nb\r\nc\rd", #"a\nb\nc\nd"#), ("a\n\nb", #"a\n\nb"#), ("a\r\n\r\nb", #"a\n\nb"#),
            ("a\u{2028}b\u{2029}c\u{85}d", #"a\nb\nc\nd"#), ("a\u{0}\u{7}\u{1B}\u{7F}\u{9F}\u{C}b", "ab"), ("a\tb:\"c\"", "a\tb:\"c\""),
            ("", ""),
            (#"\n"#, #"\\n"#),
        ])
    func escaping(text: String, expected: String) {
        #expect(ContentLines.escaped(text) == expected)
    }

    @Test("A line has at most 75 octets and every character stays whole", arguments: ["x", "ü", "漢", "😀", "a😀", "e\u{301}"])
    func folding(unit: String) throws {
        for count in 0..<200 {
            var lines = ContentLines()
            lines.text("N", String(repeating: unit, count: count))

            let folded = lines.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)

            #expect(folded.last?.isEmpty == true)
            for (index, line) in folded.dropLast().enumerated() {
                #expect(line.last == UInt8(ascii: "\r") && line.count <= 76)
                #expect(String(validating: line, as: UTF8.self) != nil)
                #expect(index == 0 || line.first == UInt8(ascii: " "))
            }
            let unfolded = String(decoding: lines.bytes, as: UTF8.self).unicodeScalars.split(separator: "\r\n ".unicodeScalars).joined()
            #expect(String(String.UnicodeScalarView(unfolded)) == "N:\(String(repeating: unit, count: count))\r\n")
        }
    }

    @Test("A line of exactly 75 octets is not folded") func edge() {
        var lines = ContentLines()
        lines.line(String(repeating: "x", count: 75))
        lines.line(String(repeating: "y", count: 76))

        let expected = String(repeating: "x", count: 75) + "\r\n" + String(repeating: "y", count: 75) + "\r\n y\r\n"
        #expect(String(decoding: lines.bytes, as: UTF8.self) == expected)
    }
}
